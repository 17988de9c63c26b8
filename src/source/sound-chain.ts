import { AAC_FRAME_SAMPLES, type HouseFormat } from "../media/house-format.ts";
import type { LiveTiming } from "./encoder-input.ts";
import { keepTime, slowly } from "./live-chain.ts";
import { type Gain, PEAK_LIMIT_DB } from "./loudness-gain.ts";
import { COUNTED_SAMPLES } from "./time-base.ts";

/** The limiter is given so much sound before the wanted one, in seconds: what it did before is forgotten by then. */
const LIMITER_PREROLL_SECONDS = 0.5;

/** The part of an item's sound that one run encodes, in audio frames of the item. */
export interface SoundSpan {
  readonly start: number;
  readonly end: number;
  /** Seconds by which the item's sound lies behind the file's zero. */
  readonly offsetSeconds: number;
}

/** An audio stream of the file; no stream is silence. */
export interface FileSound {
  readonly stream?: number;
  readonly gain?: Gain;
}

/** The filters that bring sound to the house format and exact length. */
export function soundChain({ stream, gain }: FileSound, span: SoundSpan, format: HouseFormat): string {
  const { start, end, offsetSeconds } = span;
  const rate = format.audioSampleRate;
  const length = `atrim=end_sample=${(end - start) * AAC_FRAME_SAMPLES}`;
  const shape = `aformat=sample_fmts=fltp:sample_rates=${rate}:channel_layouts=stereo`;
  if (stream === undefined) return `anullsrc=r=${rate}:cl=stereo,${shape},${length}`;
  const wanted = (start * AAC_FRAME_SAMPLES) / rate;
  const preroll = gain?.limited ? Math.round(Math.min(wanted, LIMITER_PREROLL_SECONDS) * rate) : 0;
  const seconds = (wanted - preroll / rate + offsetSeconds).toFixed(6);
  return [
    `[0:${stream}]atrim=start=${seconds}`,
    `asetpts=PTS-${seconds}/TB`,
    `aresample=${rate}:async=1:first_pts=0`,
    shape,
    ...(gain ? level(gain, preroll) : []),
    `apad=whole_len=${(end - start) * AAC_FRAME_SAMPLES}`,
    length,
  ].join(",");
}

/** The filters that bring a live source's sound to the house format as it comes. */
export function liveSound(
  stream: number | undefined,
  live: LiveTiming,
  { audioSampleRate }: HouseFormat,
): string {
  const shape = `aformat=sample_fmts=fltp:sample_rates=${audioSampleRate}:channel_layouts=stereo`;
  if (stream === undefined) return `anullsrc=r=${audioSampleRate}:cl=stereo,${shape}`;
  return `[0:${stream}]${[...slowly("asetpts", live), keepTime(audioSampleRate), shape].join(",")}`;
}

function level({ decibels, limited }: Gain, preroll: number): string[] {
  const volume = `volume=${decibels}dB:precision=float`;
  if (!limited) return [volume];
  const limit = (10 ** (PEAK_LIMIT_DB / 20)).toFixed(4);
  return [
    volume,
    `alimiter=limit=${limit}:attack=5:release=50:level=0:latency=1`,
    `atrim=start_sample=${preroll}`,
    COUNTED_SAMPLES,
  ];
}
