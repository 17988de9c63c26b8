import type { Rational } from "../base/rational.ts";

/** A time base, in units per second, in which every usual frame rate has whole numbers: no rounding moves a frame. */
export const FLICKS = 705_600_000;

/** Length of `frames` frames in seconds. */
export function frameSeconds(frames: number, fps: Rational): number {
  return (frames * fps.den) / fps.num;
}
