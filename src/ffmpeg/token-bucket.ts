import type { Clock } from "../base/clock.ts";

/** What sums of fractions lack of a whole one is not waited for. */
const WHOLE = 1 - 1e-9;

/** Lets so many things happen in a second, and as many at once after a rest. */
export class TokenBucket {
  readonly #clock: Clock;
  #perSecond: number;
  #tokens: number;
  #atMs: number;

  /** Begins full; `perSecond` > 0. */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#tokens = this.#capacity;
    this.#atMs = clock.now();
  }

  /** Follows another rate; what was saved up stays, as far as it still fits. */
  setRate(perSecond: number): void {
    this.#fill();
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#tokens, this.#capacity);
  }

  /** Takes one if there is one. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < WHOLE) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }

  /** In how many whole ms there will be one; 0 when there is. */
  get waitMs(): number {
    this.#fill();
    return this.#tokens >= WHOLE ? 0 : Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000);
  }

  get #capacity(): number {
    return Math.max(1, this.#perSecond);
  }

  #fill(): void {
    const nowMs = this.#clock.now();
    const added = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#capacity, this.#tokens + added);
    this.#atMs = nowMs;
  }
}
