import { type Rational, toNumber } from "../base/rational.ts";

/** What a level lets a coded video buffer (CPB) be, in bit/s and bits of the NAL stream. */
export interface BufferLimits {
  readonly maxBps: number;
  readonly maxCpbBits: number;
}

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

/** One level of ITU-T H.264 table A-1; level 1b of the older profiles goes by the number 9 here (A.3.1). */
interface Level {
  readonly idc: number;
  /** Macroblocks per second, per picture, and in the decoded picture buffer. */
  readonly mbps: number;
  readonly frame: number;
  readonly buffer: number;
  /** MaxBR and MaxCPB, in units of cpbBrVclFactor or cpbBrNalFactor bits. */
  readonly rate: number;
  readonly cpb: number;
}

const LEVELS: readonly Level[] = [
  [9, 1485, 99, 396, 128, 350],
  [10, 1485, 99, 396, 64, 175],
  [11, 3000, 396, 900, 192, 500],
  [12, 6000, 396, 2376, 384, 1000],
  [13, 11880, 396, 2376, 768, 2000],
  [20, 11880, 396, 2376, 2000, 2000],
  [21, 19800, 792, 4752, 4000, 4000],
  [22, 20250, 1620, 8100, 4000, 4000],
  [30, 40500, 1620, 8100, 10_000, 10_000],
  [31, 108000, 3600, 18000, 14_000, 14_000],
  [32, 216000, 5120, 20480, 20_000, 20_000],
  [40, 245760, 8192, 32768, 20_000, 25_000],
  [41, 245760, 8192, 32768, 50_000, 62_500],
  [42, 522240, 8704, 34816, 50_000, 62_500],
  [50, 589824, 22080, 110400, 135_000, 135_000],
  [51, 983040, 36864, 184320, 240_000, 240_000],
  [52, 2073600, 36864, 184320, 240_000, 240_000],
  [60, 4177920, 139264, 696320, 240_000, 240_000],
  [61, 8355840, 139264, 696320, 480_000, 480_000],
  [62, 16711680, 139264, 696320, 800_000, 800_000],
].map(([idc, mbps, frame, buffer, rate, cpb]) => ({ idc, mbps, frame, buffer, rate, cpb }) as Level);
const LEVEL_1B = 9;
const PROFILE_HIGH = 100;
/** cpbBrNalFactor, and cpbBrVclFactor of High (table A-2). */
const NAL_FACTOR = 1200;
const NAL_FACTOR_HIGH = 1500;
const VCL_FACTOR_HIGH = 1250;

/** Limits of the level that a sequence parameter set names; undefined when the level is not known. */
export function bufferLimits(sps: Uint8Array): BufferLimits | undefined {
  const [, profile, constraints, level] = sps;
  if (profile === undefined || constraints === undefined || level === undefined) return undefined;
  // Level 1b of the older profiles is level 11 with constraint_set3_flag (A.3.1).
  const is1b = level === 11 && profile < PROFILE_HIGH && (constraints & 0x10) !== 0;
  const row = LEVELS.find(({ idc }) => idc === (is1b ? LEVEL_1B : level));
  if (!row) return undefined;
  const factor = profile === PROFILE_HIGH ? NAL_FACTOR_HIGH : NAL_FACTOR;
  return { maxBps: row.rate * factor, maxCpbBits: row.cpb * factor };
}

/** level_idc of the lowest level that a High-profile stream keeps to; the highest one when none is high enough. */
export function levelOf({ widthMbs, heightMbs, fps, bufferedFrames, peakBps }: LevelNeeds): number {
  const size = widthMbs * heightMbs;
  const longestSide = Math.max(widthMbs, heightMbs);
  const fitting = LEVELS.find(
    ({ idc, mbps, frame, buffer, rate }) =>
      idc !== LEVEL_1B &&
      size <= frame &&
      longestSide <= Math.sqrt(8 * frame) &&
      size * toNumber(fps) <= mbps &&
      size * bufferedFrames <= buffer &&
      peakBps <= rate * VCL_FACTOR_HIGH,
  );
  return (fitting ?? LEVELS.at(-1)!).idc;
}
