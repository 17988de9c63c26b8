import type { Clock } from "../base/clock.ts";
import type { ChannelEventSink } from "./events.ts";

/** So long after a report the next one comes at the soonest. */
const QUIET_MS = 60_000;

/** Reports that content does not fit the constant rate it was to be sent at, not more than once a minute. */
export class RateWatch {
  readonly #clock: Clock;
  readonly #onEvent: ChannelEventSink;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #gops = 0;
  #highestBps = 0;

  constructor(clock: Clock, onEvent: ChannelEventSink) {
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  /** Takes the rate of a Gop and the one that it was to have, in bit/s. */
  look(bps: number, targetBps: number): void {
    if (bps <= targetBps) return;
    this.#gops++;
    this.#highestBps = Math.max(this.#highestBps, Math.round(bps));
    if (this.#clock.now() < this.#quietUntilMs) return;
    this.#quietUntilMs = this.#clock.now() + QUIET_MS;
    this.#onEvent({ type: "rate_exceeded", targetBps, highestBps: this.#highestBps, gops: this.#gops });
    this.#gops = 0;
    this.#highestBps = 0;
  }
}
