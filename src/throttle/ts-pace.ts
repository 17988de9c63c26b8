/** Fastest that media may leave, as a multiple of its own clock. */
const MOST_FACTOR = 2;
/** Who is later than this is not expected to make up for it: the clock waits for him. */
const PATIENCE_MS = 250;
/** Adaptive: how often the factor is looked at, in ms of media; what a prompt and a late consumer change. */
const WINDOW_MS = 500;
const INCREASE = 0.1;
const DECREASE = 0.7;
/** Adaptive: a consumer that asks so long after a piece was due is late. */
const LATE_MS = 40;

/** How a stream is let go. */
export interface PaceOptions {
  /** Whether media may leave faster than its own clock: never, always at up to 2×, or as the consumer follows. */
  readonly catchUp: "never" | "always" | "adaptive";
  /** How far media may be ahead of its own clock, in ms. */
  readonly aheadMs: number;
}

/**
 * Media time to wall time: tells of each piece when it may leave. The media's clock begins with the first piece;
 * where the consumer (or the source) is held up for longer, it waits for him, and what he missed may be caught up
 * with in the same way as at the start.
 */
export class Pace {
  readonly #options: PaceOptions;
  #zeroMs: number | undefined;
  #lastMediaMs = 0;
  #lastDueMs = 0;
  #factor: number;
  #windowEndMs = WINDOW_MS;
  #wasLate = false;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#factor = options.catchUp === "always" ? MOST_FACTOR : 1;
  }

  /** At how many times its own speed the media may leave at present. */
  get factor(): number {
    return this.#factor;
  }

  /**
   * Monotonic time at which the piece that begins at `mediaMs` may leave, when it is asked for at `nowMs`. Pieces
   * come in their order.
   */
  due(mediaMs: number, nowMs: number): number {
    const { aheadMs } = this.#options;
    if (this.#zeroMs === undefined) {
      this.#zeroMs = nowMs - mediaMs;
      this.#lastMediaMs = mediaMs;
      this.#lastDueMs = nowMs;
    }
    const catchUpMs = this.#lastDueMs + (mediaMs - this.#lastMediaMs) / this.#factor;
    const dueMs = Math.max(catchUpMs, this.#zeroMs + mediaMs - aheadMs);
    this.#lastMediaMs = mediaMs;
    this.#adapt(mediaMs, nowMs > dueMs + LATE_MS);
    if (nowMs - dueMs <= PATIENCE_MS) {
      this.#lastDueMs = dueMs;
      return dueMs;
    }
    this.#lastDueMs = nowMs;
    this.#zeroMs = Math.max(this.#zeroMs, nowMs - mediaMs);
    return nowMs;
  }

  /** Additive increase while every piece is asked for in time, multiplicative decrease when one was not. */
  #adapt(mediaMs: number, isLate: boolean): void {
    if (this.#options.catchUp !== "adaptive") return;
    this.#wasLate ||= isLate;
    if (mediaMs < this.#windowEndMs) return;
    this.#factor = this.#wasLate
      ? Math.max(1, this.#factor * DECREASE)
      : Math.min(MOST_FACTOR, this.#factor + INCREASE);
    this.#wasLate = false;
    this.#windowEndMs = mediaMs + WINDOW_MS;
  }
}
