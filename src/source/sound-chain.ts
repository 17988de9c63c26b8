import { AAC_FRAME_SAMPLES, type HouseFormat } from "../media/house-format.ts";

/** The part of an item's sound that one run encodes, in audio frames of the item. */
export interface SoundSpan {
  readonly start: number;
  readonly end: number;
  /** Seconds by which the item's sound lies behind the file's zero. */
  readonly offsetSeconds: number;
}

/** The filters that bring an audio stream of the file, or silence (undefined), to the house format and exact length. */
export function soundChain(stream: number | undefined, span: SoundSpan, format: HouseFormat): string {
  const { start, end, offsetSeconds } = span;
  const rate = format.audioSampleRate;
  const length = `atrim=end_sample=${(end - start) * AAC_FRAME_SAMPLES}`;
  const shape = `aformat=sample_fmts=fltp:sample_rates=${rate}:channel_layouts=stereo`;
  if (stream === undefined) return `anullsrc=r=${rate}:cl=stereo,${shape},${length}`;
  const seconds = ((start * AAC_FRAME_SAMPLES) / rate + offsetSeconds).toFixed(6);
  return [
    `[0:${stream}]atrim=start=${seconds}`,
    `asetpts=PTS-${seconds}/TB`,
    `aresample=${rate}:async=1:first_pts=0`,
    shape,
    `apad=whole_len=${(end - start) * AAC_FRAME_SAMPLES}`,
    length,
  ].join(",");
}
