import { chmod, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { locateFfmpeg } from "./locate.ts";
import { FfmpegTools, LOOK_AGAIN_MS, type ToolsNews } from "./tools.ts";

let folder: string;
let ffmpeg: string;
let clock: ManualClock;
/** News in the order in which they come. */
let news: ToolsNews[];
let arrived: PromiseWithResolvers<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "exstreamtv-tools-"));
  ffmpeg = join(folder, "ffmpeg");
  clock = new ManualClock();
  news = [];
  arrived = Promise.withResolvers();
});
afterEach(() => rm(folder, { recursive: true }));

const realFfmpeg = async () => (await locateFfmpeg({ clock, env: process.env })).ffmpeg;

const open = () =>
  FfmpegTools.open({
    ...{ ffmpegPath: ffmpeg, env: process.env, clock },
    onNews: (each) => {
      news.push(each);
      arrived.resolve();
      arrived = Promise.withResolvers();
    },
  });

/** Lets the time pass until the tools are looked for, and waits for what comes of it. */
async function nextNews(): Promise<ToolsNews> {
  const next = arrived.promise;
  await clock.advance(LOOK_AGAIN_MS);
  await next;
  return news.at(-1)!;
}

describe("FfmpegTools", () => {
  test("missing at first: looked for now and then, and found", async () => {
    const tools = await open();
    expect(tools.problem?.code).toBe("ffmpeg_missing");
    expect(tools.toolset).toBeUndefined();
    let isFound = false;
    const waiting = tools.found(new AbortController().signal).then(() => {
      isFound = true;
    });
    expect([isFound, news]).toEqual([false, []]);

    await symlink(await realFfmpeg(), ffmpeg);
    await nextNews();
    expect(news).toMatchObject([{ type: "found", toolset: { ffmpeg } }]);
    expect([tools.problem, tools.toolset?.ffmpeg]).toEqual([undefined, ffmpeg]);
    await waiting;
    await tools.found(new AbortController().signal);
    await tools.close();
    expect(clock.pending).toBe(0);
  });

  test("there at first: a doubt finds out that it is broken or gone, and it comes back", async () => {
    await symlink(await realFfmpeg(), ffmpeg);
    const tools = await open();
    expect(tools.problem).toBeUndefined();
    expect(clock.pending).toBe(0);

    await rename(ffmpeg, join(folder, "away"));
    await writeFile(ffmpeg, "#!/bin/sh\necho cannot open shared object file >&2\nexit 127\n");
    await chmod(ffmpeg, 0o755);
    let next = arrived.promise;
    tools.doubt();
    tools.doubt();
    await next;
    expect(news).toMatchObject([{ type: "missing", problem: { code: "ffmpeg_unsuitable" } }]);
    expect(tools.problem?.message).toContain("cannot open shared object file");
    // Whoever waits and gives up leaves nothing behind.
    const giveUp = new AbortController();
    const waiting = tools.found(giveUp.signal);
    giveUp.abort();
    await waiting;

    await rename(join(folder, "away"), ffmpeg);
    expect(await nextNews()).toMatchObject({ type: "found" });

    next = arrived.promise;
    await rm(ffmpeg);
    tools.doubt();
    await next;
    expect(tools.problem?.code).toBe("ffmpeg_missing");
    await tools.close();
    expect(clock.pending).toBe(0);
    expect(news.map(({ type }) => type)).toEqual(["missing", "found", "missing"]);
  });

  test("a doubt without reason is no news", async () => {
    await symlink(await realFfmpeg(), ffmpeg);
    const tools = await open();
    tools.doubt();
    await tools.close();
    expect([news, tools.problem, clock.pending]).toEqual([[], undefined, 0]);
  });
});
