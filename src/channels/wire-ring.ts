import type { WireGop } from "../mpegts/wire-gop.ts";

/** A position in a channel's bytes, counted from its first packet on air. */
export type WirePosition = number;

interface Entry {
  readonly gop: WireGop;
  readonly start: WirePosition;
  readonly end: WirePosition;
}

/**
 * The released bytes of a channel, in immutable pieces that all viewers share, with an index of keyframes (each
 * piece begins with one). Holds a bounded time; a viewer is a position in it and costs nothing here.
 */
export class WireRing {
  readonly #capacityFrames: number;
  readonly #entries: Entry[] = [];
  #frames = 0;
  #end: WirePosition = 0;
  #head: WirePosition = 0;

  /** `capacityFrames`: how much released media is kept. */
  constructor(capacityFrames: number) {
    this.#capacityFrames = capacityFrames;
  }

  /** Everything before this position has been released. */
  get head(): WirePosition {
    return this.#head;
  }

  /** The oldest position that can still be read. */
  get tail(): WirePosition {
    return this.#entries[0]?.start ?? this.#end;
  }

  /** The newest piece, and how much of it is released. */
  get newest(): { gop: WireGop; released: number } | undefined {
    const entry = this.#entries.at(-1);
    return entry && { gop: entry.gop, released: this.#head - entry.start };
  }

  /** Adds a piece, of which nothing is released yet. The one before must be released whole. */
  append(gop: WireGop): void {
    if (this.#head !== this.#end) throw new RangeError("the piece before is not released yet");
    const start = this.#end;
    this.#end = start + gop.bytes.length;
    this.#entries.push({ gop, start, end: this.#end });
    this.#frames += gop.frames;
    while (this.#entries.length > 1 && this.#frames - this.#entries[0]!.gop.frames >= this.#capacityFrames) {
      this.#frames -= this.#entries.shift()!.gop.frames;
    }
  }

  /** Releases the newest piece up to `bytes` from its start. What is released stays so. */
  release(bytes: number): void {
    const entry = this.#entries.at(-1);
    if (entry) this.#head = Math.max(this.#head, Math.min(entry.end, entry.start + bytes));
  }

  /** Start of the newest piece of which something is released; undefined while there is none. */
  newestKeyframe(): WirePosition | undefined {
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const { start } = this.#entries[index]!;
      if (start < this.#head) return start;
    }
    return undefined;
  }

  /** Released bytes from `position`, at most `maxBytes` and up to the end of a piece; undefined when there are none. */
  read(position: WirePosition, maxBytes = Number.POSITIVE_INFINITY): Uint8Array | undefined {
    if (position >= this.#head || position < this.tail) return undefined;
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const { gop, start, end } = this.#entries[index]!;
      if (position < start) continue;
      const to = Math.min(end, this.#head, position + maxBytes);
      return gop.bytes.subarray(position - start, to - start);
    }
    return undefined;
  }
}
