import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { toAppError } from "../base/errors.ts";
import type { WirePosition, WireRing } from "../channels/wire-ring.ts";
import { PACKET_BYTES } from "../mpegts/packets.ts";
import type { StreamSession } from "../sessions/session.ts";
import type { EndReason } from "../sessions/state.ts";
import type { Entry, PaceReport, ViewerPace } from "../throttle/viewer-pace.ts";
import { letGo } from "./connection.ts";

/**
 * Most bytes handed to a socket in one write, so that a drain means that the viewer takes something. Whole packets:
 * a viewer that jumps must not be left with the half of one.
 */
const WRITE_BYTES = 348 * PACKET_BYTES;

/**
 * One client on a channel: a position in its ring, and a socket that is written to as fast as it takes, as far as
 * its pace lets it. A viewer that is too slow loses pictures, never anybody else's time: it goes on at a keyframe,
 * the newest one unless its pace says otherwise. One that takes nothing for a while (its session is idle: somebody
 * pressed pause) loses its place. It ends with its session.
 */
export class TsViewer {
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #ring: WireRing;
  readonly #session: StreamSession;
  readonly #clock: Clock;
  #pace: ViewerPace;
  #position: WirePosition | undefined;
  #hasBegun = false;
  #isBlocked = false;
  /** Bytes given to the socket, and how many of them it has passed on. */
  #given = 0;
  #taken = 0;

  /** Ends when the socket closes, or its session ends; then the other one does too. */
  constructor(socket: Socket, ring: WireRing, pace: ViewerPace, session: StreamSession, clock: Clock) {
    this.#socket = socket;
    this.#ring = ring;
    this.#pace = pace;
    this.#session = session;
    this.#clock = clock;
    this.closed = socket.closed
      ? Promise.resolve()
      : new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("drain", this.#onDrain);
    session.throttle = () => this.#describePace();
    session.onEnd((reason) => this.#finish(reason));
  }

  /** Goes on under another pace, from where it is. */
  setPace(pace: ViewerPace): void {
    this.#pace = pace;
    if (this.#position !== undefined) pace.placeAt(this.#ring.timeOf(this.#position), this.#clock.now());
  }

  /** Hands over what has been released since the last time. Called after each release, with the time of its tick. */
  pump(nowMs = this.#clock.now()): void {
    if (this.#session.endReason || this.#socket.destroyed) return;
    this.#account(nowMs);
    if (this.#isBlocked) this.#watch(nowMs);
    else this.#attempt(nowMs);
  }

  /** With wall-clock times. */
  #describePace(): PaceReport {
    const { report } = this.#pace;
    const epochMs = this.#clock.wallNow() - this.#clock.now();
    const decisions = report.decisions.map((each) => ({ ...each, atMs: each.atMs + epochMs }));
    return { ...report, decisions };
  }

  /** Nothing is taken: time may make the session idle, whose place is lost, or end it. */
  #watch(nowMs: number): void {
    this.#pace.blocked(nowMs);
    this.#session.look();
    if (this.#session.state === "idle") this.#position = undefined;
  }

  /** Tells the session what has left since the last time. */
  #account(nowMs: number): void {
    const taken = Math.max(this.#taken, this.#given - this.#socket.writableLength);
    this.#session.sent(taken - this.#taken, nowMs);
    this.#taken = taken;
  }

  /** Our own fault is an error of this viewer, who goes on at the newest keyframe, and nobody else's. */
  #attempt(nowMs: number): void {
    try {
      this.#write(nowMs);
    } catch (failure) {
      this.#position = undefined;
      this.#session.failed("reader_fault", toAppError(failure).message, this.#ring.newestBytes);
    }
  }

  #finish(reason: EndReason): void {
    this.#socket.off("drain", this.#onDrain);
    letGo(this.#socket, reason, this.#clock);
  }

  #write(nowMs: number): void {
    if (this.#position === undefined) this.#enter(this.#hasBegun ? "resume" : "join", nowMs);
    if (this.#position === undefined) return;
    if (this.#position < this.#ring.tail) this.#jump("jump", nowMs);
    const until = this.#ring.reach(this.#pace.limit(this.#ring.now, nowMs));
    for (let accepted = true; accepted; ) {
      const bytes = this.#ring.read(this.#position, Math.min(until, this.#position + WRITE_BYTES));
      if (!bytes) return;
      accepted = this.#socket.write(bytes);
      this.#position += bytes.length;
      this.#given += bytes.length;
    }
    this.#isBlocked = true;
  }

  #jump(entry: "jump" | "resume", nowMs: number): void {
    this.#enter(entry, nowMs);
    this.#session.jumped(this.#ring.newestBytes);
  }

  #enter(entry: Entry, nowMs: number): void {
    if (this.#ring.isEmpty) return;
    this.#hasBegun = true;
    this.#position = this.#ring.keyframe(this.#ring.now - this.#pace.entryBehind(entry, nowMs));
    this.#pace.placeAt(this.#ring.timeOf(this.#position), nowMs);
  }

  readonly #onDrain = () => {
    if (this.#session.endReason) return;
    const nowMs = this.#clock.now();
    this.#isBlocked = false;
    this.#account(nowMs);
    if (this.#position === undefined) this.#jump("resume", nowMs);
    this.#attempt(nowMs);
  };
}
