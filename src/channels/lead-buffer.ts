import { frameCount, type Gop, truncateGop } from "../media/gop.ts";
import { endFrame, type TimedGop } from "../media/timed-gop.ts";

/** Fewer pictures than this do not stand between two IDR pictures (ITU-T H.264 7.4.3, idr_pic_id). */
const LEAST_FRAMES = 2;

/**
 * Gops that have their place on the timeline and wait for their time: what viewers play while an encoder is
 * replaced. Bounded by whoever fills it, to so much time beyond the channel's clock.
 */
export class LeadBuffer {
  readonly #gops: TimedGop[] = [];
  #end: number;

  /** `startFrame`: channel frame at which the first Gop will begin. */
  constructor(startFrame: number) {
    this.#end = startFrame;
  }

  /** Channel frame at which the next Gop has to begin. */
  get end(): number {
    return this.#end;
  }

  /** Channel frame at which the first Gop that waits begins. */
  get start(): number {
    return this.#gops[0]?.frame ?? this.#end;
  }

  /** Adds the Gop that begins where the last one ended. */
  push(gop: TimedGop): void {
    if (gop.frame !== this.#end)
      throw new RangeError(`a Gop at frame ${gop.frame} where ${this.#end} is due`);
    this.#gops.push(gop);
    this.#end = endFrame(gop);
  }

  /** Takes the oldest Gop out, if it begins at or before channel frame `horizon`. */
  take(horizon: number): TimedGop | undefined {
    const gop = this.#gops[0];
    return gop && gop.frame <= horizon ? this.#gops.shift() : undefined;
  }

  /**
   * Lets go what waits from channel frame `frame` on (`start` at least), to be replaced, and returns where the lead
   * ends now: there, or a little earlier, where the Gop that spans `frame` can be ended. `place` lays what is left
   * of it on the timeline.
   */
  cut(frame: number, place: (gop: Gop, frame: number) => TimedGop): number {
    while (this.#gops.length > 0 && endFrame(this.#gops.at(-1)!) > frame) {
      const { gop, frame: start } = this.#gops.pop()!;
      this.#end = start;
      if (start >= frame) continue;
      const beginning = truncateGop(gop, frame - start);
      if (frameCount(beginning) >= LEAST_FRAMES) this.push(place(beginning, start));
      break;
    }
    return this.#end;
  }
}
