import type { Clock, Timer } from "../base/clock.ts";

const LOOK_MS = 1_000;
/** Nothing may have been on air for so long before the machine is measured. */
const IDLE_MS = 5_000;

/** What an IdleMeasurement needs. */
export interface IdleMeasurementOptions {
  readonly clock: Clock;
  /** Whether nothing is on air. */
  readonly isIdle: () => boolean;
  /** One measurement; rejects with the signal's reason when broken off. */
  readonly measure: (signal: AbortSignal) => Promise<void>;
  readonly onFailure: (failure: unknown) => void;
}

/**
 * Measures once, when nothing has been on air for some seconds: a measurement beside a running channel would
 * disturb the channel and be wrong. `disturb` breaks it off; it is made up for at the next opportunity.
 */
export class IdleMeasurement {
  readonly #options: IdleMeasurementOptions;
  readonly #ticker: Timer;
  #idleSinceMs: number;
  #running: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(options: IdleMeasurementOptions) {
    this.#options = options;
    this.#idleSinceMs = options.clock.now();
    this.#ticker = options.clock.every(LOOK_MS, () => this.#look());
  }

  /** A channel goes on air: what is running ends at once. */
  disturb(): void {
    this.#idleSinceMs = this.#options.clock.now();
    this.#running?.abort.abort(new Error("a channel went on air"));
  }

  /** Ends it for good; resolves when nothing of it runs any more. */
  async close(): Promise<void> {
    this.#ticker.cancel();
    this.disturb();
    await this.#running?.ended;
  }

  #look(): void {
    const { clock, isIdle } = this.#options;
    if (!isIdle()) this.#idleSinceMs = clock.now();
    if (this.#running || clock.now() - this.#idleSinceMs < IDLE_MS) return;
    const abort = new AbortController();
    const ended = this.#measure(abort.signal).finally(() => {
      this.#running = undefined;
    });
    this.#running = { abort, ended };
  }

  async #measure(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.measure(signal);
      this.#ticker.cancel();
    } catch (failure) {
      if (signal.aborted) return;
      this.#ticker.cancel();
      this.#options.onFailure(failure);
    }
  }
}
