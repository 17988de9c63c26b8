import { TIMESTAMP_WRAP, wrappedDelta } from "./pes-header.ts";

const TICKS_PER_MS = 90;
const EXACT_STEPS = 512;
const COARSEST_STEP = 10_000 * TICKS_PER_MS;
const LEARN_STEPS = 8;

/** How a DTS follows the one before it, against the stream's usual step. */
export type DtsStep = "ok" | "backward" | "gap" | "overlap";

/** Figures of the steps between the DTS of one stream, in ticks of 90 kHz. */
export interface DtsSummary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly gaps: number;
  readonly overlaps: number;
}

/**
 * Follows the DTS of one stream. The usual step is the median of all steps, held as a histogram of bounded size;
 * a step above 1.5 of it is a gap, one below 0.5 an overlap, one that does not rise is backward.
 */
export class DtsTrack {
  /** The latest DTS, or -1. */
  last = -1;
  /** Step from the DTS before it. */
  lastStep = 0;
  backward = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #steps = 0;
  #usual = 0;
  readonly #histogram = new Map<number, number>();

  push(dts: number): DtsStep {
    const previous = this.last;
    this.last = dts;
    if (previous < 0) return "ok";
    const step = wrappedDelta(dts, previous, TIMESTAMP_WRAP);
    this.lastStep = step;
    this.#count(step);
    if (step <= 0) {
      this.backward += 1;
      return "backward";
    }
    if (isGap(step, this.#usual)) return "gap";
    return isOverlap(step, this.#usual) ? "overlap" : "ok";
  }

  /** The next DTS follows a signalled break of the time base. */
  forget(): void {
    this.last = -1;
  }

  /** Figures over all steps so far. */
  summary(): DtsSummary {
    if (this.#steps === 0) return { median: 0, min: 0, max: 0, gaps: 0, overlaps: 0 };
    const median = this.#median();
    let gaps = 0;
    let overlaps = 0;
    for (const [step, count] of this.#histogram) {
      if (isGap(step, median)) gaps += count;
      else if (isOverlap(step, median)) overlaps += count;
    }
    return { median, min: this.#min, max: this.#max, gaps, overlaps };
  }

  #count(step: number): void {
    const known = this.#histogram.get(step);
    const key = known === undefined && this.#histogram.size >= EXACT_STEPS ? coarse(step) : step;
    this.#histogram.set(key, (known ?? this.#histogram.get(key) ?? 0) + 1);
    this.#min = Math.min(this.#min, step);
    this.#max = Math.max(this.#max, step);
    this.#steps += 1;
    // Learnt at 8, 16, 32 … steps, then every 1,024.
    const isPower = (this.#steps & (this.#steps - 1)) === 0;
    if (this.#steps >= LEARN_STEPS && (isPower || this.#steps % 1024 === 0)) this.#usual = this.#median();
  }

  #median(): number {
    const sorted = [...this.#histogram].sort((a, b) => a[0] - b[0]);
    const low = stepAt(sorted, (this.#steps - 1) >> 1);
    return (low + stepAt(sorted, this.#steps >> 1)) / 2;
  }
}

function stepAt(sorted: readonly (readonly [number, number])[], rank: number): number {
  let below = 0;
  for (const [step, count] of sorted) {
    below += count;
    if (rank < below) return step;
  }
  return 0;
}

function coarse(step: number): number {
  const clamped = Math.max(-COARSEST_STEP, Math.min(COARSEST_STEP, step));
  return Math.round(clamped / TICKS_PER_MS) * TICKS_PER_MS;
}

// 1 ms of grace, as timestamps are rounded.
function isGap(step: number, usual: number): boolean {
  return usual !== 0 && step > 1.5 * usual + TICKS_PER_MS;
}

function isOverlap(step: number, usual: number): boolean {
  return step > 0 && step < 0.5 * usual - TICKS_PER_MS;
}
