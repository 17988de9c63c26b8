import { PACKET_BYTES, writePcr } from "../mpegts/packets.ts";
import { readPcr } from "../mpegts/pcr-monitor.ts";
import { DecoderSlack } from "./ts-decoder-slack.ts";
import { pidOf, type Segment, SYSTEM_CLOCK_HZ } from "./ts-segments.ts";

const NULL_PID = 0x1fff;

/** The stream's own rate rose beyond the target, or fell below it again. */
export type RateNews =
  | { readonly type: "rate_over_target"; readonly bitrateBps: number }
  | { readonly type: "rate_within_target" };

/** Bytes at constant rate. */
export interface ConstantRateRun {
  readonly bytes: Uint8Array;
  /** Ticks of 27 MHz at which its first byte leaves, and the byte behind its last one. */
  readonly start: number;
  readonly end: number;
}

/**
 * Makes a stream of constant bit rate of one of any rate: packets leave in their order in slots of equal length,
 * empty slots hold null packets (ISO/IEC 13818-1 2.4.1), and each PCR is moved by as much as its packet was.
 * Peaks are spread over later slots as far as decoders allow for; where the stream's own rate exceeds the target
 * for longer, slots are as short as it needs.
 */
export class ConstantRate {
  readonly #slotTicks: number;
  readonly #slack = new DecoderSlack();
  readonly #onNews: (news: RateNews) => void;
  // The time of the next slot, as a sum that collects no rounding errors.
  #anchor = 0;
  #slots = 0;
  #isOver = false;

  constructor(targetBps: number, onNews: (news: RateNews) => void) {
    this.#slotTicks = (PACKET_BYTES * 8 * SYSTEM_CLOCK_HZ) / targetBps;
    this.#onNews = onNews;
  }

  /** The slots up to the segment's last packet. */
  push(segment: Segment): ConstantRateRun {
    const { bytes, start, ticks, pcr } = segment;
    const count = bytes.length / PACKET_BYTES;
    const step = ticks / count;
    const begin = this.#now();
    const idle = Math.max(0, Math.ceil((start + ticks - begin) / this.#slotTicks));
    const out = Buffer.allocUnsafe((count + idle + 1) * PACKET_BYTES);
    let position = 0;
    for (let index = 0; index < count; index++) {
      const at = index * PACKET_BYTES;
      const pid = pidOf(bytes, at);
      if (pid === NULL_PID) continue;
      const arrival = start + index * step;
      if (pcr !== undefined) this.#slack.note(bytes, at, pid, pcr + index * step);
      for (; this.#now() < arrival; this.#slots++) position = writeNull(out, position);
      for (let byte = 0; byte < PACKET_BYTES; byte++) out[position + byte] = bytes[at + byte]!;
      this.#restamp(out, position, this.#now() - arrival);
      position += PACKET_BYTES;
      this.#advance(arrival, step, segment);
    }
    return { bytes: out.subarray(0, position), start: begin, end: this.#now() };
  }

  #now(): number {
    return this.#anchor + this.#slots * this.#slotTicks;
  }

  /** On to the next slot: at the target's rate, or the stream's own when it is as late as may be. */
  #advance(arrival: number, step: number, segment: Segment): void {
    const late = this.#now() - arrival;
    const allowed = this.#slack.ticks;
    if (late > allowed && step < this.#slotTicks) {
      this.#anchor = this.#now() + step;
      this.#slots = 0;
      if (!this.#isOver) this.#onNews({ type: "rate_over_target", bitrateBps: rateOf(segment) });
      this.#isOver = true;
      return;
    }
    this.#slots++;
    if (!this.#isOver || late > allowed / 2) return;
    this.#isOver = false;
    this.#onNews({ type: "rate_within_target" });
  }

  #restamp(out: Uint8Array, at: number, delay: number): void {
    if ((out[at + 3]! & 0x20) === 0 || out[at + 4]! < 7 || (out[at + 5]! & 0x10) === 0) return;
    writePcr(out, at + 6, Math.round(readPcr(out, at + 6) + delay));
  }
}

function rateOf({ bytes, ticks }: Segment): number {
  return Math.round((bytes.length * 8 * SYSTEM_CLOCK_HZ) / ticks);
}

function writeNull(out: Uint8Array, at: number): number {
  out.fill(0xff, at, at + PACKET_BYTES);
  out[at] = 0x47;
  out[at + 1] = NULL_PID >> 8;
  out[at + 2] = NULL_PID & 0xff;
  out[at + 3] = 0x10;
  return at + PACKET_BYTES;
}
