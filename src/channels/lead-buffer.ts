import { endFrame, type TimedGop } from "../media/timed-gop.ts";

/**
 * Gops that have their place on the timeline and wait for their time: what viewers play while an encoder is
 * replaced. Bounded by whoever fills it, who waits in `room` when it is full.
 */
export class LeadBuffer {
  readonly #gops: TimedGop[] = [];
  #end: number;
  #room = Promise.withResolvers<void>();

  /** `startFrame`: channel frame at which the first Gop will begin. */
  constructor(startFrame: number) {
    this.#end = startFrame;
  }

  /** Channel frame at which the next Gop has to begin. */
  get end(): number {
    return this.#end;
  }

  /** Number of Gops that wait. */
  get length(): number {
    return this.#gops.length;
  }

  /** Adds the Gop that begins where the last one ended. */
  push(gop: TimedGop): void {
    if (gop.frame !== this.#end)
      throw new RangeError(`a Gop at frame ${gop.frame} where ${this.#end} is due`);
    this.#gops.push(gop);
    this.#end = endFrame(gop);
  }

  /** The oldest Gop. */
  peek(): TimedGop | undefined {
    return this.#gops[0];
  }

  /** Takes the oldest Gop out. */
  shift(): TimedGop | undefined {
    const gop = this.#gops.shift();
    if (gop) this.nudge();
    return gop;
  }

  /** Wakes the one who waits in `room`. */
  nudge(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers<void>();
  }

  /** Resolves when something has been taken out, or at a nudge. */
  room(): Promise<void> {
    return this.#room.promise;
  }
}
