import type { Clock } from "../base/clock.ts";
import type { StreamSession } from "./session.ts";

const KEEP_MS = 3_600_000;
const MAX_KEPT = 500;

/** Sessions that have ended, readable for a while: at most 500, for at most an hour. */
export class EndedSessions {
  /** How long they are kept, in words. */
  readonly keptFor = `more than an hour or ${MAX_KEPT} sessions`;
  readonly #clock: Clock;
  /** In order of their end. */
  readonly #kept = new Map<string, { readonly session: StreamSession; readonly endMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(session: StreamSession): void {
    this.#kept.set(session.id, { session, endMs: this.#clock.now() });
    this.prune();
  }

  get(id: string): StreamSession | undefined {
    this.prune();
    return this.#kept.get(id)?.session;
  }

  /** Forgets what is too old, or too much. */
  prune(): void {
    const oldestMs = this.#clock.now() - KEEP_MS;
    for (const [id, { endMs }] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT && endMs > oldestMs) return;
      this.#kept.delete(id);
    }
  }
}
