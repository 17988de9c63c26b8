import { PACKET_BYTES, PCR_TICKS } from "./packets.ts";

/** Ticks per second of the system clock (ISO/IEC 13818-1 2.4.2.1). */
export const SYSTEM_CLOCK_HZ = 90_000 * PCR_TICKS;
/** The PCR is the time of the byte that holds the last bit of its base (2.4.2.2): bits of a packet before it. */
const BITS_BEFORE_PCR = 8 * 10;
const BITS_PER_PACKET = 8 * PACKET_BYTES;

/**
 * The times of packets at constant rate, in 27 MHz ticks: exact for ever, as the fraction of a tick is carried
 * along as a whole number of 1/rate. Nothing is rounded but the PCR.
 */
export class WireClock {
  /** Time at which the next packet begins: `ticks` + `#part`/`bps`. */
  ticks = Number.NEGATIVE_INFINITY;
  #part = 0;
  #bps = 1;
  #stepTicks = 0;
  #stepPart = 0;
  #pcrBits = 0;
  #markedTicks = 0;
  #markedPart = 0;
  #markedBps = 1;

  get bps(): number {
    return this.#bps;
  }

  /** Whole ticks that a packet takes, rounded up. */
  get packetTicks(): number {
    return this.#stepTicks + 1;
  }

  /** Time at which the next packet begins, as a real number. */
  get now(): number {
    return this.ticks + this.#part / this.#bps;
  }

  /** The PCR of the next packet. */
  get pcr(): number {
    return this.ticks + Math.round((this.#part + this.#pcrBits) / this.#bps);
  }

  /** Takes another rate, a positive whole number of bit/s, from the next packet on. */
  setRate(bps: number): void {
    if (bps === this.#bps) return;
    // A fraction of a tick has no equal in parts of the other rate: the next packet begins at a whole tick.
    if (this.#part > 0) this.ticks += 1;
    this.#part = 0;
    this.#bps = bps;
    const bits = BITS_PER_PACKET * SYSTEM_CLOCK_HZ;
    this.#stepTicks = Math.floor(bits / bps);
    this.#stepPart = bits - this.#stepTicks * bps;
    this.#pcrBits = BITS_BEFORE_PCR * SYSTEM_CLOCK_HZ;
  }

  /** Moves the next packet to `ticks`, unless it lies there or later already. */
  notBefore(ticks: number): void {
    if (this.ticks >= ticks) return;
    this.ticks = ticks;
    this.#part = 0;
  }

  /** A packet has been written. */
  advance(): void {
    this.ticks += this.#stepTicks;
    this.#part += this.#stepPart;
    if (this.#part < this.#bps) return;
    this.#part -= this.#bps;
    this.ticks += 1;
  }

  /** Remembers this place, for `reset`. */
  mark(): void {
    this.#markedTicks = this.ticks;
    this.#markedPart = this.#part;
    this.#markedBps = this.#bps;
  }

  /** Goes back to the marked place and its rate. */
  reset(): void {
    this.setRate(this.#markedBps);
    this.ticks = this.#markedTicks;
    this.#part = this.#markedPart;
  }
}
