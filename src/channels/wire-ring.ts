import { type WireGop, wireBytesDue, wireStart, wireTime } from "../mpegts/wire-gop.ts";

/** A position in a channel's bytes, counted from its first packet on air. */
export type WirePosition = number;

interface Entry {
  readonly gop: WireGop;
  readonly start: WirePosition;
  readonly end: WirePosition;
}

/**
 * The bytes of a channel, in immutable pieces that all viewers share, indexed by channel time. Each piece begins
 * with a keyframe. What the channel's clock has passed is kept for a bounded time; what lies before it is bounded
 * by the lead. A viewer is a position in it and costs nothing here.
 */
export class WireRing {
  /** How much is kept behind the channel's clock. */
  readonly capacityFrames: number;
  readonly #entries: Entry[] = [];
  #end: WirePosition = 0;
  #head: WirePosition = 0;
  #now = 0;

  constructor(capacityFrames: number) {
    this.capacityFrames = capacityFrames;
  }

  /** Where the channel's clock stands (channel frames), as far as the ring has been told. */
  get now(): number {
    return this.#now;
  }

  /** Everything before this position is due by the channel's clock. */
  get head(): WirePosition {
    return this.#head;
  }

  /** Everything before this position can be read. */
  get end(): WirePosition {
    return this.#end;
  }

  /** The oldest position that can still be read. */
  get tail(): WirePosition {
    return this.#entries[0]?.start ?? this.#end;
  }

  /** Length of the newest piece. */
  get newestBytes(): number {
    return this.#entries.at(-1)?.gop.bytes.length ?? 0;
  }

  /** Adds a piece: the one whose first frame follows the last one's. */
  append(gop: WireGop): void {
    const start = this.#end;
    this.#end = start + gop.bytes.length;
    this.#entries.push({ gop, start, end: this.#end });
  }

  /** Moves the head to what is due at channel position `now`, and drops what lies too far behind. */
  advance(now: number): void {
    this.#now = now;
    this.#head = Math.max(this.#head, this.at(now));
    const newest = this.#entries.at(-1);
    if (!newest) return;
    const oldest = Math.min(now, newest.gop.frame + newest.gop.frames) - this.capacityFrames;
    while (this.#entries.length > 1) {
      const { gop } = this.#entries[0]!;
      if (gop.frame + gop.frames > oldest) return;
      this.#entries.shift();
    }
  }

  /** The bytes that are due at channel position `position`, as far as they are here. */
  at(position: number): WirePosition {
    if (position === Number.POSITIVE_INFINITY) return this.#end;
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const { gop, start } = this.#entries[index]!;
      if (position >= wireStart(gop)) return start + wireBytesDue(gop, position);
    }
    return this.tail;
  }

  /** How far a reader may go that may have been served up to channel position `limit`. */
  reach(limit: number): WirePosition {
    return limit === this.#now ? this.#head : this.at(limit);
  }

  /** Channel position at which the byte at `position` is due. */
  timeOf(position: WirePosition): number {
    const within = Math.max(position, this.tail);
    const entry = this.#holding(within) ?? this.#entries.at(-1);
    if (!entry) return this.#now;
    return wireTime(entry.gop, Math.min(within, entry.end) - entry.start);
  }

  /** True until the first byte is due. */
  get isEmpty(): boolean {
    return this.#head === 0;
  }

  /** Start of the newest piece that has begun at channel position `position`, or of the oldest there is. */
  keyframe(position: number): WirePosition {
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const { gop, start } = this.#entries[index]!;
      if (wireStart(gop) <= position && start < this.#head) return start;
    }
    return this.tail;
  }

  /** Bytes from `position` to at most `until`, and up to the end of a piece; undefined when there are none. */
  read(position: WirePosition, until: WirePosition = this.#head): Uint8Array | undefined {
    if (position >= until || position < this.tail) return undefined;
    const entry = this.#holding(position);
    if (!entry) return undefined;
    const { gop, start, end } = entry;
    return gop.bytes.subarray(position - start, (until < end ? until : end) - start);
  }

  #holding(position: WirePosition): Entry | undefined {
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index]!;
      if (position >= entry.start) return position < entry.end ? entry : undefined;
    }
    return undefined;
  }
}
