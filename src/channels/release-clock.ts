import type { Clock } from "../base/clock.ts";
import type { FrameGrid } from "../media/house-format.ts";

/** Channel time against the monotonic clock: frame 0 begins at a fixed moment and nothing ever moves it. */
export class ReleaseClock {
  readonly #grid: FrameGrid;
  readonly #clock: Clock;
  readonly #zeroMs: number;

  /** `ageFrames`: how far channel frame 0 lies in the past. */
  constructor(grid: FrameGrid, clock: Clock, ageFrames: number) {
    this.#grid = grid;
    this.#clock = clock;
    this.#zeroMs = clock.now() - grid.milliseconds(ageFrames);
  }

  /** Channel frames that have begun, as a real number. */
  position(): number {
    return this.#grid.framesIn(this.#clock.now() - this.#zeroMs);
  }

  /** Monotonic time in ms at which channel frame `frame` begins. */
  timeOf(frame: number): number {
    return this.#zeroMs + this.#grid.milliseconds(frame);
  }
}
