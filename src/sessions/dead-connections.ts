import type { Clock, Timer } from "../base/clock.ts";
import type { EndReason } from "./state.ts";
import type { TcpEntry } from "./tcp-table.ts";

/** How often the kernel's table is looked at. */
const LOOK_MS = 10_000;
/** A connection that has not answered for so long, through all looks in between, is dead. */
const DEAD_MS = 30_000;

/** A session whose connection can be found in the kernel's table. */
export interface ConnectedSession {
  /** As `tcpKey` gives it; undefined for a session without a connection of its own. */
  readonly tcpKey: string | undefined;
  end(reason: EndReason): void;
}

/** What the watch is made with. */
export interface DeadConnectionsOptions {
  readonly clock: Clock;
  readonly sessions: () => Iterable<ConnectedSession>;
  /** Calls back for each connection that waits for its other end. */
  readonly readTable: (onEntry: (entry: TcpEntry) => void) => Promise<void>;
  /** Told once when the table cannot be read; the idle timeout is then all there is. */
  readonly onFailure: (failure: unknown) => void;
}

/** A connection that did not answer at its first look, and has not since. */
interface Suspect {
  readonly sinceMs: number;
  readonly timer: number;
  readonly firstUnanswered: number;
  unanswered: number;
}

/**
 * Ends the sessions of connections whose other end is gone without a word (switched off, out of reach): TCP itself
 * gives up only after a quarter of an hour. Seen from the kernel's table: what was sent is not acknowledged, or the
 * question whether there is room again is not answered, and the attempts grow from look to look. A paused player
 * answers that question, so its count begins anew, and it is left alone.
 */
export class DeadConnections {
  readonly #options: DeadConnectionsOptions;
  readonly #timer: Timer;
  #suspects = new Map<string, Suspect>();
  #isLooking = false;
  #hasFailed = false;

  constructor(options: DeadConnectionsOptions) {
    this.#options = options;
    this.#timer = options.clock.every(LOOK_MS, () => void this.look());
  }

  /** Looks once; runs by itself. Never throws. */
  async look(): Promise<void> {
    const sessions = new Map<string, ConnectedSession>();
    for (const session of this.#options.sessions()) {
      if (session.tcpKey !== undefined) sessions.set(session.tcpKey, session);
    }
    if (sessions.size === 0) this.#suspects.clear();
    if (sessions.size === 0 || this.#isLooking) return;
    this.#isLooking = true;
    try {
      const suspects = new Map<string, Suspect>();
      await this.#options.readTable((entry) => {
        if (!sessions.has(entry.key)) return;
        const suspect = this.#judge(entry, this.#suspects.get(entry.key));
        if (suspect) suspects.set(entry.key, suspect);
      });
      this.#suspects = suspects;
      this.#endDead(sessions);
    } catch (failure) {
      if (!this.#hasFailed) this.#options.onFailure(failure);
      this.#hasFailed = true;
    } finally {
      this.#isLooking = false;
    }
  }

  close(): void {
    this.#timer.cancel();
  }

  #judge({ timer, retransmits, probes }: TcpEntry, before: Suspect | undefined): Suspect | undefined {
    const unanswered = timer === 1 ? retransmits : probes;
    if (unanswered === 0) return undefined;
    // A count that falls began anew, so there was an answer in between.
    if (before && before.timer === timer && unanswered >= before.unanswered) {
      before.unanswered = unanswered;
      return before;
    }
    return { sinceMs: this.#options.clock.now(), timer, firstUnanswered: unanswered, unanswered };
  }

  #endDead(sessions: ReadonlyMap<string, ConnectedSession>): void {
    const nowMs = this.#options.clock.now();
    for (const [key, { sinceMs, firstUnanswered, unanswered }] of this.#suspects) {
      if (nowMs - sinceMs < DEAD_MS || unanswered <= firstUnanswered) continue;
      this.#suspects.delete(key);
      sessions.get(key)?.end("connection_lost");
    }
  }
}
