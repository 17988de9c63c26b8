import { PACKET_BYTES } from "./packets.ts";

/** Size of a transport buffer TB (ISO/IEC 13818-1 2.4.2.3). */
const TRANSPORT_BUFFER_BYTES = 512;

/** A transport buffer of the system target decoder: whole packets in, bytes out at a fixed rate. Times in 27 MHz. */
export class TransportBuffer {
  #bytesPerTick = Number.POSITIVE_INFINITY;
  #level = 0;
  #at = 0;
  #markedLevel = 0;
  #markedAt = 0;

  /** Bytes that leave it per 27 MHz tick. */
  setLeak(bytesPerTick: number): void {
    this.#bytesPerTick = bytesPerTick;
  }

  /** Whether so many packets that arrive now find room. */
  fits(now: number, packets: number): boolean {
    return this.#levelAt(now) + packets * PACKET_BYTES <= TRANSPORT_BUFFER_BYTES;
  }

  /** A packet arrives. */
  add(now: number): void {
    this.#level = this.#levelAt(now) + PACKET_BYTES;
    this.#at = now;
  }

  mark(): void {
    this.#markedLevel = this.#level;
    this.#markedAt = this.#at;
  }

  reset(): void {
    this.#level = this.#markedLevel;
    this.#at = this.#markedAt;
  }

  #levelAt(now: number): number {
    const elapsed = now - this.#at;
    return elapsed > 0 ? Math.max(0, this.#level - elapsed * this.#bytesPerTick) : this.#level;
  }
}

/** A main buffer of the system target decoder: access units wait in it and leave at their time, all at once. */
export class MainBuffer {
  size: number;
  #times = new Float64Array(256);
  #bytes = new Uint32Array(256);
  /** Units `#head` ≤ n < `#tail` wait, each at index n modulo the array's length. */
  #head = 0;
  #tail = 0;
  #occupancy = 0;
  #markedHead = 0;
  #markedTail = 0;
  #markedOccupancy = 0;

  /** `size` in bytes. */
  constructor(size: number) {
    this.size = size;
  }

  /** A unit of `bytes` begins to arrive, and is to leave at `time`. Units come in the order of their times. */
  begin(time: number, bytes: number): void {
    if (this.#tail - this.#markedHead >= this.#times.length) this.#grow();
    const index = this.#tail++ & (this.#times.length - 1);
    this.#times[index] = time;
    this.#bytes[index] = bytes;
  }

  /** `bytes` of a unit that has begun have arrived. */
  fill(bytes: number): void {
    this.#occupancy += bytes;
  }

  /** Removes the units whose time has come. */
  advance(now: number): void {
    const mask = this.#times.length - 1;
    while (this.#head < this.#tail && this.#times[this.#head & mask]! <= now) {
      this.#occupancy -= this.#bytes[this.#head++ & mask]!;
    }
  }

  fits(bytes: number): boolean {
    return this.#occupancy + bytes <= this.size;
  }

  mark(): void {
    this.#markedHead = this.#head;
    this.#markedTail = this.#tail;
    this.#markedOccupancy = this.#occupancy;
  }

  reset(): void {
    this.#head = this.#markedHead;
    this.#tail = this.#markedTail;
    this.#occupancy = this.#markedOccupancy;
  }

  #grow(): void {
    const [times, bytes] = [this.#times, this.#bytes];
    this.#times = new Float64Array(2 * times.length);
    this.#bytes = new Uint32Array(2 * bytes.length);
    for (let unit = this.#markedHead; unit < this.#tail; unit++) {
      this.#times[unit & (this.#times.length - 1)] = times[unit & (times.length - 1)]!;
      this.#bytes[unit & (this.#bytes.length - 1)] = bytes[unit & (bytes.length - 1)]!;
    }
  }
}
