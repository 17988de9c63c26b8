import type { Rational } from "../base/rational.ts";
import { AAC_FRAME_SAMPLES } from "../media/house-format.ts";
import type { LiveTiming } from "./encoder-input.ts";
import type { WatchLimits } from "./source.ts";
import { COUNTED_SAMPLES } from "./time-base.ts";

/** Length of a live run in house frames and AAC frames: months. */
export const ENDLESS_FRAMES = 1_000_000_000;
export const ENDLESS_SAMPLES = ENDLESS_FRAMES * AAC_FRAME_SAMPLES;

/** So much longer does a source take while a lead grows: a third of a semitone, which nobody hears. */
export const SLOWER = 0.02;
/** Most samples a second by which sound is stretched or squeezed to keep to its timestamps: more than `SLOWER`. */
const ASYNC_SAMPLES = 1_500;
/** Pictures a second that are looked at. */
const WATCH_RATE = 2;
/** Where what was seen is written: with the progress of a run. */
const NEWS = newsTo(3);

/** The option that makes a filter write to a file descriptor at once. */
export function newsTo(descriptor: number): string {
  return `file=pipe\\\\:${descriptor}:direct=1`;
}

/** The filter that plays a source slower at first; `filter` is setpts or asetpts. */
export function slowly(filter: "setpts" | "asetpts", { slowSeconds }: LiveTiming): string[] {
  if (slowSeconds <= 0) return [];
  const until = slowSeconds.toFixed(3);
  return [`${filter}='PTS+${SLOWER}*min(T,${until})/TB'`];
}

/**
 * The filters that keep sound in step with its timestamps: holes are filled, clocks that drift are followed, and what
 * comes out is counted by its samples alone.
 */
export function keepTime(sampleRate: number): string {
  return `aresample=${sampleRate}:async=${ASYNC_SAMPLES}:first_pts=0,${COUNTED_SAMPLES}`;
}

/** The filters that look at pictures at a low rate and write what they see; empty when nothing is wanted. */
export function pictureWatch(limits: WatchLimits | undefined, fps: Rational, news = NEWS): string[] {
  if (!limits || !(limits.frozenSeconds > 0 || limits.blackSeconds > 0)) return [];
  return [
    `framestep=${Math.max(1, Math.round(fps.num / fps.den / WATCH_RATE))}`,
    "scale=64:36:flags=area",
    ...(limits.frozenSeconds > 0 ? [`freezedetect=n=-60dB:d=${limits.frozenSeconds}`] : []),
    ...(limits.blackSeconds > 0 ? ["blackdetect=d=0:pix_th=0.10"] : []),
    `metadata=mode=print:${news}`,
  ];
}

/** The same of sound. */
export function soundWatch(limits: WatchLimits | undefined, news = NEWS): string[] {
  if (!limits || !(limits.silentSeconds > 0)) return [];
  return [
    `silencedetect=n=-60dB:d=${limits.silentSeconds}`,
    `ametadata=mode=print:key=lavfi.silence_start:${news}`,
  ];
}

/** The end of a chain, with a watch on a branch; what is put behind it goes on with what is shown. */
export function pictureBranch(watch: readonly string[]): string {
  return watch.length > 0 ? `split[shown][watched];[watched]${watch.join(",")},nullsink;[shown]` : "";
}

/** The same of sound. */
export function soundBranch(watch: readonly string[]): string {
  return watch.length > 0 ? `asplit[heard][judged];[judged]${watch.join(",")},anullsink;[heard]` : "";
}
