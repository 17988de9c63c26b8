import { boxType, malformed } from "./boxes.ts";
import { type InitSegment, parseInitSegment } from "./init-segment.ts";
import { type Fragment, parseMovieFragment } from "./movie-fragment.ts";

/** Bounds on what a box may claim to hold, in bytes: far above any house format, far below harm. */
const MAX_HEADER_BOX_BYTES = 1 << 20;
const MAX_MEDIA_BOX_BYTES = 32 << 20;
const COMPACT_HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;

interface OpenBox {
  readonly type: string;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** Undefined when the body is skipped. */
  readonly body: Uint8Array | undefined;
  filled: number;
}

/**
 * Incremental reader of the encoder's fragmented MP4 (ISO/IEC 14496-12): bytes in, in pieces of any size;
 * whole fragments out. A fragment that is cut off is never returned. Holds at most one fragment in memory.
 */
export class FragmentReader {
  readonly #header = new Uint8Array(LARGE_HEADER_BYTES);
  #headerFilled = 0;
  #box: OpenBox | undefined;
  #init: InitSegment | undefined;
  #moof: Uint8Array | undefined;
  #moofBytes = 0;

  /** The parsed `moov`, once it has arrived. */
  get init(): InitSegment | undefined {
    return this.#init;
  }

  /** Takes the next bytes and returns the fragments that they completed. Throws `fragment_malformed`. */
  push(chunk: Uint8Array): Fragment[] {
    const fragments: Fragment[] = [];
    let position = 0;
    for (;;) {
      const box = this.#box;
      if (box) {
        position += this.#fill(box, chunk, position);
        if (box.filled < box.bodyBytes) return fragments;
        this.#box = undefined;
        const fragment = this.#finish(box);
        if (fragment) fragments.push(fragment);
      } else {
        if (position >= chunk.length) return fragments;
        position += this.#readHeader(chunk, position);
      }
    }
  }

  #fill(box: OpenBox, chunk: Uint8Array, position: number): number {
    const count = Math.min(box.bodyBytes - box.filled, chunk.length - position);
    box.body?.set(chunk.subarray(position, position + count), box.filled);
    box.filled += count;
    return count;
  }

  /** Collects a box header; returns the number of bytes it took from the chunk. */
  #readHeader(chunk: Uint8Array, start: number): number {
    let position = start;
    while (position < chunk.length) {
      this.#header[this.#headerFilled++] = chunk[position++]!;
      if (this.#headerFilled < COMPACT_HEADER_BYTES) continue;
      const view = new DataView(this.#header.buffer);
      const compact = view.getUint32(0);
      if (compact === 1 && this.#headerFilled < LARGE_HEADER_BYTES) continue;
      const size = compact === 1 ? view.getUint32(8) * 2 ** 32 + view.getUint32(12) : compact;
      this.#box = this.#open(boxType(view.getUint32(4)), this.#headerFilled, size);
      this.#headerFilled = 0;
      break;
    }
    return position - start;
  }

  #open(type: string, headerBytes: number, size: number): OpenBox {
    const bodyBytes = size - headerBytes;
    if (bodyBytes < 0) throw malformed(`box '${type}' is smaller than its own header`);
    const isHeader = type === "moov" || type === "moof";
    const isMedia = type === "mdat" && this.#moof !== undefined;
    if (this.#moof && type !== "mdat") throw malformed(`a 'moof' is followed by '${type}', not by 'mdat'`);
    if (isHeader && bodyBytes > MAX_HEADER_BOX_BYTES) throw malformed(`box '${type}' claims ${size} bytes`);
    if (isMedia && bodyBytes > MAX_MEDIA_BOX_BYTES) throw malformed(`box '${type}' claims ${size} bytes`);
    const body = isHeader || isMedia ? new Uint8Array(bodyBytes) : undefined;
    return { type, headerBytes, bodyBytes, body, filled: 0 };
  }

  #finish(box: OpenBox): Fragment | undefined {
    if (!box.body) return undefined;
    if (box.type === "moov") {
      if (this.#init) throw malformed("a second 'moov' in one stream");
      this.#init = parseInitSegment(box.body);
      return undefined;
    }
    if (!this.#init) throw malformed(`box '${box.type}' before 'moov'`);
    if (box.type === "moof") {
      this.#moof = box.body;
      this.#moofBytes = box.headerBytes + box.bodyBytes;
      return undefined;
    }
    const moof = this.#moof!;
    this.#moof = undefined;
    return parseMovieFragment(moof, box.body, this.#moofBytes + box.headerBytes, this.#init);
  }
}
