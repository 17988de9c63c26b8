import { endFrame, type TimedGop } from "../media/timed-gop.ts";

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
}
