/** Anything with a planned length in house frames. */
export interface Timed {
  readonly frames: number;
}

/** An item in its place: `startFrame` is counted from the Unix epoch, like every schedule frame. */
export interface ScheduleSlot<T extends Timed> {
  readonly item: T;
  readonly startFrame: number;
}

/**
 * Items that follow each other for ever. The loop is laid out from the Unix epoch, so what is on at any moment
 * is a function of the wall clock alone: a channel is "on" before anyone tunes in, and after a restart.
 */
export class LoopSchedule<T extends Timed> {
  readonly items: readonly T[];
  /** Frames of one round. */
  readonly loopFrames: number;
  readonly #starts: readonly number[];

  constructor(items: readonly T[]) {
    const starts: number[] = [];
    let total = 0;
    for (const item of items) {
      if (!Number.isSafeInteger(item.frames) || item.frames < 1)
        throw new RangeError("an item without length");
      starts.push(total);
      total += item.frames;
    }
    if (total === 0) throw new RangeError("a schedule without items");
    this.items = items;
    this.loopFrames = total;
    this.#starts = starts;
  }

  /** The item that is on at schedule frame `frame`. */
  at(frame: number): ScheduleSlot<T> {
    const place = ((frame % this.loopFrames) + this.loopFrames) % this.loopFrames;
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#starts[middle]! <= place) low = middle;
      else high = middle - 1;
    }
    return { item: this.items[low]!, startFrame: frame - place + this.#starts[low]! };
  }

  /** The slot that follows `slot`. */
  after(slot: ScheduleSlot<T>): ScheduleSlot<T> {
    return this.at(slot.startFrame + slot.item.frames);
  }
}
