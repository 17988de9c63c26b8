import { expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { rational } from "../base/rational.ts";
import { Scope } from "../base/scope.ts";
import type { MediaFacts } from "../ffmpeg/probe.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { houseFormat } from "../media/house-format.ts";
import { analyse, failed } from "../mpegts/analyser-fixtures.ts";
import type { OpenSource } from "../source/source.ts";
import type { ChannelEvent } from "./events.ts";
import { itemStream } from "./item-stream.ts";

const FRAMES = 10 * 25 + 7;
const format = houseFormat({
  ...{ width: 320, height: 180, fps: rational(25), gopSeconds: 1, totalBps: 1_000_000, audioBps: 96_000 },
});
const item = { mediaId: 1, title: "A", facts: { path: "/a.mp4" } as MediaFacts, frames: FRAMES };

/** A file of which some seconds cannot be had; `takenMs` is what each other one takes. */
function brokenAt(clock: ManualClock, broken: readonly number[], takenMs = 0): OpenSource {
  return (_, { startFrame }) => {
    let frame = startFrame;
    const next = async () => {
      if (frame >= FRAMES) return undefined;
      if (broken.includes(frame)) throw new AppError("encoder_failed", `nothing at ${frame}`);
      if (takenMs > 0) await clock.sleep(takenMs);
      const frames = Math.min(25, FRAMES - frame);
      const gop = syntheticGop({ format, frames, firstFrame: frame });
      frame += frames;
      return gop;
    };
    return { next, close: async () => undefined };
  };
}

/** Streams to the end, or the failure, in manual time. */
async function stream(startFrame: number, open: (clock: ManualClock) => OpenSource) {
  const clock = new ManualClock();
  const events: ChannelEvent[] = [];
  await using scope = new Scope();
  const pieces: Uint8Array[] = [];
  const gops = itemStream(
    {
      ...{ item, startFrame, format, open: open(clock), startTicks: 900_000, patienceMs: 15_000, clock },
      ...{ random: () => 1, onEvent: (event) => void events.push(event) },
    },
    scope,
  );
  let failure: AppError | undefined;
  const reading = (async () => {
    for await (const bytes of gops) pieces.push(bytes);
  })().catch((thrown: AppError) => {
    failure = thrown;
  });
  await clock.advance(120_000);
  await reading;
  return { report: analyse(Buffer.concat(pieces)), gops: pieces.length, events, failure };
}

it("is a whole stream from any frame to the last", async () => {
  for (const start of [0, 25, 30, FRAMES - 1]) {
    const { report, gops, failure } = await stream(start, (clock) => brokenAt(clock, []));
    expect(failure).toBeUndefined();
    expect(gops).toBe(Math.ceil((FRAMES - start) / 25));
    expect(report.streams["h264@256"]?.pes).toBe(FRAMES - start);
    if (FRAMES - start > 25) expect(failed(report)).toEqual([]);
  }
});

it("leaves out what nobody can decode, and its timeline runs on", async () => {
  const { report, gops, failure, events } = await stream(0, (clock) => brokenAt(clock, [100]));
  expect([failure, gops]).toEqual([undefined, 10]);
  expect(report.streams["h264@256"]?.pes).toBe(FRAMES - 25);
  expect(failed(report)).toEqual([]);
  expect(events.map(({ type }) => type)).toEqual([
    // The same spot twice, safer, and over it.
    ...["source_failed", "source_failed", "source_failed", "source_failed", "source_resumed"],
  ]);
});

it("throws the failure after everything that could be had, when the rest does not come", async () => {
  const rest = [150, 175, 200, 225, 250];
  const { gops, failure } = await stream(0, (clock) => brokenAt(clock, rest));
  expect(gops).toBe(6);
  expect(failure).toMatchObject({ code: "encoder_failed", message: expect.stringMatching(/^nothing at /) });
});

it("gives up an encoder that delivers too slowly", async () => {
  const { gops, failure } = await stream(0, (clock) => brokenAt(clock, [], 20_000));
  expect([gops, failure?.code]).toEqual([0, "encoder_stalled"]);
});

it("ends with its scope, without a word", async () => {
  const clock = new ManualClock();
  const scope = new Scope();
  const gops = itemStream(
    {
      ...{ item, startFrame: 0, format, open: brokenAt(clock, [], 1000), startTicks: 0, patienceMs: 15_000 },
      ...{ clock, random: () => 1, onEvent: () => {} },
    },
    scope,
  );
  const first = gops.next();
  await scope.close();
  expect(await first).toMatchObject({ done: true });
});
