import type { LoudnessFacts } from "../ffmpeg/media-facts.ts";

/** How the level of a file's sound is changed: the same for every run, whatever part of the file it encodes. */
export interface Gain {
  readonly decibels: number;
  /** Whether peaks have to be held down, because the gain would lift them beyond `PEAK_LIMIT_DB`. */
  readonly limited: boolean;
}

/** Highest sample that leaves the limiter; a true peak between samples stays below −1 dBTP with it (EBU R 128 s1). */
export const PEAK_LIMIT_DB = -2;

/** Below this there is nothing but noise, which is not to be lifted. */
const NOISE_LUFS = -60;
const MAX_GAIN_DB = 24;

/** The gain that brings a measured stream to the target; undefined when it is to be left as it is. */
export function gainFor(loudness: LoudnessFacts | undefined, targetLufs: number): Gain | undefined {
  const { integratedLufs, truePeakDb } = loudness ?? {};
  if (integratedLufs === undefined || truePeakDb === undefined || integratedLufs < NOISE_LUFS)
    return undefined;
  const decibels = Math.min(MAX_GAIN_DB, Math.round((targetLufs - integratedLufs) * 100) / 100);
  return { decibels, limited: truePeakDb + decibels > PEAK_LIMIT_DB };
}
