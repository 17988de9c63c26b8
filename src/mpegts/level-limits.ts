/**
 * level_idc, MaxBR and MaxCPB in units of cpbBrNalFactor bits (ITU-T H.264 table A-1). The analyser has its own
 * copy, so that it can judge the multiplexer's.
 */
const LEVEL_TABLE = `9 128 350|10 64 175|11 192 500|12 384 1000|13 768 2000|20 2000 2000|21 4000 4000|22 4000 4000
30 10000 10000|31 14000 14000|32 20000 20000|40 20000 25000|41 50000 62500|42 50000 62500
50 135000 135000|51 240000 240000|52 240000 240000|60 240000 240000|61 480000 480000|62 800000 800000`;
const LEVELS = new Map(
  LEVEL_TABLE.split(/[|\n]/).map((row) => {
    const [level, bitRate, cpb] = row.split(" ").map(Number);
    return [level!, { bitRate: bitRate!, cpb: cpb! }] as const;
  }),
);
/** cpbBrNalFactor by profile_idc (H.264 table A-2); 1,200 for the older profiles. */
const FACTORS: Readonly<Record<number, number>> = { 100: 1500, 110: 3600, 122: 4800, 244: 4800, 44: 4800 };

/** Sizes and rates of a stream's buffers in the system target decoder; bytes, and bytes per second. */
export interface BufferSizes {
  readonly transportBytes: number;
  readonly transportRate: number;
  readonly mainBytes: number;
  /** Rate at which the main buffer empties into the elementary stream buffer, and the size of that one. */
  readonly transferRate: number;
  readonly elementaryBytes: number;
}

const TRANSPORT_BYTES = 512;

/** ADTS AAC with one or two channels (ISO/IEC 13818-1 2.4.2.3): one main buffer, which the decoder empties. */
export const AAC_BUFFERS: BufferSizes = {
  transportBytes: TRANSPORT_BYTES,
  transportRate: 2_000_000 / 8,
  mainBytes: 0,
  transferRate: Number.POSITIVE_INFINITY,
  elementaryBytes: 3584,
};

/**
 * H.264 without HRD parameters, by the profile_idc, constraint flags and level_idc of its sequence parameter set
 * (ISO/IEC 13818-1 2.14.3.1, leak method). Undefined for a level that the table does not have.
 */
export function h264Buffers(profile: number, constraints: number, level: number): BufferSizes | undefined {
  const is1b = level === 11 && [66, 77, 88].includes(profile) && (constraints & 0x10) !== 0;
  const row = LEVELS.get(is1b ? 9 : level);
  if (!row) return undefined;
  const factor = FACTORS[profile] ?? 1200;
  const maxBps = row.bitRate * factor;
  // BSmux is 4 ms and BSoh 1/750 s of the greater of the level's rate and 2 Mb/s.
  const overheadBits = (0.004 + 1 / 750) * Math.max(maxBps, 2_000_000);
  return {
    transportBytes: TRANSPORT_BYTES,
    transportRate: (1.2 * maxBps) / 8,
    mainBytes: overheadBits / 8,
    transferRate: maxBps / 8,
    elementaryBytes: (row.cpb * factor) / 8,
  };
}
