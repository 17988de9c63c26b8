import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { classify } from "../ffmpeg/failures.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import { locateFfmpeg } from "../ffmpeg/locate.ts";
import { FfmpegTools, LOOK_AGAIN_MS, type ToolsNews } from "../ffmpeg/tools.ts";
import { openWithTools } from "./open-with-tools.ts";
import type { PlayItem, Source } from "./source.ts";

const clock = new ManualClock();
const ITEM: PlayItem = {
  ...{ mediaId: 1, title: "A", frames: 30 },
  facts: {
    ...{
      path: "/m/a.mkv",
      sizeBytes: 1,
      mtimeMs: 1,
      demuxer: "matroska",
      durationSeconds: 1,
      startSeconds: 0,
    },
    audioStreams: [],
    subtitleStreams: [],
  },
};
const CUE = { startFrame: 0, audioPhase: 0 };
let folder: string;
let ffmpeg: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "exstreamtv-wait-"));
  ffmpeg = join(folder, "ffmpeg");
});
afterEach(() => rm(folder, { recursive: true }));

const toolsWith = (onNews: (news: ToolsNews) => void) =>
  FfmpegTools.open({ ffmpegPath: ffmpeg, env: process.env, clock, onNews });

/** A source that fails with what ffmpeg said. */
function failing(line: string): Source {
  const failure = new FfmpegError("encoder_failed", line, classify({ stderr: [line] }));
  return { next: () => Promise.reject(failure), close: async () => undefined };
}

test("while ffmpeg is missing nothing is opened; a source fails when it is there again", async () => {
  const { promise: found, resolve } = Promise.withResolvers<void>();
  const tools = await toolsWith(() => resolve());
  let opened = 0;
  const open = openWithTools(tools, () => {
    opened++;
    return failing("x");
  });
  const [waiting, given] = [open(ITEM, CUE), open(ITEM, CUE)];
  const next = waiting.next();
  const givenUp = given.next();
  await given.close();
  expect(await givenUp).toBeUndefined();
  const outcome = expect(next).rejects.toMatchObject({ code: "ffmpeg_missing" });
  const { ffmpeg: real } = await locateFfmpeg({ env: process.env, clock });
  await symlink(real, ffmpeg);
  await clock.advance(LOOK_AGAIN_MS);
  await found;
  await outcome;
  expect(opened).toBe(0);
  open(ITEM, CUE);
  expect(opened).toBe(1);
  await waiting.close();
  await tools.close();
});

test("only a failure whose remedy is another ffmpeg casts a doubt on it", async () => {
  const { ffmpeg: real } = await locateFfmpeg({ env: process.env, clock });
  await symlink(real, ffmpeg);
  const { promise: missing, resolve } = Promise.withResolvers<void>();
  const tools = await toolsWith(() => resolve());
  await rm(ffmpeg);
  const run = (line: string) => openWithTools(tools, () => failing(line))(ITEM, CUE).next();
  await expect(run("moov atom not found")).rejects.toBeInstanceOf(AppError);
  await clock.advance(2 * LOOK_AGAIN_MS);
  expect(tools.problem).toBeUndefined();
  await expect(run(`spawn ${ffmpeg} ENOENT`)).rejects.toMatchObject({ failure: { class: "ffmpeg_gone" } });
  await missing;
  expect(tools.problem?.code).toBe("ffmpeg_missing");
  await tools.close();
});
