import type { BufferSizes } from "./level-limits.ts";
import { PACKET_BYTES } from "./packet-reader.ts";
import { PCR_TICKS_PER_MS } from "./pcr-monitor.ts";

const TICKS_PER_SECOND = 1000 * PCR_TICKS_PER_MS;
/** Rounding of the clock, in ticks of 27 MHz, and of fluid levels, in bytes. */
const GRACE_TICKS = 27;
const GRACE_BYTES = 1;
/** More access units at a time than any decoder holds: the timestamps make no sense. */
const MOST_UNITS = 2048;

/** How full a buffer has been, how often it ran over, and when first. */
export interface BufferTally {
  maxBytes: number;
  overflows: number;
  firstTicks: number;
}

/**
 * One elementary stream in the system target decoder (ISO/IEC 13818-1 2.4.2): transport buffer, main buffer,
 * elementary stream buffer, from which access units are taken at their decoding time. Time is in ticks of 27 MHz.
 */
export class TargetDecoder {
  readonly transport: BufferTally = { maxBytes: 0, overflows: 0, firstTicks: 0 };
  /** The fullest that main and elementary stream buffer were together; overflows are the main buffer's. */
  readonly main: BufferTally = { maxBytes: 0, overflows: 0, firstTicks: 0 };
  /**
   * Access units that were taken, those whose last byte came after their time, and the least time to spare. What
   * the way through the buffers takes (some ms, as long as they do not run over) is left out.
   */
  units = 0;
  late = 0;
  firstLateTicks = 0;
  leastSpareTicks = Number.POSITIVE_INFINITY;
  #sizes: BufferSizes | undefined;
  #transportLevel = 0;
  #transportAt = Number.NEGATIVE_INFINITY;
  #isTransportOver = false;
  #isMainOver = false;
  /** Bytes counted from the first unit's first: come into the main buffer, passed on, taken. */
  #arrived = 0;
  #moved = 0;
  #taken = 0;
  #at = Number.NEGATIVE_INFINITY;
  readonly #dts = new Float64Array(MOST_UNITS);
  readonly #end = new Float64Array(MOST_UNITS);
  readonly #ready = new Float64Array(MOST_UNITS);
  /** Units `#head` ≤ n < `#tail` wait; the last one is still open. */
  #head = 0;
  #tail = 0;

  /** What the stream's buffers are like, once that is known; until then only lateness is judged. */
  setSizes(sizes: BufferSizes): void {
    this.#sizes = sizes;
  }

  get isSized(): boolean {
    return this.#sizes !== undefined;
  }

  /** Empties everything: what comes next has nothing to do with what came before. */
  restart(): void {
    this.#transportLevel = 0;
    this.#transportAt = Number.NEGATIVE_INFINITY;
    this.#at = Number.NEGATIVE_INFINITY;
    this.#arrived = 0;
    this.#moved = 0;
    this.#taken = 0;
    this.#head = 0;
    this.#tail = 0;
  }

  /** A packet has come, its last byte at `time`, after a duration of `ticks`. */
  packet(time: number, ticks: number): void {
    const sizes = this.#sizes;
    if (!sizes) return;
    const rate = sizes.transportRate / TICKS_PER_SECOND;
    const before = Math.max(0, this.#transportLevel - rate * Math.max(0, time - ticks - this.#transportAt));
    const level = Math.max(0, before + PACKET_BYTES - rate * ticks);
    const isOver = level > sizes.transportBytes + GRACE_BYTES;
    count(this.transport, level, isOver && !this.#isTransportOver, time);
    this.#isTransportOver = isOver;
    this.#transportLevel = Math.min(level, sizes.transportBytes);
    this.#transportAt = time;
  }

  /** Bytes of the stream have come; with a `dts` (27 MHz ticks, else NaN) they begin an access unit. */
  bytes(time: number, bytes: number, dts: number): void {
    this.#advance(time);
    if (!Number.isNaN(dts)) this.#begin(dts);
    if (this.#tail === 0) return;
    this.#arrived += bytes;
    this.#transfer(time);
    this.#ready[(this.#tail - 1) % MOST_UNITS] = time;
    const sizes = this.#sizes;
    if (!sizes) return;
    const isOver = this.#arrived - this.#moved > sizes.mainBytes + GRACE_BYTES;
    count(this.main, this.#arrived - this.#taken, isOver && !this.#isMainOver, time);
    this.#isMainOver = isOver;
  }

  #begin(dts: number): void {
    if (this.#tail > 0) this.#end[(this.#tail - 1) % MOST_UNITS] = this.#arrived;
    if (this.#tail - this.#head >= MOST_UNITS) this.restart();
    this.#dts[this.#tail++ % MOST_UNITS] = dts;
  }

  /** Lets time pass; whole units whose time has come are taken. */
  #advance(time: number): void {
    for (; this.#head < this.#tail - 1; this.#head++) {
      const index = this.#head % MOST_UNITS;
      const dts = this.#dts[index]!;
      if (dts > time) break;
      this.#transfer(Math.max(dts, this.#at));
      this.#judge(dts, this.#ready[index]!);
      this.#taken = this.#end[index]!;
      this.#moved = Math.max(this.#moved, this.#taken);
    }
    this.#transfer(time);
  }

  #judge(dts: number, ready: number): void {
    const spare = dts - ready;
    this.units += 1;
    this.leastSpareTicks = Math.min(this.leastSpareTicks, spare);
    if (spare >= -GRACE_TICKS) return;
    if (this.late === 0) this.firstLateTicks = dts;
    this.late += 1;
  }

  /** From the main into the elementary stream buffer, as fast and as far as there is room. */
  #transfer(time: number): void {
    const elapsed = time - this.#at;
    this.#at = time;
    const waiting = this.#arrived - this.#moved;
    if (waiting <= 0) return;
    const sizes = this.#sizes;
    const room = sizes ? sizes.elementaryBytes - (this.#moved - this.#taken) : waiting;
    // Without a rate of its own (audio) the two are one buffer.
    const isOne = !sizes || sizes.transferRate === Number.POSITIVE_INFINITY;
    const able = isOne ? waiting : (sizes.transferRate / TICKS_PER_SECOND) * Math.max(0, elapsed);
    this.#moved += Math.max(0, Math.min(waiting, room, able));
  }
}

function count(tally: BufferTally, bytes: number, overflows: boolean, time: number): void {
  tally.maxBytes = Math.max(tally.maxBytes, bytes);
  if (!overflows) return;
  if (tally.overflows === 0) tally.firstTicks = time;
  tally.overflows += 1;
}
