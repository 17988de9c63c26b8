import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { classify, type Failure } from "../ffmpeg/failures.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import type { Gop } from "../media/gop.ts";
import { type BreakerNews, Breakers, SourceSuspendedError } from "./breakers.ts";
import type { PlayItem, Source } from "./source.ts";
import { isRemote, sourceKey } from "./source-key.ts";

const GOP = {} as Gop;
const named = (line: string) =>
  new FfmpegError("encoder_failed", "exit code 1", classify({ stderr: [line] }));
const MISSING = named("file:/a.mp4: No such file or directory");
const CUT = named("[matroska @ 0x1] File ended prematurely");
const DISK_FULL = named("av_interleaved_write_frame(): No space left on device");

const itemAt = (path: string, title = "A") =>
  ({ mediaId: 1, title, facts: { path } as MediaFacts, frames: 1000 }) satisfies PlayItem;

function bench() {
  const clock = new ManualClock();
  const news: BreakerNews[] = [];
  const breakers = new Breakers({ clock, random: () => 0.5, onNews: (each) => news.push(each) });
  let outcome: Gop | AppError | "silence" = GOP;
  let opened = 0;
  const open = breakers.guard(() => {
    opened++;
    const now = outcome;
    const next = async () => {
      if (now === "silence") return new Promise<never>(() => undefined);
      if (now instanceof AppError) throw now;
      return now;
    };
    return { next, close: async () => undefined };
  });
  /** Runs a source to its first Gop or its failure; gives the error. */
  const run = async (item: PlayItem, startFrame = 30): Promise<AppError | undefined> => {
    const source = open(item, { startFrame, audioPhase: 0 });
    const error = await source.next().then(
      () => undefined,
      (failure: AppError) => failure,
    );
    await source.close();
    return error;
  };
  const fail = async (item: PlayItem, error: AppError, times = 5, everyMs = 3000) => {
    outcome = error;
    for (let time = 0; time < times; time++) {
      if (time > 0) await clock.advance(everyMs);
      await run(item);
    }
  };
  return {
    ...{ clock, news, breakers, open, run, fail },
    set: (next: typeof outcome) => {
      outcome = next;
    },
    opened: () => opened,
  };
}

describe("a source that cannot be opened", () => {
  it("is left alone for all channels, with the class of its failure; others are not", async () => {
    const { run, fail, opened, news, set } = bench();
    await fail(itemAt("/nas/a.mp4"), MISSING, 5, 2500);
    expect(news).toEqual([{ type: "opened", title: "A", class: "missing" }]);
    set(GOP);
    const before = opened();
    const error = await run(itemAt("/nas/a.mp4", "the same elsewhere"));
    expect(error).toBeInstanceOf(SourceSuspendedError);
    expect(error).toMatchObject({ code: "source_suspended", failure: { class: "missing" } as Failure });
    expect(await run(itemAt("/nas/b.mp4"))).toBeUndefined();
    expect(opened()).toBe(before + 1);
  });

  it("is tried by one, whose success frees it for all and wakes who waits", async () => {
    const { clock, run, fail, open, opened, news, set } = bench();
    const item = itemAt("/nas/a.mp4");
    await fail(item, MISSING);
    set("silence");
    await clock.advance(3000);
    const probe = open(item, { startFrame: 30, audioPhase: 0 });
    const before = opened();
    for (let other = 0; other < 5; other++) expect(await run(item)).toMatchObject({ retryMs: 1000 });
    expect(opened()).toBe(before);
    // The channel of the probe goes off air: the next one is the probe at once.
    await probe.close();
    set(GOP);
    let woken = 0;
    const waiting: Source = open(item, { startFrame: 30, audioPhase: 0 });
    const refused = open(item, { startFrame: 30, audioPhase: 0 });
    const forget = refused.onRecovery?.(() => woken++);
    await waiting.next();
    expect([woken, news.at(-1)?.type]).toEqual([1, "closed"]);
    forget?.();
    expect(await run(item)).toBeUndefined();
    expect(woken).toBe(1);
  });

  it("is a matter of time: many channels that fail at once do not open it", async () => {
    const { fail, news } = bench();
    await fail(itemAt("/nas/a.mp4"), MISSING, 20, 10);
    expect(news).toEqual([]);
  });

  it("is tried with each airing that begins", async () => {
    const { run, fail, set } = bench();
    const item = itemAt("/nas/a.mp4");
    await fail(item, MISSING, 5, 2500);
    set(GOP);
    expect(await run(item, 0)).toBeUndefined();
  });
});

it.each([
  ["damage at a place", CUT],
  ["a disk that is full", DISK_FULL],
  ["a failure without a name", new AppError("encoder_failed", "exit code 1")],
  [
    "a killed encoder",
    new FfmpegError("encoder_failed", "", classify({ stderr: [], exit: { code: null, signal: "SIGKILL" } })),
  ],
])("says nothing of the source: %s", async (_, error) => {
  const { fail, news, breakers } = bench();
  await fail(itemAt("/a.mp4"), error, 30);
  expect(news).toEqual([]);
  expect(breakers.size).toBe(0);
});

it("a run that has delivered is a success, however it ends", async () => {
  const { open, set, breakers, fail } = bench();
  const item = itemAt("/a.mp4");
  await fail(item, MISSING, 3);
  expect(breakers.size).toBe(1);
  set(GOP);
  const source = open(item, { startFrame: 30, audioPhase: 0 });
  await source.next();
  await source.close();
  expect(breakers.size).toBe(0);
});

it("remembers so many sources at the most, and nothing of those that work", async () => {
  const { run, breakers, set } = bench();
  set(MISSING);
  for (let file = 0; file < 1000; file++) await run(itemAt(`/nas/${file}.mp4`));
  expect(breakers.size).toBe(512);
  set(GOP);
  for (let file = 0; file < 1000; file++) await run(itemAt(`/nas/${file}.mp4`));
  expect(breakers.size).toBe(0);
});

it.each([
  ["/films/a b.mp4", "/films/a b.mp4", false],
  ["http://user:secret@host/a.ts?id=1&token=x&sig=y#t", "http://host/a.ts?id=1", true],
  ["http://host/a.ts?id=2", "http://host/a.ts?id=2", true],
  ["udp://239.0.0.1:5000", "udp://239.0.0.1:5000", true],
])("the key of %s", (path, key, remote) => {
  expect([sourceKey(itemAt(path)), isRemote(itemAt(path))]).toEqual([key, remote]);
});
