import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock, SystemClock } from "../base/clock.ts";
import { rational } from "../base/rational.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import { houseFormat } from "../media/house-format.ts";
import { EncoderSource } from "./encoder-source.ts";

const SHAPE = {
  width: 64,
  height: 64,
  fps: rational(25),
  gopSeconds: 1,
  totalBps: 1_000_000,
  audioBps: 64_000,
};
const format = houseFormat(SHAPE);
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "exstreamtv-encoder-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a shell script in ffmpeg's place; gives what `next` throws, and what no row of the table knows. */
async function failureOf(script: string) {
  const ffmpeg = join(folder, "ffmpeg.sh");
  writeFileSync(ffmpeg, `#!/bin/sh\n${script}\n`);
  chmodSync(ffmpeg, 0o755);
  const unmatched: string[] = [];
  const source = new EncoderSource({
    ...{ ffmpeg, folder, format, frames: 250, clock: new SystemClock() },
    command: { args: [], position: { firstFrame: 0, firstAudioFrame: 0, droppedAudioFrames: 1 } },
    onUnmatched: (line) => unmatched.push(line),
  });
  const thrown = await source.next().catch((failure: unknown) => failure);
  await source.close();
  await source.close();
  expect(thrown).toBeInstanceOf(FfmpegError);
  return { ...(thrown as FfmpegError), message: (thrown as FfmpegError).message, unmatched };
}

describe("a run that fails", () => {
  it.each([
    ["echo 'file:/a.mp4: No such file or directory' >&2; exit 1", "encoder_failed", "missing"],
    ["echo '[matroska @ 0x1] File ended prematurely' >&2", "encoder_short", "truncated"],
    ["true", "encoder_short", "ended_early"],
    ["kill -9 $$", "encoder_failed", "killed"],
    ["kill -SEGV $$", "encoder_failed", "broken_build"],
    ["echo 'something new' >&2; exit 1", "encoder_failed", undefined],
  ])("%s: %s, %s", async (script, code, name) => {
    const error = await failureOf(script);
    expect(error.code).toBe(code);
    expect(error.failure?.class).toBe(name);
  });

  it("hands out the lines that nothing knows, once", async () => {
    const { unmatched } = await failureOf(
      "echo 'a.mp4: Is a directory' >&2; echo 'x: Connection refused' >&2; exit 1",
    );
    expect(unmatched).toEqual(["a.mp4: Is a directory"]);
  });
});

it("is not taken for stalled while this process stood still itself, and could not hear it", async () => {
  const ffmpeg = join(folder, "silent.sh");
  writeFileSync(ffmpeg, "#!/bin/sh\nexec sleep 60\n");
  chmodSync(ffmpeg, 0o755);
  const clock = new ManualClock();
  const source = new EncoderSource({
    ...{ ffmpeg, folder, format, frames: 250, clock },
    command: { args: [], position: { firstFrame: 0, firstAudioFrame: 0, droppedAudioFrames: 1 } },
  });
  const ends: unknown[] = [];
  const watching = source.next().catch((failure: unknown) => void ends.push(failure));
  await clock.advance(500);
  clock.freeze(20_000);
  await clock.advance(6000);
  expect(ends).toEqual([]);
  await clock.advance(3000);
  await watching;
  expect(ends).toMatchObject([{ code: "encoder_stalled" }]);
  const closing = source.close();
  await clock.advance(5000);
  await closing;
});
