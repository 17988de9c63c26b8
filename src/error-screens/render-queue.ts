import { AppError } from "../base/errors.ts";
import type { Prepare } from "../ffmpeg/spawn-request.ts";

/** Renders that may wait; a server renders a few for each channel when it starts. */
const MAX_WAITING = 2_000;

interface Waiting {
  readonly start: () => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * Lets one render run at a time, the urgent ones first: encoders of programmes need the processor more. What is not
 * urgent waits for room before it gets in line, so that it holds up nobody there.
 */
export class RenderQueue {
  readonly #prepare: Prepare | undefined;
  readonly #closing = new AbortController();
  readonly #urgent: Waiting[] = [];
  readonly #others: Waiting[] = [];
  #running: Promise<unknown> | undefined;
  #closed: unknown;

  constructor(prepare?: Prepare) {
    this.#prepare = prepare;
  }

  /** Runs a task when its turn comes. Throws `error_screen_busy` when too many wait, and what the task throws. */
  run<T>(task: (signal?: AbortSignal) => Promise<T>, isUrgent: boolean): Promise<T> {
    if (isUrgent || !this.#prepare) return this.#inTurn(task, isUrgent);
    return this.#prepare((signal) => this.#inTurn(() => task(signal), false), this.#closing.signal);
  }

  async #inTurn<T>(task: () => Promise<T>, isUrgent: boolean): Promise<T> {
    if (this.#closed) throw this.#closed;
    await this.#turn(isUrgent ? this.#urgent : this.#others);
    const running = task();
    this.#running = running;
    try {
      return await running;
    } finally {
      const next = this.#urgent.shift() ?? this.#others.shift();
      // While there is a next one the place stays taken: it begins a moment later.
      if (next) next.start();
      else this.#running = undefined;
    }
  }

  /** Turns away whoever waits, with `reason`; resolves when the task that runs has ended. */
  async close(reason: unknown): Promise<void> {
    this.#closed ??= reason;
    this.#closing.abort(this.#closed);
    for (const { refuse } of [...this.#urgent.splice(0), ...this.#others.splice(0)]) refuse(reason);
    await this.#running?.catch(() => undefined);
  }

  #turn(line: Waiting[]): Promise<void> {
    if (!this.#running) {
      // Taken at once, before the task has begun, so that nobody else takes it.
      this.#running = Promise.resolve();
      return Promise.resolve();
    }
    if (this.#urgent.length + this.#others.length >= MAX_WAITING) {
      throw new AppError("error_screen_busy", `${MAX_WAITING} screens are waiting to be rendered.`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    line.push({ start: resolve, refuse: reject });
    return promise;
  }
}
