import { expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { Scope } from "../base/scope.ts";
import { classify } from "../ffmpeg/failures.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import type { MediaFacts } from "../ffmpeg/probe.ts";
import { type ChannelEvent, describeEvent } from "./events.ts";
import { ItemPlayer } from "./item-player.ts";

const facts = { path: "/a.mp4", demuxer: "mov", durationSeconds: 100 } as MediaFacts;
const item = { mediaId: 1, title: "A", facts, frames: 2500 };

/** Plays an item whose source fails in the same way at every start. */
async function play(error: AppError) {
  const clock = new ManualClock();
  const events: ChannelEvent[] = [];
  const starts: number[] = [];
  await using scope = new Scope();
  new ItemPlayer(
    {
      ...{ item, startFrame: 0, audioPhase: 0, gopFrames: 25, clock, random: () => 1 },
      open: (_, { startFrame }) => {
        starts.push(startFrame);
        return { next: () => Promise.reject(error), close: () => Promise.resolve() };
      },
      onEvent: (event) => void events.push(event),
    },
    scope.child(),
  );
  await clock.advance(60_000);
  return { events, starts };
}

it("a file that is gone is tried once more, then given up; the event says what it is", async () => {
  const failure = classify({ stderr: ["file:/a.mp4: No such file or directory"] });
  const { events, starts } = await play(new FfmpegError("encoder_failed", "exit code 1", failure));
  expect(starts).toEqual([0, 0]);
  expect(events.map(({ type }) => type)).toEqual(["source_failed", "source_failed", "item_given_up"]);
  expect(events[0]).toMatchObject({ class: "missing", sentence: failure?.sentence });
  expect(describeEvent(events[0]!)).toMatchObject({
    message: "encoder failed; another one takes over",
    fields: {
      class: "missing",
      sentence: expect.stringContaining("not there any more"),
      code: "encoder_failed",
    },
  });
});

it("damage is tried once more, then stepped over", async () => {
  const failure = classify({ stderr: ["dam.ts: corrupt decoded frame in stream 0"] });
  const { starts } = await play(new FfmpegError("encoder_failed", "exit code 1", failure));
  expect(starts).toEqual([0, 0, 25, 75, 175, 375, 775]);
});

it("a failure without a name climbs the whole ladder and says nothing that it does not know", async () => {
  const { events, starts } = await play(new AppError("encoder_failed", "exit code 1"));
  expect(starts.slice(0, 8)).toEqual([0, 0, 0, 25, 75, 175, 375, 775]);
  // From then on, now and then.
  expect(starts.length).toBeGreaterThan(8);
  expect(starts.length).toBeLessThan(20);
  expect(Object.keys(describeEvent(events[0]!).fields)).not.toContain("class");
});

it("a full disk is waited for, not looped on", async () => {
  const failure = classify({ stderr: ["av_interleaved_write_frame(): No space left on device"] });
  const { starts } = await play(new FfmpegError("encoder_failed", "exit code 1", failure));
  expect(starts).toEqual([0, 0, 0]);
});
