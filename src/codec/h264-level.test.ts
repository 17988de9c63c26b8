import { expect, test } from "vitest";
import { rational } from "../base/rational.ts";
import { levelOf } from "./h264-level.ts";

const needs = (width: number, height: number, fps: number, peakBps = 3e6, bufferedFrames = 2) => ({
  widthMbs: Math.ceil(width / 16),
  heightMbs: Math.ceil(height / 16),
  ...{ fps: rational(fps), peakBps, bufferedFrames },
});

// Sizes, rates and levels as ITU-T H.264 table A-1 has them; buffers of two frames decide none of these.
test.each([
  [needs(16, 16, 30, 50_000), 10],
  [needs(640, 360, 30), 30],
  [needs(720, 576, 25), 30],
  [needs(1280, 720, 30), 31],
  [needs(1280, 720, 60), 32],
  [needs(1920, 1080, 30), 40],
  [needs(1920, 1080, 30, 26e6), 41],
  [needs(1920, 1080, 60), 42],
  [needs(3840, 2160, 30), 51],
  [needs(3840, 2160, 60), 52],
  // Longer than a level's pictures may be, though it has no more macroblocks.
  [needs(1280, 16, 10, 50_000), 22],
  // More than any level allows.
  [needs(8192, 8192, 240), 62],
])("%j: %i", (shape, level) => {
  expect(levelOf(shape)).toBe(level);
});
