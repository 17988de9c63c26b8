import { describe, expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { FrameGrid, houseFormat } from "../media/house-format.ts";
import { Splicer } from "../splice/splicer.ts";
import { LiveRun } from "./live-run.ts";
import { LiveSource } from "./live-source.ts";
import { wholePeriods } from "./plan-places.ts";
import type { Cue, PlayItem, Source } from "./source.ts";

const format = houseFormat({
  ...{ width: 320, height: 180, fps: rational(30_000, 1001), gopSeconds: 1 },
  ...{ totalBps: 1_000_000, audioBps: 96_000 },
});
const GOP = format.gopFrames;
const grid = new FrameGrid(format);

/** Delivers a Gop whenever it is told to. */
class Feed implements Source {
  closed = 0;
  taken = 0;
  #waiting: PromiseWithResolvers<void>[] = [];
  #failure: Error | undefined;
  #arrived = 0;

  arrive(gops = 1): Promise<void> {
    this.#arrived += gops;
    return this.#wake();
  }

  fail(): Promise<void> {
    this.#failure = new Error("away");
    return this.#wake();
  }

  async #wake(): Promise<void> {
    for (const each of this.#waiting.splice(0)) each.resolve();
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  }

  async next() {
    while (this.#arrived === 0) {
      if (this.#failure) throw this.#failure;
      const waiting = Promise.withResolvers<void>();
      this.#waiting.push(waiting);
      await waiting.promise;
    }
    this.#arrived--;
    return syntheticGop({ format, firstFrame: GOP * this.taken++, frames: GOP });
  }

  async close() {
    this.closed++;
  }
}

const item = (frames: number): PlayItem => ({
  ...{ mediaId: 1, title: "Live", frames, live: { delayMs: 6_000 } },
  facts: {
    ...{
      path: "http://h/",
      sizeBytes: 0,
      mtimeMs: 0,
      demuxer: "mpegts",
      durationSeconds: 9,
      startSeconds: 0,
    },
    ...{ audioStreams: [], subtitleStreams: [] },
  },
});

function open(cue: Partial<Cue> = {}, frames = 10 * GOP, capacityFrames = 20 * GOP) {
  const feed = new Feed();
  const run = new LiveRun(feed, { capacityFrames });
  const source = new LiveSource({
    item: item(frames),
    cue: { startFrame: 0, audioPhase: 0, ...cue },
    run,
    format,
  });
  return { feed, run, source };
}

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let isSettled = false;
  promise.finally(() => (isSettled = true)).catch(() => undefined);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  return isSettled;
};

describe("a live source", () => {
  it("gathers its delay first, then begins where Gops are still of use, and gives what it has at once", async () => {
    let needed = 2 * GOP;
    const { feed, source } = open({ startFrame: GOP, neededFrame: () => needed, leftMs: () => 200 });
    const first = source.next();
    await feed.arrive(5);
    expect(await settled(first)).toBe(false);
    needed = 5 * GOP - 3;
    await feed.arrive(1);
    const gops = [await first, await source.next(), await source.next()];
    expect(gops.map((gop) => gop!.firstFrame)).toEqual([5 * GOP, 6 * GOP, 7 * GOP]);
    // Laid as a Splicer wants it: the sound of each span is there.
    for (const gop of gops) {
      const { audio } = new Splicer(format).place(gop!, gop!.firstFrame);
      expect(Math.min(...audio)).toBeGreaterThanOrEqual(0);
    }
    await source.close();
    expect(feed.closed).toBe(1);
  });

  it("takes over at once while there is time, at the place where it was begun", async () => {
    const { feed, source } = open({ startFrame: 3 * GOP, neededFrame: () => 2 * GOP, leftMs: () => 4_000 });
    const first = source.next();
    await feed.arrive();
    expect((await first)!.firstFrame).toBe(3 * GOP);
  });

  it("holds its source back when nobody takes what it has", async () => {
    const { feed, run } = open({}, 10 * GOP, 4 * GOP);
    await feed.arrive(9);
    expect([feed.taken, run.bufferedFrames]).toEqual([4, 4 * GOP]);
  });

  it("keeps nothing of what had arrived when its last user is gone", async () => {
    const { feed, run, source } = open();
    await feed.arrive(9);
    expect(run.bufferedFrames).toBe(9 * GOP);
    await source.close();
    await feed.arrive();
    expect([run.bufferedFrames, run.isOver]).toEqual([0, true]);
  });

  it("gives what has arrived before it tells of a failure", async () => {
    const { feed, source } = open({ leftMs: () => 4_000 });
    await feed.arrive(2);
    await feed.fail();
    expect([(await source.next())!.firstFrame, (await source.next())!.firstFrame]).toEqual([0, GOP]);
    await expect(source.next()).rejects.toThrow("away");
  });

  it("goes on into the next slot on the same run, and its sound with it", async () => {
    const frames = wholePeriods(60, format);
    const { feed, source } = open({ startFrame: frames - 2 * GOP, leftMs: () => 4_000 }, frames);
    expect(source.canHandOver).toBe(true);
    await feed.arrive(5);
    const next = source.successor({ startFrame: 0, audioPhase: 0, leftMs: () => 9_000 });
    const early = next.next();
    expect(await settled(early)).toBe(false);
    const gops = [(await source.next())!, (await source.next())!];
    expect(await source.next()).toBeUndefined();
    await source.close();
    const after = [(await early)!, (await next.next())!];
    expect(after.map(({ firstFrame }) => firstFrame)).toEqual([0, GOP]);
    const splicer = new Splicer(format);
    const ends = gops.map((gop) => gop.firstAudioFrame + gop.audio.sizes.length);
    // On the channel's timeline, where the slot begins at `frames`, both count the same sound.
    expect(after[0]!.firstAudioFrame + grid.audioFrame(frames)).toBe(ends[1]! - 2);
    expect(Math.min(...splicer.place(after[0]!, frames).audio)).toBeGreaterThanOrEqual(0);
    expect(feed.closed).toBe(0);
    await next.close();
    expect(feed.closed).toBe(1);
  });

  it("begins anew when the slot before it was broken off", async () => {
    const { feed, source } = open({ startFrame: 8 * GOP, leftMs: () => 4_000 });
    const next = source.successor({ startFrame: 0, audioPhase: 0, leftMs: () => 4_000 });
    const first = next.next();
    await source.close();
    await feed.arrive();
    expect((await first)!.firstFrame).toBe(0);
  });

  it("ends without a word when it is closed while it waits", async () => {
    const { feed, source } = open({ leftMs: () => 0 });
    const first = source.next();
    await source.close();
    expect(await first).toBeUndefined();
    expect(feed.closed).toBe(1);
  });
});
