import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rational } from "../../../src/base/rational.ts";
import { makeFlashBeepClip } from "../../support/flash-beep.ts";
import { measureFlashBeep } from "../../support/flash-beep-measure.ts";
import { runOrThrow } from "../../support/process.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flash-beep-"));
});
afterAll(() => rm(folder, { recursive: true }));

function largestError(offsetsMs: readonly number[], expectedMs: number): number {
  return Math.max(...offsetsMs.map((offsetMs) => Math.abs(offsetMs - expectedMs)));
}

it.each([
  ["a.mp4", "h264-aac", rational(25), 0],
  ["b.mkv", "h264-aac", rational(24_000, 1001), 40],
  ["c.ts", "h264-aac", rational(60), -25],
  ["d.mkv", "hevc-ac3", rational(25), 0],
  ["e.ts", "mpeg2-mp2", rational(30_000, 1001), 0],
  ["f.mp4", "vp9-opus", rational(30), 0],
  ["g.mkv", "mpeg4-mp3", rational(25), 0],
] as const)("measures %s (%s, %o) as %d ms", async (name, codecs, fps, audioDelayMs) => {
  const clip = await makeFlashBeepClip(folder, name, { seconds: 4, fps, codecs, audioDelayMs });
  const { offsetsMs, flashesMs } = await measureFlashBeep(clip);
  expect(flashesMs).toHaveLength(4);
  expect(offsetsMs).toHaveLength(4);
  expect(largestError(offsetsMs, audioDelayMs)).toBeLessThan(0.5);
});

it("measures several items in one transport stream, encoded, pillarboxed and shifted again", async () => {
  // A whole number of frames and of AAC frames, so that the second item starts on both grids.
  const options = { seconds: 3.2, fps: rational(25), width: 480, height: 360 };
  const exact = await makeFlashBeepClip(folder, "exact.mp4", options);
  const late = await makeFlashBeepClip(folder, "late.mp4", { ...options, audioDelayMs: 40 });
  const output = join(folder, "joined.ts");
  const joined = "[0:v][0:a][1:v][1:a]concat=n=2:v=1:a=1[v][a];[v]pad=640:360:80:0,setpts=PTS-0.04/TB[w]";
  const maps = ["-filter_complex", joined, "-map", "[w]", "-map", "[a]", "-vsync", "passthrough"];
  const codecs = ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "300k", "-c:a", "aac", "-b:a", "96k"];
  const args = ["-v", "error", "-i", exact, "-i", late, ...maps, ...codecs, "-bf", "2", output];
  await runOrThrow("ffmpeg", args, { seconds: 60 });
  const { offsetsMs } = await measureFlashBeep(output);
  expect(offsetsMs).toHaveLength(6);
  expect(largestError(offsetsMs.slice(0, 3), 40)).toBeLessThan(1);
  expect(largestError(offsetsMs.slice(3), 80)).toBeLessThan(1);
});
