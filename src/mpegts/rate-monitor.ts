import { PACKET_BYTES } from "./packet-reader.ts";

/** Packets over which a constant rate must show. */
const SPAN_BYTES = 100 * PACKET_BYTES;
/** PCRs that are kept: more than there can be in a span. */
const KEPT = 256;
/** A tenth of a packet, and what two PCRs may be wrong by (500 ns each), in bytes and ticks of 27 MHz. */
const GRACE_BYTES = PACKET_BYTES / 10;
const GRACE_TICKS = 27;
const TICKS_PER_SECOND = 27_000_000;

/** Measures the rate over every 100 packets: between PCRs that lie so far apart or, where those are rare, more. */
export class RateMonitor {
  /** Spans measured, and those whose rate differs from the mean; least and greatest rate in bit/s. */
  spans = 0;
  errors = 0;
  minBps = Number.POSITIVE_INFINITY;
  maxBps = 0;
  readonly #positions = new Float64Array(KEPT);
  readonly #ticks = new Float64Array(KEPT);
  /** PCRs since the last restart, and the oldest of them that the next span may begin with. */
  #count = 0;
  #from = 0;
  #firstPosition = 0;
  #firstTicks = 0;

  /** A PCR in ticks that run on without wrap, and the byte position of its packet. */
  push(position: number, ticks: number): void {
    if (this.#count === 0) {
      this.#firstPosition = position;
      this.#firstTicks = ticks;
    }
    this.#positions[this.#count % KEPT] = position;
    this.#ticks[this.#count % KEPT] = ticks;
    this.#count += 1;
    this.#from = Math.max(this.#from, this.#count - KEPT);
    while (this.#from + 1 < this.#count && this.#bytesFrom(this.#from + 1, position) >= SPAN_BYTES) {
      this.#from += 1;
    }
    const bytes = this.#bytesFrom(this.#from, position);
    if (bytes >= SPAN_BYTES) this.#judge(bytes, ticks - this.#ticks[this.#from % KEPT]!, position, ticks);
  }

  /** The time base or the byte count has a break here. */
  restart(): void {
    this.#count = 0;
    this.#from = 0;
  }

  #bytesFrom(index: number, position: number): number {
    return position - this.#positions[index % KEPT]!;
  }

  #judge(bytes: number, spanTicks: number, position: number, ticks: number): void {
    const mean = (position - this.#firstPosition) / (ticks - this.#firstTicks);
    const rate = (8 * bytes * TICKS_PER_SECOND) / spanTicks;
    this.spans += 1;
    this.minBps = Math.min(this.minBps, rate);
    this.maxBps = Math.max(this.maxBps, rate);
    if (Math.abs(bytes - mean * spanTicks) > GRACE_BYTES + mean * GRACE_TICKS) this.errors += 1;
  }
}
