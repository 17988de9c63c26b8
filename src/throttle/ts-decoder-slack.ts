import { PCR_TICKS } from "../mpegts/packets.ts";
import { wrappedDelta } from "../mpegts/pes-header.ts";
import { PCR_WRAP, SYSTEM_CLOCK_HZ } from "./ts-segments.ts";

/** Before anything is known, and at the most, in ticks of 27 MHz. */
const UNKNOWN_SLACK = SYSTEM_CLOCK_HZ / 10;
const MOST_SLACK = SYSTEM_CLOCK_HZ / 2;
/** What is left of the measured slack for access units that are still to come. */
const SHARE = 0.75;
/** No decoder is given more time than this (ISO/IEC 13818-1 2.14.3.1): such values are of another time base. */
const PLAUSIBLE = 10 * SYSTEM_CLOCK_HZ;
const TIMESTAMP_BYTES = 5;

interface AccessUnit {
  dts: number;
  /** PCR time of its last packet so far. */
  arrived: number;
}

/**
 * How much later than its own clock says a stream may be sent: its access units must still be there when they are
 * decoded. Measured from the decoding times that go by.
 */
export class DecoderSlack {
  readonly #units = new Map<number, AccessUnit>();
  #smallest = Number.POSITIVE_INFINITY;

  /** In ticks of 27 MHz. */
  get ticks(): number {
    if (this.#smallest === Number.POSITIVE_INFINITY) return UNKNOWN_SLACK;
    return Math.min(MOST_SLACK, this.#smallest * SHARE);
  }

  /** A packet of `pid` at `bytes[at … at + 188)`, which by the stream's own PCR arrives at `arrival`. */
  note(bytes: Uint8Array, at: number, pid: number, arrival: number): void {
    const unit = this.#units.get(pid);
    if ((bytes[at + 1]! & 0x40) === 0) {
      if (unit) unit.arrived = arrival;
      return;
    }
    if (unit) this.#judge(unit);
    const dts = decodingTime(bytes, at);
    if (dts === undefined) this.#units.delete(pid);
    else if (unit) {
      unit.dts = dts;
      unit.arrived = arrival;
    } else this.#units.set(pid, { dts, arrived: arrival });
  }

  #judge({ dts, arrived }: AccessUnit): void {
    const slack = wrappedDelta(dts * PCR_TICKS, arrived, PCR_WRAP);
    if (slack > 0 && slack < PLAUSIBLE) this.#smallest = Math.min(this.#smallest, slack);
  }
}

/** DTS (or PTS, where they are equal) of the PES packet that begins in this packet, in ticks of 90 kHz. */
function decodingTime(bytes: Uint8Array, at: number): number | undefined {
  const control = (bytes[at + 3]! >> 4) & 3;
  if ((control & 1) === 0) return undefined;
  const pes = at + 4 + (control === 3 ? 1 + bytes[at + 4]! : 0);
  const flags = bytes[pes + 7]! >> 6;
  const from = pes + 9 + (flags === 3 ? TIMESTAMP_BYTES : 0);
  if (from + TIMESTAMP_BYTES > at + 188 || flags < 2) return undefined;
  if (bytes[pes] !== 0 || bytes[pes + 1] !== 0 || bytes[pes + 2] !== 1) return undefined;
  const top = (bytes[from]! >> 1) & 7;
  const middle = (bytes[from + 1]! << 7) | (bytes[from + 2]! >> 1);
  const low = (bytes[from + 3]! << 7) | (bytes[from + 4]! >> 1);
  return top * 2 ** 30 + middle * 2 ** 15 + low;
}
