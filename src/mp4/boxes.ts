import { AppError } from "../base/errors.ts";

/** One ISO base media file format box (ISO/IEC 14496-12 4.2) inside a buffer: type and the span of its body. */
export interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** The error of everything in this folder: the encoder's output is not the fragmented MP4 that was asked for. */
export function malformed(detail: string): AppError {
  return new AppError("fragment_malformed", detail);
}

/** Reads numbers from a span of bytes; a read beyond its end is a `fragment_malformed` error. */
export class ByteReader {
  readonly #view: DataView;
  readonly #what: string;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, what: string, start = 0, end = bytes.length) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.position = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.position;
  }

  /** Moves on by `count` bytes and returns where it was. */
  skip(count: number): number {
    const at = this.position;
    if (count < 0 || count > this.end - at) throw malformed(`${this.#what} ends in the middle of a field`);
    this.position = at + count;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2));
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4));
  }

  i32(): number {
    return this.#view.getInt32(this.skip(4));
  }

  u64(): number {
    const high = this.u32();
    return high * 2 ** 32 + this.u32();
  }
}

/** The boxes that fill `bytes[start … end)`, in order. */
export function* boxesIn(bytes: Uint8Array, what: string, start = 0, end = bytes.length): Generator<Box> {
  const reader = new ByteReader(bytes, what, start, end);
  while (reader.left > 0) {
    const from = reader.position;
    let size = reader.u32();
    const type = boxType(reader.u32());
    if (size === 1) size = reader.u64();
    const boxEnd = size === 0 ? end : from + size;
    if (boxEnd < reader.position || boxEnd > end) throw malformed(`box '${type}' does not fit into ${what}`);
    yield { type, start: reader.position, end: boxEnd };
    reader.position = boxEnd;
  }
}

/** The first box of `type` directly inside `parent` (or in the whole buffer). */
export function childBox(bytes: Uint8Array, type: string, parent: Box): Box {
  for (const box of boxesIn(bytes, parent.type, parent.start, parent.end)) if (box.type === type) return box;
  throw malformed(`box '${parent.type}' holds no '${type}'`);
}

/** Four-character code of a 32-bit number; characters that do not print become '?'. */
export function boxType(code: number): string {
  const byte = (shift: number) => (code >>> shift) & 0xff;
  const bytes = [byte(24), byte(16), byte(8), byte(0)];
  return bytes.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : "?")).join("");
}
