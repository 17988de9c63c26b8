import { CHECK_NAMES, type CheckName } from "./checks.ts";

/** One fault at one place of the stream, as the report shows it. */
export interface Finding {
  readonly check: CheckName;
  /** Number of the packet, counted from 0. */
  readonly packet: number;
  /** Place of the packet's first byte, counted from the first byte that was pushed. */
  readonly byte_offset: number;
  /** Seconds of the stream's own clock. */
  readonly stream_s: number;
  readonly message: string;
}

const MAX_FINDINGS = 100;
/** So that a flood of one fault does not hide the others. */
const MAX_PER_CHECK = 10;

/** Counts every fault of every check and keeps the first ones with their place; memory is bounded. */
export class Findings {
  /** Place of the packet that is being looked at; the analyser moves it. */
  packet = 0;
  byteOffset = 0;
  streamMs = 0;
  readonly list: Finding[] = [];
  readonly #counts = Object.fromEntries(CHECK_NAMES.map((name) => [name, 0])) as Record<CheckName, number>;

  /** Records a fault; `sentence` is asked for only while there is room for it. */
  add(check: CheckName, sentence: () => string): void {
    this.#counts[check] += 1;
    if (this.#counts[check] > MAX_PER_CHECK || this.list.length >= MAX_FINDINGS) return;
    this.list.push({
      check,
      packet: this.packet,
      byte_offset: this.byteOffset,
      stream_s: Math.round(this.streamMs) / 1000,
      message: sentence(),
    });
  }

  /** How often `check` has failed so far. */
  count(check: CheckName): number {
    return this.#counts[check];
  }
}
