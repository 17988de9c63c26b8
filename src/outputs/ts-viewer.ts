import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { WirePosition, WireRing } from "../channels/wire-ring.ts";
import { PACKET_BYTES } from "../mpegts/packets.ts";
import type { Entry, PaceReport, ViewerPace } from "../throttle/viewer-pace.ts";

/** A viewer whose socket takes nothing for so long is idle (somebody pressed pause): it loses its place. */
const IDLE_MS = 10_000;
/**
 * Most bytes handed to a socket in one write, so that a drain means that the viewer takes something. Whole packets:
 * a viewer that jumps must not be left with the half of one.
 */
const WRITE_BYTES = 348 * PACKET_BYTES;
/** How long the last bytes may take to leave when the stream is ended from our side. */
const CLOSE_MS = 1_000;

/** Why a viewer's stream came to its end. */
export type ViewerEnd = "client_gone" | "idle_timeout" | "off_air" | "shutdown";

/** What a viewer has had so far. */
export interface ViewerFigures {
  bytesSent: number;
  /** How often it fell out of the ring and went on at the newest keyframe. */
  jumps: number;
}

/**
 * One client on a channel: a position in its ring, and a socket that is written to as fast as it takes, as far as
 * its pace lets it. A viewer that is too slow loses pictures, never anybody else's time: it goes on at a keyframe,
 * the newest one unless its pace says otherwise.
 */
export class TsViewer {
  readonly figures: ViewerFigures = { bytesSent: 0, jumps: 0 };
  readonly #socket: Socket;
  readonly #ring: WireRing;
  readonly #clock: Clock;
  readonly #idleTimeoutMs: () => number;
  #pace: ViewerPace;
  #position: WirePosition | undefined;
  #blockedSinceMs: number | undefined;
  #end: ViewerEnd | undefined;

  /** Ends when the socket closes, or after `idleTimeoutMs` in which the socket took nothing. */
  constructor(socket: Socket, ring: WireRing, pace: ViewerPace, clock: Clock, idleTimeoutMs: () => number) {
    this.#socket = socket;
    this.#ring = ring;
    this.#pace = pace;
    this.#clock = clock;
    this.#idleTimeoutMs = idleTimeoutMs;
    socket.on("drain", this.#onDrain);
  }

  /** Why it ended; `client_gone` until anything else is known. */
  get endReason(): ViewerEnd {
    return this.#end ?? "client_gone";
  }

  /** How it is served at present; times are wall-clock ms since the epoch. */
  get throttle(): PaceReport {
    const { report } = this.#pace;
    const epochMs = this.#clock.wallNow() - this.#clock.now();
    const decisions = report.decisions.map((each) => ({ ...each, atMs: each.atMs + epochMs }));
    return { ...report, decisions };
  }

  /** Goes on under another pace, from where it is. */
  setPace(pace: ViewerPace): void {
    this.#pace = pace;
    if (this.#position !== undefined) pace.placeAt(this.#ring.timeOf(this.#position), this.#clock.now());
  }

  /** Hands over what has been released since the last time. Called after each release. */
  pump(): void {
    if (this.#end || this.#socket.destroyed) return;
    const nowMs = this.#clock.now();
    if (this.#blockedSinceMs === undefined) this.#write(nowMs);
    else {
      this.#pace.blocked(nowMs);
      this.#watchIdle(nowMs - this.#blockedSinceMs);
    }
  }

  /** Ends the stream from our side; what the socket has taken still arrives. Resolves when the socket is closed. */
  close(reason: ViewerEnd): Promise<void> {
    const closed = this.#socket.closed
      ? Promise.resolve()
      : new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    this.#finish(reason);
    return closed;
  }

  #finish(reason: ViewerEnd): void {
    if (this.#end) return;
    this.#end = reason;
    this.#socket.off("drain", this.#onDrain);
    if (reason === "idle_timeout") {
      this.#socket.destroy();
      return;
    }
    this.#socket.destroySoon();
    const patience = this.#clock.after(CLOSE_MS, () => this.#socket.destroy());
    this.#socket.once("close", () => patience.cancel());
  }

  #write(nowMs: number): void {
    if (this.#position === undefined) this.#enter("join", nowMs);
    if (this.#position === undefined) return;
    if (this.#position < this.#ring.tail) this.#jump("jump", nowMs);
    const until = this.#ring.reach(this.#pace.limit(this.#ring.now, nowMs));
    for (let accepted = true; accepted; ) {
      const bytes = this.#ring.read(this.#position, Math.min(until, this.#position + WRITE_BYTES));
      if (!bytes) return;
      accepted = this.#socket.write(bytes);
      this.#position += bytes.length;
      this.figures.bytesSent += bytes.length;
    }
    this.#blockedSinceMs = nowMs;
  }

  #watchIdle(blockedMs: number): void {
    if (blockedMs >= this.#idleTimeoutMs()) this.#finish("idle_timeout");
    else if (blockedMs >= IDLE_MS) this.#position = undefined;
  }

  #jump(entry: "jump" | "resume", nowMs: number): void {
    this.#enter(entry, nowMs);
    this.figures.jumps++;
  }

  #enter(entry: Entry, nowMs: number): void {
    if (this.#ring.isEmpty) return;
    this.#position = this.#ring.keyframe(this.#ring.now - this.#pace.entryBehind(entry, nowMs));
    this.#pace.placeAt(this.#ring.timeOf(this.#position), nowMs);
  }

  readonly #onDrain = () => {
    const nowMs = this.#clock.now();
    this.#blockedSinceMs = undefined;
    if (this.#position === undefined) this.#jump("resume", nowMs);
    this.#write(nowMs);
  };
}
