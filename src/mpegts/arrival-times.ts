import { PACKET_BYTES } from "./packet-reader.ts";
import type { TargetDecoder } from "./target-decoder.ts";

/** The PCR is the time of the byte with the last bit of its base (ISO/IEC 13818-1 2.4.2.2). */
const PCR_BYTE = 10;
/** More between two PCRs than 100 ms at 100 Mb/s: without a clock there are no times of arrival. */
const MOST_EVENTS = 1 << 14;
/** Room for the usual number of them, to begin with. */
const USUAL_EVENTS = 1 << 9;

/**
 * Gives the packets of an elementary stream their times of arrival and hands them to its decoder. Between two PCRs
 * bytes come at even distance (ISO/IEC 13818-1 2.4.2.2), so they wait here until the second one is known.
 */
export class ArrivalTimes {
  readonly #decoder: TargetDecoder;
  /** Per event: position of its packet, bytes of the stream, decoding time of a unit that begins (or NaN). */
  #positions = new Float64Array(USUAL_EVENTS);
  #bytes = new Float64Array(USUAL_EVENTS);
  #dts = new Float64Array(USUAL_EVENTS);
  #count = 0;
  #pcrPosition = Number.NaN;
  #pcrTicks = 0;
  #epoch = -1;

  constructor(decoder: TargetDecoder) {
    this.#decoder = decoder;
  }

  /** Bytes of the stream in the packet at `position` (0 for one without); `dts` when they begin a unit, or NaN. */
  push(position: number, bytes: number, dts: number): void {
    if (this.#count === MOST_EVENTS) this.restart();
    if (this.#count === this.#positions.length) this.#grow();
    this.#positions[this.#count] = position;
    this.#bytes[this.#count] = bytes;
    this.#dts[this.#count++] = dts;
  }

  /** A PCR: its packet's position and its time, in 27 MHz ticks that run on while `epoch` stays the same. */
  onPcr(position: number, ticks: number, epoch: number): void {
    if (epoch !== this.#epoch) this.restart();
    if (!Number.isNaN(this.#pcrPosition)) this.#flush(position, ticks);
    this.#epoch = epoch;
    this.#pcrPosition = position;
    this.#pcrTicks = ticks;
  }

  /** Forgets what waits here and what is in the decoder. */
  restart(): void {
    this.#count = 0;
    this.#pcrPosition = Number.NaN;
    this.#decoder.restart();
  }

  #grow(): void {
    const [positions, bytes, dts] = [this.#positions, this.#bytes, this.#dts];
    this.#positions = new Float64Array(2 * positions.length);
    this.#bytes = new Float64Array(2 * bytes.length);
    this.#dts = new Float64Array(2 * dts.length);
    this.#positions.set(positions);
    this.#bytes.set(bytes);
    this.#dts.set(dts);
  }

  #flush(position: number, ticks: number): void {
    const ticksPerByte = (ticks - this.#pcrTicks) / (position - this.#pcrPosition);
    let last = Number.NaN;
    for (let event = 0; event < this.#count; event++) {
      const from = this.#positions[event]!;
      const end = from + PACKET_BYTES - this.#pcrPosition - PCR_BYTE;
      const time = this.#pcrTicks + end * ticksPerByte;
      if (from !== last) this.#decoder.packet(time, PACKET_BYTES * ticksPerByte);
      last = from;
      this.#decoder.bytes(time, this.#bytes[event]!, this.#dts[event]!);
    }
    this.#count = 0;
  }
}
