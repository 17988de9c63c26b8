import { expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { rational } from "../base/rational.ts";
import { Scope } from "../base/scope.ts";
import { classify } from "../ffmpeg/failures.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import type { MediaFacts } from "../ffmpeg/probe.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { houseFormat } from "../media/house-format.ts";
import { Breakers } from "../source/breakers.ts";
import type { PlayItem } from "../source/source.ts";
import { type ChannelEvent, describeEvent } from "./events.ts";
import { ItemPlayer } from "./item-player.ts";

const facts = { path: "/a.mp4", demuxer: "mov", durationSeconds: 100 } as MediaFacts;
const format = houseFormat({
  ...{ width: 320, height: 180, fps: rational(25), gopSeconds: 1, totalBps: 1_000_000, audioBps: 96_000 },
});
const GOP = format.gopFrames;
const item: PlayItem = { mediaId: 1, title: "A", facts, frames: 2500 };

interface Start {
  readonly title: string;
  readonly startFrame: number;
  readonly profile: string | undefined;
  readonly atMs: number;
}

/** Plays an item whose runs do what `next` says: throw, or give Gops. */
function bench(
  next: (start: Start, nth: number) => AppError | undefined,
  alternates: readonly PlayItem[] = [],
) {
  const clock = new ManualClock();
  const events: ChannelEvent[] = [];
  const starts: Start[] = [];
  const scope = new Scope();
  const player = new ItemPlayer(
    {
      ...{ item: { ...item, alternates }, startFrame: 0, audioPhase: 0, gopFrames: GOP, clock },
      random: () => 1,
      open: ({ title }, { startFrame, profile }) => {
        const start = { title, startFrame, profile, atMs: clock.now() };
        starts.push(start);
        let frame = startFrame;
        return {
          next: async () => {
            const error = next(start, (frame - startFrame) / GOP);
            if (error) throw error;
            const gop = syntheticGop({ format, firstFrame: frame, frames: GOP });
            frame += GOP;
            return gop;
          },
          close: async () => undefined,
        };
      },
      onEvent: (event) => void events.push(event),
    },
    scope.child(),
  );
  return { clock, events, starts, player, scope };
}

/** Plays an item whose source fails in the same way at every start. */
async function play(error: AppError) {
  const { clock, events, starts, scope } = bench(() => error);
  await clock.advance(60_000);
  await scope.close();
  return { events, starts: starts.map(({ startFrame }) => startFrame) };
}

const lineError = (line: string) =>
  new FfmpegError("encoder_failed", "exit code 1", classify({ stderr: [line] }));
const GONE = "file:/a.mp4: No such file or directory";

it("a file that is gone is looked at now and then; the event says once what it is", async () => {
  const { events, starts } = await play(lineError(GONE));
  expect(starts.length).toBeGreaterThan(4);
  expect(starts.length).toBeLessThan(12);
  const types = events.map(({ type }) => type);
  expect(types.slice(0, 4)).toEqual(["source_failed", "source_failed", "item_given_up", "source_failed"]);
  expect(types.filter((type) => type === "item_given_up")).toHaveLength(1);
  expect(events[0]).toMatchObject({ class: "missing", step: "again" });
  expect(describeEvent(events[0]!)).toMatchObject({
    message: "encoder failed; another one takes over",
    fields: {
      class: "missing",
      sentence: expect.stringContaining("not there any more"),
      code: "encoder_failed",
    },
  });
  expect(describeEvent(events[2]!)).toMatchObject({
    level: "warn",
    message: "programme is away; error screen until it is back or the next one begins",
    fields: { class: "missing", step: "now_and_then" },
  });
  expect(describeEvent(events[3]!).level).toBe("debug");
});

it("a file that comes back after 20 s is on air again by itself, where the schedule is by then", async () => {
  const { clock, events, player, scope } = bench(() => (clock.now() < 20_000 ? lineError(GONE) : undefined));
  let [backMs, frame] = [0, 0];
  for (; backMs === 0 && frame < item.frames; frame += GOP) {
    const taking = player.take(frame, clock.now() + 1000);
    await clock.advance(1000);
    const gop = await taking;
    if (gop) backMs = clock.now();
    if (gop) expect(gop.firstFrame).toBe(frame);
  }
  expect(backMs).toBeGreaterThan(20_000);
  // The longest pause is 16 s.
  expect(backMs).toBeLessThanOrEqual(37_000);
  expect(events.at(-1)).toMatchObject({ type: "source_resumed" });
  expect(player.trouble).toBeUndefined();
  await scope.close();
  expect(clock.pending).toBe(0);
});

it("a file that is no media is not tried again; nothing takes over", async () => {
  const { events, starts } = await play(lineError("a.mp4: Invalid data found when processing input"));
  expect(starts).toEqual([0]);
  expect(events.map((event) => describeEvent(event).message)).toEqual([
    "encoder failed; none takes over",
    "programme given up; error screen until the next one",
  ]);
});

it("damage is tried once more, then safely, then stepped over", async () => {
  const { starts } = await play(lineError("dam.ts: corrupt decoded frame in stream 0"));
  expect(starts.slice(0, 8)).toEqual([0, 0, 0, 25, 75, 175, 375, 775]);
});

it("a failure without a name climbs the whole ladder and says nothing that it does not know", async () => {
  const { events, starts } = await play(new AppError("encoder_failed", "exit code 1"));
  expect(starts.slice(0, 9)).toEqual([0, 0, 0, 0, 25, 75, 175, 375, 775]);
  // From then on, now and then.
  expect(starts.length).toBeGreaterThan(9);
  expect(starts.length).toBeLessThan(20);
  expect(Object.keys(describeEvent(events[0]!).fields)).not.toContain("class");
});

it("a full disk is waited for, not looped on", async () => {
  const { starts } = await play(lineError("av_interleaved_write_frame(): No space left on device"));
  expect(starts.length).toBeLessThanOrEqual(5);
});

it("an alternate takes over at the very Gop, and the event says which", async () => {
  const other: PlayItem = { ...item, title: "other" };
  const { clock, events, starts, player, scope } = bench(
    ({ title }, nth) => (title === "A" && nth === 3 ? lineError("HTTP error 404 Not Found") : undefined),
    [other],
  );
  for (let frame = 0; frame < 10 * GOP; frame += GOP) {
    expect((await player.take(frame, clock.now() + 1))?.firstFrame).toBe(frame);
  }
  expect(starts).toEqual([
    { title: "A", startFrame: 0, profile: "usual", atMs: 0 },
    { title: "other", startFrame: 3 * GOP, profile: "usual", atMs: 0 },
  ]);
  expect(player.place).toBe(other);
  expect(events[0]).toMatchObject({ type: "source_failed", step: "alternate 1", delayMs: 0 });
  expect(describeEvent(events[0]!).message).toBe("encoder failed; another source takes over");
  await scope.close();
});

it("a source that is left alone is tried as soon as somebody else has got something", async () => {
  const clock = new ManualClock();
  const breakers = new Breakers({ clock, random: () => 1 });
  let isAway = true;
  let opened = 0;
  const open = breakers.guard((_, { startFrame }) => {
    opened++;
    let frame = startFrame;
    const next = async () => {
      if (isAway) throw lineError(GONE);
      const gop = syntheticGop({ format, firstFrame: frame, frames: GOP });
      frame += GOP;
      return gop;
    };
    return { next, close: async () => undefined };
  });
  const scope = new Scope();
  const events: ChannelEvent[] = [];
  const playAt = (startFrame: number) =>
    new ItemPlayer(
      {
        ...{ item, startFrame, audioPhase: 0, gopFrames: GOP, open, clock, random: () => 1 },
        onEvent: (event) => void events.push(event),
      },
      scope.child(),
    );
  const players = Array.from({ length: 8 }, (_, channel) => playAt(channel * GOP));
  await clock.advance(15_000);
  const before = opened;
  await clock.advance(60_000);
  // Eight channels, and one attempt in a while.
  expect(opened - before).toBeLessThan(12);
  isAway = false;
  const beforeReturn = opened;
  // The first that is let through frees it for all in the same moment.
  while (players.every(({ trouble }) => trouble)) await clock.advance(100);
  await clock.advance(0);
  expect(players.map(({ trouble }) => trouble)).toEqual(players.map(() => undefined));
  expect(opened - beforeReturn).toBe(8);
  expect(events.some((event) => event.type === "source_failed" && event.step === "waiting")).toBe(true);
  await scope.close();
  expect(clock.pending).toBe(0);
});

it("encoders that cannot be ended are not joined by ever more", async () => {
  const clock = new ManualClock();
  const scope = new Scope();
  let opened = 0;
  const stuck = Promise.withResolvers<void>();
  const player = new ItemPlayer(
    {
      ...{ item, startFrame: 0, audioPhase: 0, gopFrames: GOP, clock, random: () => 1 },
      open: () => {
        opened++;
        return { next: () => Promise.reject(lineError(GONE)), close: () => stuck.promise };
      },
      onEvent: () => undefined,
    },
    scope.child(),
  );
  await clock.advance(600_000);
  expect(opened).toBe(4);
  stuck.resolve();
  await clock.advance(60_000);
  expect(opened).toBeGreaterThan(4);
  await player.close();
});
