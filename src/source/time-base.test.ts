import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { COUNTED_SAMPLES } from "./time-base.ts";

test("samples are counted without a gap or an overlap, however they are packed", () => {
  const source = ["-f", "lavfi", "-i", "anullsrc=r=48000,asetnsamples=1001"];
  const output = ["-t", "60", "-af", COUNTED_SAMPLES, "-c:a", "pcm_s16le", "-f", "framecrc", "-"];
  const lines = execFileSync("ffmpeg", ["-v", "error", ...source, ...output])
    .toString()
    .split("\n");
  const frames = lines
    .filter((line) => /^\d/.test(line))
    .map((line) => line.split(",").map((field) => Number(field)));
  expect(frames.length).toBeGreaterThan(2_800);
  const ends = frames.map(([, , pts, length]) => pts! + length!);
  expect(frames.slice(1).map(([, , pts]) => pts)).toEqual(ends.slice(0, -1));
});
