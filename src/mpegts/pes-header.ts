/** PTS and DTS wrap at this many ticks of 90 kHz (ISO/IEC 13818-1 2.4.3.7: 33 bits). */
export const TIMESTAMP_WRAP = 2 ** 33;

/** `later` − `earlier` on a circle of `wrap` ticks, as the shorter way round: −wrap/2 < result ≤ wrap/2. */
export function wrappedDelta(later: number, earlier: number, wrap: number): number {
  let delta = (later - earlier) % wrap;
  if (delta > wrap / 2) delta -= wrap;
  else if (delta <= -wrap / 2) delta += wrap;
  return delta;
}

const FIXED_BYTES = 9;
/** All that the timestamps need; the rest of a header is skipped. */
const KEPT_BYTES = 19;

/** Reads PES packet headers (ISO/IEC 13818-1 2.4.3.6), also where one spans several packets. */
export class PesHeaderReader {
  state: "idle" | "reading" | "complete" | "malformed" = "idle";
  /** Ticks of 90 kHz, or -1 when the header has no timestamps; DTS equals PTS where it is not sent. */
  pts = -1;
  dts = -1;
  readonly #kept = new Uint8Array(KEPT_BYTES);
  #taken = 0;
  #length = FIXED_BYTES;

  /** A new PES packet begins. */
  begin(): void {
    this.state = "reading";
    this.pts = -1;
    this.dts = -1;
    this.#taken = 0;
    this.#length = FIXED_BYTES;
  }

  /** Takes header bytes from `bytes[from … to)` and returns where the header ends, or `to`. */
  push(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && this.#taken < this.#length) {
      if (this.#taken < KEPT_BYTES) this.#kept[this.#taken] = bytes[at]!;
      this.#taken += 1;
      at += 1;
      if (this.#taken === FIXED_BYTES) this.#readFixed();
    }
    if (this.state === "reading" && this.#taken === this.#length) this.#readTimestamps();
    return at;
  }

  #readFixed(): void {
    const kept = this.#kept;
    if (kept[0] !== 0 || kept[1] !== 0 || kept[2] !== 1) this.state = "malformed";
    else if (!hasOptionalHeader(kept[3]!)) this.state = "complete";
    else this.#length = FIXED_BYTES + kept[8]!;
  }

  #readTimestamps(): void {
    const flags = this.#kept[7]! >> 6;
    const needed = flags === 3 ? 19 : flags === 2 ? 14 : FIXED_BYTES;
    this.state = flags === 1 || this.#length < needed ? "malformed" : "complete";
    if (this.state === "malformed" || flags === 0) return;
    this.pts = readTimestamp(this.#kept, 9);
    this.dts = flags === 3 ? readTimestamp(this.#kept, 14) : this.pts;
  }
}

// Programme stream map, padding, private_stream_2, ECM, EMM, DSM-CC, H.222.1 type E and directory have none.
function hasOptionalHeader(streamId: number): boolean {
  return ![0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff].includes(streamId);
}

function readTimestamp(bytes: Uint8Array, at: number): number {
  const top = (bytes[at]! >> 1) & 7;
  const low =
    (bytes[at + 1]! << 22) | ((bytes[at + 2]! >> 1) << 15) | (bytes[at + 3]! << 7) | (bytes[at + 4]! >> 1);
  return top * 2 ** 30 + low;
}
