import { PACKET_BYTES, writePcr } from "../mpegts/packets.ts";
import { readPcr } from "../mpegts/pcr-monitor.ts";
import { DecoderSlack } from "./ts-decoder-slack.ts";
import { pidOf, type Segment, SYSTEM_CLOCK_HZ } from "./ts-segments.ts";

const NULL_PID = 0x1fff;
/** A PCR is due so long after the last one: they may be 40 ms apart, and a slot may be lost to the one before. */
const CLOCK_TICKS = SYSTEM_CLOCK_HZ * 0.036;
const ADAPTATION_ONLY = 0x20;
const HAS_PCR = 0x10;

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
 * empty slots hold null packets (ISO/IEC 13818-1 2.4.1), each PCR is moved by as much as its packet was, and where
 * the source has none for 40 ms one is put in.
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
  /** When the last PCR left, and the continuity counter of its PID. */
  #clockAt = 0;
  #counter = 0;

  constructor(targetBps: number, onNews: (news: RateNews) => void) {
    this.#slotTicks = (PACKET_BYTES * 8 * SYSTEM_CLOCK_HZ) / targetBps;
    this.#onNews = onNews;
  }

  /** The slots up to the segment's last packet. */
  push(segment: Segment): ConstantRateRun {
    const { bytes, start, ticks, clock } = segment;
    const count = bytes.length / PACKET_BYTES;
    const step = ticks / count;
    const begin = this.#now();
    const idle = Math.max(0, Math.ceil((start + ticks - begin) / this.#slotTicks));
    const out = Buffer.allocUnsafe((2 * count + idle + 1) * PACKET_BYTES);
    let position = 0;
    for (let index = 0; index < count; index++) {
      const at = index * PACKET_BYTES;
      const pid = pidOf(bytes, at);
      if (pid === NULL_PID) continue;
      const arrival = start + index * step;
      if (clock) this.#slack.note(bytes, at, pid, clock.pcr + index * step);
      for (; this.#now() < arrival; this.#slots++) position = this.#fill(out, position, segment, index);
      // Not while slots are as short as the stream needs: there is no place to spare.
      if (!this.#isOver && this.#isClockDue(segment, index)) {
        position = this.#fill(out, position, segment, index);
        this.#slots++;
      }
      for (let byte = 0; byte < PACKET_BYTES; byte++) out[position + byte] = bytes[at + byte]!;
      if (pid === clock?.pid) this.#counter = out[position + 3]! & 15;
      if (this.#restamp(out, position, this.#now() - arrival) && pid === clock?.pid)
        this.#clockAt = this.#now();
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

  /** Whether a PCR is due; before the segment's own first one its time base does not hold. */
  #isClockDue({ clock }: Segment, index: number): boolean {
    return clock !== undefined && index > 0 && this.#now() - this.#clockAt >= CLOCK_TICKS;
  }

  /** Fills the next slot: with a PCR when one is due, else with a null packet. */
  #fill(out: Uint8Array, at: number, segment: Segment, index: number): number {
    out.fill(0xff, at, at + PACKET_BYTES);
    const { clock, start } = segment;
    const isClock = clock !== undefined && this.#isClockDue(segment, index);
    const pid = isClock ? clock.pid : NULL_PID;
    out[at] = 0x47;
    out[at + 1] = pid >> 8;
    out[at + 2] = pid & 0xff;
    out[at + 3] = 0x10;
    if (isClock) {
      // Without payload the counter stays where it is (2.4.3.3).
      out[at + 3] = ADAPTATION_ONLY | this.#counter;
      out[at + 4] = PACKET_BYTES - 5;
      out[at + 5] = HAS_PCR;
      writePcr(out, at + 6, Math.round(clock.pcr + this.#now() - start));
      this.#clockAt = this.#now();
    }
    return at + PACKET_BYTES;
  }

  /** Moves the PCR of a packet, if it has one. */
  #restamp(out: Uint8Array, at: number, delay: number): boolean {
    if ((out[at + 3]! & ADAPTATION_ONLY) === 0 || out[at + 4]! < 7 || (out[at + 5]! & HAS_PCR) === 0)
      return false;
    writePcr(out, at + 6, Math.round(readPcr(out, at + 6) + delay));
    return true;
  }
}

function rateOf({ bytes, ticks }: Segment): number {
  return Math.round((bytes.length * 8 * SYSTEM_CLOCK_HZ) / ticks);
}
