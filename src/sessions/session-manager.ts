import { createHmac, randomBytes } from "node:crypto";
import type { Clock, Timer } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { EndedSessions } from "./ended-sessions.ts";
import { type SessionNews, type SessionRequest, StreamSession } from "./session.ts";
import type { EndReason, StateLimits } from "./state.ts";

/** A session that gets no byte for so long has nothing to wait for. */
const FIRST_BYTE_MS = 60_000;
/** A viewer whose connection takes nothing for so long is idle: somebody pressed pause. */
const IDLE_AFTER_MS = 10_000;
/** HLS players ask every few seconds, and wait longer when they have enough. */
const HLS_IDLE_AFTER_MS = 30_000;
/** Refusals are told once in so long, with how many there were. */
const REFUSAL_NEWS_MS = 10_000;

/** What sessions may use; all of it may change while they are there, and lowering it drops nobody. */
export interface SessionLimits {
  readonly perChannel: number;
  readonly total: number;
  readonly idleTimeoutMs: number;
  /** Errors in a row that end a session. */
  readonly maxErrors: number;
  /** How often sessions are looked through. */
  readonly cleanupIntervalMs: number;
}

/** A limit that was met. */
export interface Refusal {
  readonly channel: SessionRequest["channel"];
  readonly limit: number;
  /** The key of the configuration that raises it. */
  readonly key: string;
  /** How many were refused since the last news of it. */
  readonly count: number;
}

/** What the manager is made with. */
export interface SessionManagerOptions {
  readonly clock: Clock;
  readonly limits: SessionLimits;
  readonly onNews?: (session: StreamSession, news: SessionNews) => void;
  readonly onRefusal?: (refusal: Refusal) => void;
  /** Makes what cannot be guessed; by default 128 bits from the system. */
  readonly secret?: () => string;
}

/** What live sessions come to. */
export interface SessionTotals {
  readonly count: number;
  /** By channel id; files on demand belong to none. */
  readonly byChannel: ReadonlyMap<number, number>;
  readonly averageDurationMs: number;
  readonly bytesSent: number;
}

/** Owns every session: grants slots, counts, looks after those that say nothing, remembers those that ended. */
export class SessionManager {
  readonly #options: SessionManagerOptions;
  readonly #secret: () => string;
  /** Client ids say whether two sessions are one player's, not what its address is. */
  readonly #salt: string;
  readonly #live = new Map<string, StreamSession>();
  readonly #perChannel = new Map<number, number>();
  readonly #ended: EndedSessions;
  #limits: SessionLimits;
  #sweeper: Timer | undefined;
  /** Refused since the last news of it, and when the next are due; undefined while nobody is refused. */
  #refusals: { readonly timer: Timer; untold: Refusal | undefined } | undefined;
  #closed = false;
  #probeCount = 0;

  constructor(options: SessionManagerOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#secret = options.secret ?? (() => randomBytes(16).toString("base64url"));
    this.#salt = this.#secret();
    this.#ended = new EndedSessions(options.clock);
  }

  /** The sessions that have a slot, the oldest first. */
  get live(): Iterable<StreamSession> {
    return this.#live.values();
  }

  get count(): number {
    return this.#live.size;
  }

  /** How many players only had a look, since the server was started. */
  get probeCount(): number {
    return this.#probeCount;
  }

  /**
   * Takes a slot, before anything is started for it. Throws `max_sessions_reached`, or `not_ready` while the
   * server stops. Whoever calls ends the session, or the session itself does.
   */
  reserve(request: SessionRequest): StreamSession {
    if (this.#closed) throw new AppError("not_ready", "The server is shutting down.");
    this.#admit(request);
    const { clock, onNews } = this.#options;
    const session = new StreamSession(request, {
      ...{ id: this.#secret(), clientId: this.#clientId(request), clock },
      limits: () => this.#stateLimits(request),
      onNews: (about, news) => onNews?.(about, news),
      onReleased: (released) => this.#release(released),
    });
    this.#live.set(session.id, session);
    const { channel } = request;
    if (channel) this.#perChannel.set(channel.id, (this.#perChannel.get(channel.id) ?? 0) + 1);
    this.#sweeper ??= clock.every(this.#limits.cleanupIntervalMs, () => this.sweep());
    onNews?.(session, { type: "created" });
    return session;
  }

  /** The session with this id, also for a while after it has ended. Throws `session_not_found`. */
  find(id: string): StreamSession {
    const session = this.#live.get(id) ?? this.#ended.get(id);
    if (session) return session;
    throw new AppError(
      "session_not_found",
      `There is no such session. It may have ended ${this.#ended.keptFor} ago, or been a player's short probe, which is not kept; or the id is not right. GET /api/ai/sessions lists those that live.`,
    );
  }

  /** What the live sessions come to: all of them, or those of one channel. */
  totals(channelId?: number): SessionTotals {
    let count = 0;
    let bytesSent = 0;
    let durationMs = 0;
    for (const session of this.#live.values()) {
      if (channelId !== undefined && session.request.channel?.id !== channelId) continue;
      count++;
      bytesSent += session.bytesSent;
      durationMs += session.durationMs;
    }
    const byChannel =
      channelId === undefined ? new Map(this.#perChannel) : new Map(count > 0 ? [[channelId, count]] : []);
    return { count, byChannel, bytesSent, averageDurationMs: count > 0 ? durationMs / count : 0 };
  }

  /** Puts other limits in force. */
  setLimits(limits: SessionLimits): void {
    const isOtherPeriod = limits.cleanupIntervalMs !== this.#limits.cleanupIntervalMs;
    this.#limits = limits;
    if (!isOtherPeriod || !this.#sweeper) return;
    this.#sweeper.cancel();
    this.#sweeper = this.#options.clock.every(limits.cleanupIntervalMs, () => this.sweep());
  }

  /** Looks after every session, those too that nothing else looks after; runs by itself. */
  sweep(): void {
    for (const session of [...this.#live.values()]) session.look();
    this.#ended.prune();
  }

  /** Ends all sessions and takes no more. */
  close(reason: EndReason = "shutdown"): void {
    this.#closed = true;
    this.#refusals?.timer.cancel();
    for (const session of [...this.#live.values()]) session.end(reason);
  }

  #admit({ channel }: SessionRequest): void {
    const { perChannel, total } = this.#limits;
    const here = channel ? (this.#perChannel.get(channel.id) ?? 0) : 0;
    if (channel && here >= perChannel) {
      const what = `Channel ${channel.number} has its ${perChannel} viewers`;
      this.#refuse(channel, what, perChannel, "session_manager.max_sessions_per_channel");
    }
    if (this.#live.size >= total) {
      this.#refuse(
        channel,
        `The server has its ${total} viewers`,
        total,
        "session_manager.max_sessions_total",
      );
    }
  }

  #refuse(channel: SessionRequest["channel"], what: string, limit: number, key: string): never {
    this.#tellRefusal({ channel, limit, key, count: 1 });
    throw new AppError(
      "max_sessions_reached",
      `Max sessions reached: ${what}. ${key} (now ${limit}) raises the limit; a lower session_manager.idle_timeout_seconds frees the slots of paused viewers sooner.`,
      { members: { limit, key } },
    );
  }

  /** The first at once, those that follow together, every ten seconds. */
  #tellRefusal(refusal: Refusal): void {
    if (this.#refusals) {
      this.#refusals.untold = { ...refusal, count: (this.#refusals.untold?.count ?? 0) + 1 };
      return;
    }
    this.#options.onRefusal?.(refusal);
    const timer = this.#options.clock.after(REFUSAL_NEWS_MS, () => {
      const untold = this.#refusals?.untold;
      this.#refusals = undefined;
      if (untold) this.#tellRefusal(untold);
    });
    this.#refusals = { timer, untold: undefined };
  }

  #release(session: StreamSession): void {
    this.#live.delete(session.id);
    const { channel } = session.request;
    if (channel) {
      const left = this.#perChannel.get(channel.id)! - 1;
      if (left > 0) this.#perChannel.set(channel.id, left);
      else this.#perChannel.delete(channel.id);
    }
    if (session.isProbe) this.#probeCount++;
    else this.#ended.add(session);
    if (this.#live.size > 0) return;
    this.#sweeper?.cancel();
    this.#sweeper = undefined;
  }

  #stateLimits({ protocol }: SessionRequest): StateLimits {
    const { idleTimeoutMs, maxErrors } = this.#limits;
    const idleAfterMs = protocol === "hls" ? HLS_IDLE_AFTER_MS : IDLE_AFTER_MS;
    return { firstByteMs: FIRST_BYTE_MS, idleAfterMs, idleTimeoutMs, maxErrors };
  }

  #clientId({ client: { ip, userAgent } }: SessionRequest): string {
    return createHmac("sha256", this.#salt).update(`${ip}\n${userAgent}`).digest("hex").slice(0, 16);
  }
}
