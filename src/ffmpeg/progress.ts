import type { Clock } from "../base/clock.ts";

/** How far an ffmpeg process has come, from what it writes with `-progress`. */
export interface Progress {
  /** Media time written so far, in microseconds. */
  readonly outTimeUs: number;
  /** Video frames written so far. */
  readonly frame: number;
  /** Monotonic time (ms) at which one of the two last grew; the time of the spawn until then. */
  readonly advancedAtMs: number;
}

/**
 * Reads `key=value` lines of `-progress`. Only growth counts as an advance: ffmpeg may go on printing a frozen
 * value while it is stuck.
 */
export class ProgressMeter implements Progress {
  readonly #clock: Pick<Clock, "now">;
  outTimeUs = 0;
  frame = 0;
  advancedAtMs: number;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.advancedAtMs = clock.now();
  }

  /** Takes one line; anything but a whole number (`N/A` before the first packet) is passed over. */
  take(line: string): void {
    const match = /^(out_time_us|frame)=\s*(\d+)$/.exec(line.trim());
    if (!match) return;
    const field = match[1] === "frame" ? "frame" : "outTimeUs";
    const value = Number(match[2]);
    if (value <= this[field]) return;
    this[field] = value;
    this.advancedAtMs = this.#clock.now();
  }
}
