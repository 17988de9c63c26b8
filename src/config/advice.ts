import type { Config } from "./schema.ts";

/** Something that is allowed and probably not meant. */
export interface ConfigAdvice {
  /** `section.name` of the key that it is about. */
  readonly key: string;
  readonly text: string;
}

/** Rates in Mbit/s that suit a picture of so many lines: the bitrate guidelines of the streaming stability guide. */
const GUIDELINES = [
  { lines: 480, least: 1.5, most: 2.5 },
  { lines: 720, least: 3, most: 5 },
  { lines: 1080, least: 6, most: 10 },
  { lines: 2160, least: 15, most: 25 },
] as const;

/** Sizes that differ by less count as one of the guide's: 854×480, 720×480, DCI 4K. */
const SAME_SIZE = 0.07;

/** Rates in Mbit/s. */
export interface RateRange {
  readonly least: number;
  readonly most: number;
}

/** What is worth a second look in a valid configuration. */
export function adviseOn({ house_format, stream_throttler }: Config): ConfigAdvice[] {
  const { width, height } = house_format;
  const { least, most } = recommendedRate(width, height);
  const rate = stream_throttler.target_bitrate_bps / 1e6;
  if (rate >= least && rate <= most) return [];
  const effect =
    rate < least
      ? "less than that, and quick scenes will show blocks"
      : "more than that, and needs faster connections without looking better";
  return [
    {
      key: "stream_throttler.target_bitrate_bps",
      text: `For ${width}×${height}, ${least} to ${most} Mbit/s are recommended; ${rate} Mbit/s is ${effect}.`,
    },
  ];
}

/**
 * The rates that suit a picture size: the guide's for its own sizes; between, below and above them what lies on
 * the line through its neighbours (in logarithms: rate grows as a power of size).
 */
export function recommendedRate(width: number, height: number): RateRange {
  const long = Math.max(width, height);
  const lines = Math.max(Math.min(width, height), (long * 9) / 16);
  const own = GUIDELINES.find((guideline) => Math.abs(lines / guideline.lines - 1) < SAME_SIZE);
  if (own) return { least: own.least, most: own.most };
  const after = GUIDELINES.findIndex((guideline) => guideline.lines > lines);
  const upper = after < 0 ? GUIDELINES.length - 1 : Math.max(1, after);
  const [from, to] = [GUIDELINES[upper - 1]!, GUIDELINES[upper]!];
  const share = Math.log(lines / from.lines) / Math.log(to.lines / from.lines);
  // The smallest rate that the schema admits suits the smallest pictures.
  return {
    least: tenths(from.least * (to.least / from.least) ** share),
    most: Math.max(0.5, tenths(from.most * (to.most / from.most) ** share)),
  };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
