/** What a level lets a coded video buffer (CPB) be, in bit/s and bits of the NAL stream. */
export interface BufferLimits {
  readonly maxBps: number;
  readonly maxCpbBits: number;
}

/** level_idc → MaxBR, MaxCPB in units of cpbBrNalFactor bits (ITU-T H.264 table A-1). */
const LEVELS: Readonly<Record<number, readonly [number, number]>> = {
  9: [128, 350],
  10: [64, 175],
  11: [192, 500],
  12: [384, 1000],
  13: [768, 2000],
  20: [2000, 2000],
  21: [4000, 4000],
  22: [4000, 4000],
  30: [10_000, 10_000],
  31: [14_000, 14_000],
  32: [20_000, 20_000],
  40: [20_000, 25_000],
  41: [50_000, 62_500],
  42: [50_000, 62_500],
  50: [135_000, 135_000],
  51: [240_000, 240_000],
  52: [240_000, 240_000],
};
const PROFILE_HIGH = 100;
/** cpbBrNalFactor (table A-2). */
const NAL_FACTOR = 1200;
const NAL_FACTOR_HIGH = 1500;

/** Limits of the level that a sequence parameter set names; undefined when the level is not known. */
export function bufferLimits(sps: Uint8Array): BufferLimits | undefined {
  const [, profile, constraints, level] = sps;
  if (profile === undefined || constraints === undefined || level === undefined) return undefined;
  // Level 1b of the older profiles is level 11 with constraint_set3_flag (A.3.1).
  const is1b = level === 11 && profile < PROFILE_HIGH && (constraints & 0x10) !== 0;
  const row = LEVELS[is1b ? 9 : level];
  if (!row) return undefined;
  const factor = profile === PROFILE_HIGH ? NAL_FACTOR_HIGH : NAL_FACTOR;
  return { maxBps: row[0] * factor, maxCpbBits: row[1] * factor };
}
