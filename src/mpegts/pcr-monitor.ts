import type { Findings } from "./findings.ts";
import { PcrAccuracy } from "./pcr-accuracy.ts";
import { TIMESTAMP_WRAP, wrappedDelta } from "./pes-header.ts";
import { RateMonitor } from "./rate-monitor.ts";
import { AIM_GRACE_MS } from "./repetition.ts";

/** Ticks of the 27 MHz system clock in a millisecond (ISO/IEC 13818-1 2.4.2.1). */
export const PCR_TICKS_PER_MS = 27_000;
/** Ticks of the system clock in one tick of PTS and DTS. */
const PCR_TICKS_PER_TIMESTAMP = 300;
const PCR_WRAP = TIMESTAMP_WRAP * PCR_TICKS_PER_TIMESTAMP;

/** Longest time between PCRs (ETSI TR 101 290 2.3a). */
const LIMIT_MS = 100;
/** What this project asks of itself. */
const AIM_MS = 40;
/** A longer step is a jump of the clock, not time that has passed. */
const LONGEST_PASSAGE_MS = 10_000;

/** Follows the PCR of one programme: it is the clock of all other checks. */
export class PcrMonitor {
  /** PCRs so far. */
  count = 0;
  maxGapMs = 0;
  overAim = 0;
  backward = 0;
  jumpsOver1s = 0;
  readonly accuracy = new PcrAccuracy();
  readonly rate = new RateMonitor();
  /** Counts the breaks of the time base or the byte count: only within an epoch may two PCRs be compared. */
  epoch = 0;
  readonly #findings: Findings;
  #last = -1;
  #totalTicks = 0;
  #firstPosition = 0;
  #lastPosition = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Time that the stream's clock has run since its first PCR, up to the latest one. */
  get streamMs(): number {
    return this.#totalTicks / PCR_TICKS_PER_MS;
  }

  /** The same in 27 MHz ticks. */
  get streamTicks(): number {
    return this.#totalTicks;
  }

  /** Mean rate between the first and the latest PCR, 0 while unknown. */
  get bytesPerMs(): number {
    return this.#totalTicks > 0 ? (this.#lastPosition - this.#firstPosition) / this.streamMs : 0;
  }

  /** `timestamp` (90 kHz) minus the latest PCR in ms, or NaN before the first PCR. */
  leadMs(timestamp: number): number {
    if (this.#last < 0) return Number.NaN;
    return wrappedDelta(timestamp, Math.floor(this.#last / PCR_TICKS_PER_TIMESTAMP), TIMESTAMP_WRAP) / 90;
  }

  /** Where `timestamp` (90 kHz) lies on the stream's own clock, in 27 MHz ticks; NaN before the first PCR. */
  ticksOf(timestamp: number): number {
    if (this.#last < 0) return Number.NaN;
    return this.#totalTicks + wrappedDelta(timestamp * PCR_TICKS_PER_TIMESTAMP, this.#last, PCR_WRAP);
  }

  /** The next PCR belongs to another time base. */
  forget(): void {
    this.#last = -1;
    this.restart();
  }

  /** Here is a break of the time base or the byte count. */
  restart(): void {
    this.epoch += 1;
    this.accuracy.restart();
    this.rate.restart();
  }

  /** Takes a PCR in 27 MHz ticks; `restart`: its packet bears the discontinuity_indicator. */
  push(pcr: number, position: number, restart: boolean): void {
    if (restart) this.forget();
    if (this.count === 0) this.#firstPosition = position;
    this.count += 1;
    this.#lastPosition = position;
    if (this.#last >= 0) this.#step(wrappedDelta(pcr, this.#last, PCR_WRAP));
    this.#last = pcr;
    this.accuracy.push(position, this.#totalTicks);
    this.rate.push(position, this.#totalTicks);
  }

  #step(ticks: number): void {
    const ms = ticks / PCR_TICKS_PER_MS;
    if (ms >= 0 && ms < LONGEST_PASSAGE_MS) this.#totalTicks += ticks;
    this.#findings.streamMs = this.streamMs;
    if (ms >= 0 && ms <= LIMIT_MS) {
      this.maxGapMs = Math.max(this.maxGapMs, ms);
      if (ms > AIM_MS + AIM_GRACE_MS) this.overAim += 1;
      return;
    }
    this.restart();
    if (ms < 0) {
      this.backward += 1;
      this.#findings.add("pcr_discontinuity", () => `PCR went back by ${(-ms).toFixed(1)} ms, unannounced.`);
      return;
    }
    this.maxGapMs = Math.max(this.maxGapMs, ms);
    this.overAim += 1;
    if (ms > 1000) this.jumpsOver1s += 1;
    this.#findings.add("pcr_repetition", () => `No PCR for ${ms.toFixed(1)} ms; at most 100 ms are allowed.`);
    this.#findings.add("pcr_discontinuity", () => `PCR stepped by ${ms.toFixed(1)} ms, unannounced.`);
  }
}

/** Reads the 6 bytes of a PCR field into 27 MHz ticks (ISO/IEC 13818-1 2.4.3.5). */
export function readPcr(bytes: Uint8Array, at: number): number {
  const high = bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
  const base = high * 2 + (bytes[at + 4]! >> 7);
  return base * PCR_TICKS_PER_TIMESTAMP + (((bytes[at + 4]! & 1) << 8) | bytes[at + 5]!);
}
