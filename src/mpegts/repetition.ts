/** What gaps are rounded to in reports: an aim is not missed by less. */
export const AIM_GRACE_MS = 0.05;

/** Watches that something comes often enough on the stream's clock; keeps the longest wait. */
export class Repetition {
  /** Longest time between two occurrences in ms; a wait that overran the limit counts even when it has no end. */
  maxGapMs = 0;
  /** Gaps longer than the aim. */
  overAim = 0;
  /** Occurrences so far. */
  count = 0;
  readonly #limitMs: number;
  readonly #aimMs: number;
  readonly #onOverdue: (waitedMs: number) => void;
  #sinceMs = Number.NaN;
  #overdue = false;

  /** `onOverdue` is called once per wait that is longer than `limitMs`. */
  constructor(limitMs: number, onOverdue: (waitedMs: number) => void, aimMs = Number.POSITIVE_INFINITY) {
    this.#limitMs = limitMs;
    this.#aimMs = aimMs;
    this.#onOverdue = onOverdue;
  }

  /** Begins to wait, when it has not yet. */
  expect(nowMs: number): void {
    if (Number.isNaN(this.#sinceMs)) this.#sinceMs = nowMs;
  }

  /** Ends the wait without judging it: nothing is expected until the next `expect` or `seen`. */
  pause(): void {
    this.#sinceMs = Number.NaN;
    this.#overdue = false;
  }

  /** It has come. */
  seen(nowMs: number): void {
    const gapMs = nowMs - this.#sinceMs;
    if (this.count > 0 && gapMs > 0) {
      this.maxGapMs = Math.max(this.maxGapMs, gapMs);
      if (gapMs > this.#aimMs + AIM_GRACE_MS) this.overAim += 1;
    }
    this.count += 1;
    this.#sinceMs = nowMs;
    this.#overdue = false;
  }

  /** Time has moved on. */
  tick(nowMs: number): void {
    const waitedMs = nowMs - this.#sinceMs;
    if (!(waitedMs > this.#limitMs)) return;
    this.maxGapMs = Math.max(this.maxGapMs, waitedMs);
    if (this.#overdue) return;
    this.#overdue = true;
    this.#onOverdue(waitedMs);
  }
}
