import { type Rational, toNumber } from "../base/rational.ts";

/** What a stream asks of its decoder. */
export interface LevelNeeds {
  /** Picture size in macroblocks of 16×16 pixels. */
  readonly widthMbs: number;
  readonly heightMbs: number;
  readonly fps: Rational;
  /** Decoded pictures that the decoder has to keep. */
  readonly bufferedFrames: number;
  /** Peak rate in bit/s. */
  readonly peakBps: number;
}

/** level_idc, macroblocks per second, per picture, and in the buffer, and kbit/s (ITU-T H.264 table A-1). */
const LEVELS: readonly (readonly [idc: number, mbps: number, frame: number, buffer: number, rate: number])[] =
  [
    [10, 1485, 99, 396, 64],
    [11, 3000, 396, 900, 192],
    [12, 6000, 396, 2376, 384],
    [13, 11880, 396, 2376, 768],
    [20, 11880, 396, 2376, 2000],
    [21, 19800, 792, 4752, 4000],
    [22, 20250, 1620, 8100, 4000],
    [30, 40500, 1620, 8100, 10000],
    [31, 108000, 3600, 18000, 14000],
    [32, 216000, 5120, 20480, 20000],
    [40, 245760, 8192, 32768, 20000],
    [41, 245760, 8192, 32768, 50000],
    [42, 522240, 8704, 34816, 50000],
    [50, 589824, 22080, 110400, 135000],
    [51, 983040, 36864, 184320, 240000],
    [52, 2073600, 36864, 184320, 240000],
    [60, 4177920, 139264, 696320, 240000],
    [61, 8355840, 139264, 696320, 480000],
    [62, 16711680, 139264, 696320, 800000],
  ];

/** Rates of table A-1 are those of Baseline; High has a quarter more (table A-2, cpbBrVclFactor). */
const HIGH_PROFILE_BPS = 1250;

/** level_idc of the lowest level that a High-profile stream keeps to; the highest one when none is high enough. */
export function levelOf({ widthMbs, heightMbs, fps, bufferedFrames, peakBps }: LevelNeeds): number {
  const size = widthMbs * heightMbs;
  const longestSide = Math.max(widthMbs, heightMbs);
  const fitting = LEVELS.find(
    ([, mbps, frame, buffer, rate]) =>
      size <= frame &&
      longestSide <= Math.sqrt(8 * frame) &&
      size * toNumber(fps) <= mbps &&
      size * bufferedFrames <= buffer &&
      peakBps <= rate * HIGH_PROFILE_BPS,
  );
  return (fitting ?? LEVELS.at(-1)!)[0];
}
