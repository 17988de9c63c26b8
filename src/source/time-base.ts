import type { Rational } from "../base/rational.ts";

/** A time base, in units per second, in which every usual frame rate has whole numbers: no rounding moves a frame. */
export const FLICKS = 705_600_000;

/**
 * The filter that counts sound by its samples alone. Expressions of filters are floating point, cut off to whole
 * units: without the rounding one frame in two thousand comes a sample early.
 */
export const COUNTED_SAMPLES = "asetpts=round(N/SR/TB)";

/** Length of `frames` frames in seconds. */
export function frameSeconds(frames: number, fps: Rational): number {
  return (frames * fps.den) / fps.num;
}
