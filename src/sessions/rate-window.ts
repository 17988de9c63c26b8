const BUCKET_MS = 1_000;
const BUCKETS = 10;

/** How fast bytes went in the last ten seconds, in constant memory. */
export class RateWindow {
  readonly #bytes = new Float64Array(BUCKETS);
  readonly #startMs: number;
  /** Number of the newest bucket since the start. */
  #newest = 0;

  /** Begins at `nowMs` (monotonic). */
  constructor(nowMs: number) {
    this.#startMs = nowMs;
  }

  /** Counts `bytes` that went at `nowMs`. */
  add(nowMs: number, bytes: number): void {
    this.#advance(nowMs);
    this.#bytes[this.#newest % BUCKETS]! += bytes;
  }

  /** Bits per second at `nowMs`. */
  bps(nowMs: number): number {
    this.#advance(nowMs);
    let bytes = 0;
    for (const held of this.#bytes) bytes += held;
    const heldMs = nowMs - this.#startMs - Math.max(0, this.#newest - BUCKETS + 1) * BUCKET_MS;
    // A moment after the start says nothing yet.
    return Math.round((bytes * 8000) / Math.max(heldMs, BUCKET_MS));
  }

  #advance(nowMs: number): void {
    const bucket = Math.floor((nowMs - this.#startMs) / BUCKET_MS);
    if (bucket - this.#newest >= BUCKETS) this.#bytes.fill(0);
    else for (let at = this.#newest + 1; at <= bucket; at++) this.#bytes[at % BUCKETS] = 0;
    this.#newest = Math.max(this.#newest, bucket);
  }
}
