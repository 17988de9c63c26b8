/** Something that happened, as it is told to whoever listens. */
export interface HubEvent {
  /** Counted from 1 for each hub. */
  readonly sequence: number;
  /** Wall-clock time in ms since the Unix epoch. */
  readonly atMs: number;
  /** A family and what happened, for instance `session.idle`. */
  readonly type: string;
  /** The channel that it is about, by its id. */
  readonly channelId: number | undefined;
  /** Plain data. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is published. */
export type NewEvent = Omit<HubEvent, "sequence" | "atMs">;

/** Passes events on to those who listen, and keeps the newest for those who come back. */
export class EventHub {
  readonly #wallNow: () => number;
  readonly #capacity: number;
  readonly #kept: HubEvent[] = [];
  readonly #listeners = new Set<(event: HubEvent) => void>();
  #sequence = 0;

  /** Keeps the newest `capacity` events. */
  constructor(wallNow: () => number, capacity = 2_000) {
    this.#wallNow = wallNow;
    this.#capacity = capacity;
  }

  /** Number of the newest event; 0 before the first one. */
  get newest(): number {
    return this.#sequence;
  }

  /** Number of the oldest event that is kept; one more than the newest when there is none. */
  get oldest(): number {
    return this.#sequence - this.#kept.length + 1;
  }

  publish(event: NewEvent): void {
    const numbered = { sequence: ++this.#sequence, atMs: this.#wallNow(), ...event };
    this.#kept.push(numbered);
    if (this.#kept.length > this.#capacity) this.#kept.shift();
    for (const listener of this.#listeners) listener(numbered);
  }

  /** The kept events after number `sequence`, the oldest first. */
  after(sequence: number): HubEvent[] {
    return this.#kept.slice(Math.max(0, sequence - this.oldest + 1));
  }

  /** Calls `listener`, which must not throw, with each event from now on, until the returned function is called. */
  listen(listener: (event: HubEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
