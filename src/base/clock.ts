// The only file that may touch Date.now, performance.now, setTimeout and their like (gate: test/gates).
// Everything else is handed a Clock, so that every wait can be driven by hand in a test.

/** A pending timer or interval; disposing it twice is harmless. */
export interface Timer {
  cancel(): void;
}

/** Source of time for the whole server. Milliseconds throughout. */
export interface Clock {
  /** Monotonic time in ms, from an arbitrary origin; never steps. */
  now(): number;
  /** Wall-clock time in ms since the Unix epoch; may step. */
  wallNow(): number;
  /** Calls `callback` once after `delayMs` (≥0). */
  after(delayMs: number, callback: () => void): Timer;
  /**
   * Calls `callback` every `periodMs`, on a fixed grid: a late tick does not delay the following ones. It is told
   * by how many ms it comes after its planned time.
   */
  every(periodMs: number, callback: (lateMs: number) => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

function sleepOn(clock: Pick<Clock, "after">, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** The longest delay that setTimeout takes. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export class SystemClock implements Clock {
  now(): number {
    return performance.now();
  }

  wallNow(): number {
    return Date.now();
  }

  after(delayMs: number, callback: () => void): Timer {
    const dueMs = this.now() + delayMs;
    let handle: NodeJS.Timeout;
    const arm = (waitMs: number) => {
      // setTimeout fires at once when its delay does not fit 31 bits (24.8 days).
      if (waitMs > MAX_TIMEOUT_MS) handle = setTimeout(() => arm(dueMs - this.now()), MAX_TIMEOUT_MS);
      else handle = setTimeout(callback, waitMs);
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  }

  every(periodMs: number, callback: (lateMs: number) => void): Timer {
    const origin = this.now();
    let ticks = 0;
    let pending: Timer;
    const arm = () => {
      // Ticks that were missed while the event loop was busy are left out, not made up for in a burst.
      ticks = Math.max(ticks + 1, Math.ceil((this.now() - origin) / periodMs));
      pending = this.after(origin + ticks * periodMs - this.now(), tick);
    };
    const tick = () => {
      const lateMs = this.now() - (origin + ticks * periodMs);
      arm();
      callback(lateMs);
    };
    arm();
    return { cancel: () => pending.cancel() };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }
}

interface ManualTimer {
  dueMs: number;
  sequence: number;
  callback: () => void;
}

/** A clock for tests: time stands still until `advance` moves it. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #wallOffsetMs: number;
  #sequence = 0;
  readonly #timers = new Set<ManualTimer>();

  constructor(wallStartMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = wallStartMs;
  }

  now(): number {
    return this.#nowMs;
  }

  wallNow(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  /** Moves the wall clock alone, as an operator or NTP would. */
  stepWall(deltaMs: number): void {
    this.#wallOffsetMs += deltaMs;
  }

  /** Lets time pass without a chance to act, as when the machine is suspended: what is due fires afterwards. */
  freeze(deltaMs: number): void {
    this.#nowMs += deltaMs;
  }

  /** Number of timers that have not fired yet. */
  get pending(): number {
    return this.#timers.size;
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), sequence: this.#sequence++, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  every(periodMs: number, callback: (lateMs: number) => void): Timer {
    let current: Timer;
    const arm = () => {
      const dueMs = this.#nowMs + periodMs;
      current = this.after(periodMs, () => {
        arm();
        callback(this.#nowMs - dueMs);
      });
    };
    arm();
    return { cancel: () => current.cancel() };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Moves time on by `deltaMs`, firing timers in order and letting promise continuations run between them. */
  async advance(deltaMs: number): Promise<void> {
    const endMs = this.#nowMs + deltaMs;
    for (;;) {
      await settle();
      const next = this.#earliest(endMs);
      if (!next) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
    await settle();
  }

  #earliest(endMs: number): ManualTimer | undefined {
    let best: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > endMs) continue;
      if (
        !best ||
        timer.dueMs < best.dueMs ||
        (timer.dueMs === best.dueMs && timer.sequence < best.sequence)
      ) {
        best = timer;
      }
    }
    return best;
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
