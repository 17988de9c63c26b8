/** A failure that occurs, from the first time until it has stayed away for a while. Times in ms since the epoch. */
export interface Incident {
  /** Counted from 1 since the server was started. */
  readonly id: number;
  readonly channelId: number;
  /** Class of ffmpeg's failure, code of an error, or `stream_` and the name of a check. */
  readonly class: string;
  /** Path, or address without secrets; for what is sent, the channel's name. */
  readonly source: string;
  count: number;
  readonly firstMs: number;
  lastMs: number;
  /** Undefined while it is open. */
  closedMs: number | undefined;
}

/** What happened. */
export type Occurrence = Pick<Incident, "channelId" | "class" | "source">;

/** Most incidents that are open at a time, and that are remembered. */
const MOST_OPEN = 200;
const MOST_CLOSED = 200;

/** The server's incidents, in memory: one for each channel, class and source at a time. */
export class Incidents {
  /** The newest last. */
  readonly closed: Incident[] = [];
  readonly #open = new Map<string, Incident>();
  #count = 0;

  /** It has occurred, once more or, when `isNew`, for the first time. */
  occur(what: Occurrence, nowMs: number): { readonly incident: Incident; readonly isNew: boolean } {
    const key = JSON.stringify([what.channelId, what.class, what.source]);
    const known = this.#open.get(key);
    if (known) {
      known.count++;
      known.lastMs = nowMs;
      return { incident: known, isNew: false };
    }
    const times = { count: 1, firstMs: nowMs, lastMs: nowMs, closedMs: undefined };
    const { channelId, class: failureClass, source } = what;
    const incident: Incident = { id: ++this.#count, channelId, class: failureClass, source, ...times };
    if (this.#open.size >= MOST_OPEN) this.#close(this.#oldest()!, nowMs);
    this.#open.set(key, incident);
    return { incident, isNew: true };
  }

  /** Those of a channel that are open, the oldest first. */
  of(channelId: number): Incident[] {
    return [...this.#open.values()].filter((incident) => incident.channelId === channelId);
  }

  /** Closes those of a channel that last occurred before `beforeMs`, and returns them. */
  settle(channelId: number, beforeMs: number, nowMs: number): Incident[] {
    const settled = this.of(channelId).filter(({ lastMs }) => lastMs < beforeMs);
    for (const incident of settled) this.#close(incident, nowMs);
    return settled;
  }

  #oldest(): Incident | undefined {
    return [...this.#open.values()].sort((a, b) => a.lastMs - b.lastMs)[0];
  }

  #close(incident: Incident, nowMs: number): void {
    incident.closedMs = nowMs;
    for (const [key, open] of this.#open) if (open === incident) this.#open.delete(key);
    this.closed.push(incident);
    if (this.closed.length > MOST_CLOSED) this.closed.shift();
  }
}
