import type { Clock } from "../base/clock.ts";
import { recognisePlayer } from "./player.ts";
import { RateWindow } from "./rate-window.ts";
import {
  CREATED,
  type EndReason,
  type SessionEffect,
  type SessionInput,
  type SessionState,
  type SessionStateName,
  type StateLimits,
  transition,
} from "./state.ts";

/** A client that goes before its connection has taken so much is a player's probe, not a viewer. */
const PROBE_BYTES = 64 * 1024;
/**
 * And so is one that goes this soon after its first byte: the kernel takes a few megabytes for a client, so how
 * much of them it has read cannot be known.
 */
const PROBE_MS = 1_000;
/** Errors that are kept of a session; the newest. */
const MAX_ERRORS_KEPT = 50;

/** How a session is carried. */
export const PROTOCOLS = ["ts", "hls", "hdhomerun", "vod"] as const;

/** One of the ways in which a session is carried. */
export type Protocol = (typeof PROTOCOLS)[number];

/**
 * What goes wrong for a viewer: it gets less than one whole group of pictures before it must jump again; sending
 * to it failed by our own fault; its connection broke; a request within the session failed.
 */
export const ERROR_CLASSES = ["starved", "reader_fault", "write_failed", "request_failed"] as const;

/** One of the classes of a viewer's errors. */
export type SessionErrorClass = (typeof ERROR_CLASSES)[number];

/** One error of a session; `atMs` is wall-clock time. */
export interface SessionError {
  readonly atMs: number;
  readonly class: SessionErrorClass;
  readonly message: string;
}

/** The client of a session, as far as it can be known. */
export interface SessionClient {
  readonly ip: string;
  /** Its own words: not to be trusted. */
  readonly userAgent: string;
}

/** What a session is asked for with: whose it is and what it carries. */
export interface SessionRequest {
  /** The channel that is watched; undefined for a file on demand. */
  readonly channel?: { readonly id: number; readonly number: number; readonly name: string };
  /** The file that is played on demand. */
  readonly mediaId?: number;
  readonly protocol: Protocol;
  readonly client: SessionClient;
}

/** How delivery to one session is paced, for people to see. Supplied by whoever paces. */
export interface ThrottleFigures {
  readonly mode: string;
  /** Delivery against media rate at present, where 1 is as fast as it plays; undefined when it is unbounded. */
  readonly factor?: number;
  /** What was decided, the newest last; `atMs` is wall-clock time. */
  readonly decisions: readonly {
    readonly atMs: number;
    readonly reason: string;
    readonly factor: number;
    /** How far behind live it was placed. */
    readonly behindSeconds?: number;
  }[];
}

/** News of a session. Its figures are in the session. */
export type SessionNews =
  /** It has a slot. */
  | { readonly type: "created" }
  | Extract<SessionEffect, { type: "changed" }>
  /** It is no probe: somebody watches. */
  | { readonly type: "established" }
  | { readonly type: "jumped" }
  | { readonly type: "error"; readonly error: SessionError };

/** What a session needs of its manager. */
export interface SessionSurroundings {
  readonly id: string;
  readonly clientId: string;
  readonly clock: Clock;
  /** Asked each time, so that changes apply to sessions that are there. */
  readonly limits: () => StateLimits;
  readonly onNews: (session: StreamSession, news: SessionNews) => void;
  /** It has ended and its slot is free: called once, before `onEnd`. */
  readonly onReleased: (session: StreamSession) => void;
}

/** One client's watching: what is known of it, and where it stands. Made by `SessionManager.reserve`. */
export class StreamSession {
  readonly id: string;
  readonly clientId: string;
  readonly request: SessionRequest;
  readonly player: string | undefined;
  /** Wall-clock times in ms since the Unix epoch. */
  readonly createdAtMs: number;
  endedAtMs: number | undefined;
  /** What the connection has taken; HTTP knows no better. */
  bytesSent = 0;
  /** How often it was too slow and went on at the newest keyframe. */
  jumps = 0;
  /** All errors so far; the newest of them are in `errors`. */
  errorCount = 0;
  readonly errors: SessionError[] = [];
  /** Tells how it is paced; set by whoever paces. */
  throttle: (() => ThrottleFigures) | undefined;
  /** Its connection in the kernel's table (`tcp-table.ts`); undefined for a session without one of its own. */
  tcpKey: string | undefined;
  readonly #surroundings: SessionSurroundings;
  readonly #startMs: number;
  readonly #rate: RateWindow;
  readonly #ends: ((reason: EndReason) => void)[] = [];
  #state: SessionState = CREATED;
  #firstByteMs: number | undefined;
  #activityMs: number;
  #endMs: number | undefined;
  #established = false;
  /** `bytesSent` at which the last error is over: a whole group of pictures has gone out since. */
  #recoveredAt = 0;

  constructor(request: SessionRequest, surroundings: SessionSurroundings) {
    const { clock } = surroundings;
    this.id = surroundings.id;
    this.clientId = surroundings.clientId;
    this.request = request;
    this.player = recognisePlayer(request.client.userAgent);
    this.#surroundings = surroundings;
    this.#startMs = clock.now();
    this.#activityMs = this.#startMs;
    this.createdAtMs = clock.wallNow();
    this.#rate = new RateWindow(this.#startMs);
  }

  get state(): SessionStateName {
    return this.#state.name;
  }

  /** Why it ended; undefined while it lives. */
  get endReason(): EndReason | undefined {
    return this.#state.endReason;
  }

  /** Whether its client left before it had watched anything, as players do that find out what a stream is. */
  get isProbe(): boolean {
    return this.#state.endReason === "client_gone" && !this.#established;
  }

  /** Wall-clock time of the last byte taken, or of its beginning. */
  get lastActivityMs(): number {
    const { clock } = this.#surroundings;
    const [wallMs, nowMs] = [this.endedAtMs ?? clock.wallNow(), this.#endMs ?? clock.now()];
    return wallMs - (nowMs - this.#activityMs);
  }

  /** How long it has been there, in ms; does not grow any more once it has ended. */
  get durationMs(): number {
    return (this.#endMs ?? this.#surroundings.clock.now()) - this.#startMs;
  }

  /** Bits per second over the last ten seconds; 0 when it has ended. */
  get currentBps(): number {
    return this.#endMs === undefined ? this.#rate.bps(this.#surroundings.clock.now()) : 0;
  }

  /** Bits per second since its first byte. */
  get meanBps(): number {
    if (this.#firstByteMs === undefined) return 0;
    const sinceMs = (this.#endMs ?? this.#surroundings.clock.now()) - this.#firstByteMs;
    return Math.round((this.bytesSent * 8000) / Math.max(1000, sinceMs));
  }

  /** The connection has taken `bytes` more, at monotonic time `nowMs`. Cheap: called for every viewer at every tick. */
  sent(bytes: number, nowMs = this.#surroundings.clock.now()): void {
    if (bytes <= 0 || this.#endMs !== undefined) return;
    this.bytesSent += bytes;
    this.#rate.add(nowMs, bytes);
    this.#activityMs = nowMs;
    this.#firstByteMs ??= nowMs;
    const name = this.#state.name;
    if (name === "created" || name === "idle") this.#apply({ type: "bytes" });
    else if (name === "error" && this.bytesSent >= this.#recoveredAt) this.#apply({ type: "recovered" });
    if (this.#established || this.bytesSent <= PROBE_BYTES || nowMs - this.#firstByteMs < PROBE_MS) return;
    this.#established = true;
    this.#tell({ type: "established" });
  }

  /**
   * It was too slow and goes on at the newest keyframe, with a group of pictures of `gopBytes`. That is an error
   * only when not even one whole group has gone out since the last time: then there is nothing to be seen.
   */
  jumped(gopBytes: number): void {
    if (this.#endMs !== undefined) return;
    this.jumps++;
    this.#tell({ type: "jumped" });
    const isStarved = this.jumps > 1 && this.bytesSent < this.#recoveredAt;
    this.#recoveredAt = this.bytesSent + gopBytes;
    if (isStarved) this.#fail("starved", "less than one group of pictures between two jumps");
  }

  /** Something went wrong that its viewer saw; over as soon as `gopBytes` more have been taken. */
  failed(errorClass: SessionErrorClass, message: string, gopBytes = 1): void {
    if (this.#endMs !== undefined) return;
    this.#recoveredAt = this.bytesSent + gopBytes;
    this.#fail(errorClass, message);
  }

  /** Looks whether time has made it idle, or ended it. */
  look(): void {
    this.#apply({ type: "look", activityMs: this.#activityMs });
  }

  /** Ends it; the first reason wins. */
  end(reason: EndReason): void {
    this.#apply({ type: "end", reason });
  }

  /** Calls `callback` when it ends, or at once when it has: to let its connection go. */
  onEnd(callback: (reason: EndReason) => void): void {
    if (this.#state.endReason) callback(this.#state.endReason);
    else this.#ends.push(callback);
  }

  #fail(errorClass: SessionErrorClass, message: string): void {
    const error = { atMs: this.#surroundings.clock.wallNow(), class: errorClass, message };
    this.errorCount++;
    this.errors.push(error);
    if (this.errors.length > MAX_ERRORS_KEPT) this.errors.shift();
    this.#tell({ type: "error", error });
    this.#apply({ type: "error" });
  }

  #apply(input: SessionInput): void {
    const { clock, limits } = this.#surroundings;
    const [state, effects] = transition(this.#state, input, clock.now(), limits());
    this.#state = state;
    for (const effect of effects) {
      if (effect.type === "changed") {
        if (effect.to === "disconnected") this.#stop();
        this.#tell(effect);
      } else this.#release(effect.reason);
    }
  }

  #stop(): void {
    this.#endMs = this.#surroundings.clock.now();
    this.endedAtMs = this.#surroundings.clock.wallNow();
  }

  #release(reason: EndReason): void {
    this.#surroundings.onReleased(this);
    for (const callback of this.#ends.splice(0)) callback(reason);
    this.throttle = undefined;
  }

  #tell(news: SessionNews): void {
    this.#surroundings.onNews(this, news);
  }
}
