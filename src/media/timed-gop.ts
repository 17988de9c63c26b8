import { frameCount, type Gop } from "./gop.ts";

/** Stands for "no sample: play stored silence" in `TimedGop.audio`. */
export const SILENCE = -1;

/** A Gop in its place on a channel's timeline: what the Splicer gives and the Muxer takes. */
export interface TimedGop {
  readonly gop: Gop;
  /** Channel frame that is shown first. */
  readonly frame: number;
  /** Channel number of the first audio frame. Spans abut: each Gop's audio begins where the last one's ended. */
  readonly audioFrame: number;
  /** For each audio frame of the span, the index of its sample in `gop.audio`, or `SILENCE`. */
  readonly audio: Int16Array;
}

/** Channel frame at which the Gop after this one begins. */
export function endFrame(timed: TimedGop): number {
  return timed.frame + frameCount(timed.gop);
}
