import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rational } from "../../../src/base/rational.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../../support/frame-number.ts";
import { generated } from "../../support/media-cache.ts";
import { runOrThrow } from "../../support/process.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "frame-number-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function encode(inputs: string[], size: string, videoBps: number): Promise<string> {
  const output = join(folder, `${size.replace(":", "x")}.ts`);
  const fit = `scale=${size}:force_original_aspect_ratio=decrease,pad=${size}:(ow-iw)/2:(oh-ih)/2`;
  const rate = ["-b:v", videoBps, "-maxrate", videoBps, "-bufsize", videoBps / 2].map(String);
  const x264 = ["-c:v", "libx264", "-preset", "veryfast", ...rate];
  await runOrThrow("ffmpeg", ["-v", "error", ...inputs, "-vf", fit, ...x264, output], { seconds: 60 });
  return output;
}

it("reads every number back from small, large and starved encodings", async () => {
  const options = { seconds: 3, fps: rational(30_000, 1001), width: 640, height: 360, firstNumber: 32_740 };
  const clip = await makeFrameNumberClip(folder, "numbers.mp4", options);
  const expected = Array.from({ length: 90 }, (_, index) => 32_740 + index);
  expect(await readFrameNumbers(clip)).toEqual(expected);
  for (const [size, videoBps] of [
    ["1280:720", 400_000],
    ["426:240", 120_000],
  ] as const) {
    expect(await readFrameNumbers(await encode(["-i", clip], size, videoBps)), size).toEqual(expected);
  }
});

it("knows other pictures from its own", async () => {
  for (const picture of ["testsrc2", "color=black", "color=gray,noise=alls=100:allf=t+u", "smptebars"]) {
    const input = [...generated(picture), "-y", "-t", "0.4"];
    const numbers = await readFrameNumbers(await encode(input, "640:360", 2_000_000));
    expect(numbers.length, picture).toBeGreaterThan(5);
    expect(new Set(numbers), picture).toEqual(new Set([-1]));
  }
});
