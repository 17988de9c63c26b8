import type { Clock, Timer } from "./clock.ts";

/** Remembers how long pieces of work took that have a name. */
export class WorkLog {
  #longest: { readonly name: string; readonly ms: number } | undefined;

  add(name: string, ms: number): void {
    if (ms > (this.#longest?.ms ?? 0)) this.#longest = { name, ms };
  }

  /** The longest piece since the last call. */
  takeLongest(): { readonly name: string; readonly ms: number } | undefined {
    const longest = this.#longest;
    this.#longest = undefined;
    return longest;
  }
}

/** A clock whose callbacks are timed under a name: so it can be said who held the event loop up. */
export class NamedClock implements Clock {
  readonly #clock: Clock;
  readonly #name: string;
  readonly #log: WorkLog;

  constructor(clock: Clock, name: string, log: WorkLog) {
    this.#clock = clock;
    this.#name = name;
    this.#log = log;
  }

  now(): number {
    return this.#clock.now();
  }

  wallNow(): number {
    return this.#clock.wallNow();
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#clock.after(delayMs, () => this.#timed(callback));
  }

  every(periodMs: number, callback: (lateMs: number) => void): Timer {
    return this.#clock.every(periodMs, (lateMs) => this.#timed(() => callback(lateMs)));
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(delayMs, signal);
  }

  #timed(callback: () => void): void {
    const beganMs = this.#clock.now();
    try {
      callback();
    } finally {
      this.#log.add(this.#name, this.#clock.now() - beganMs);
    }
  }
}
