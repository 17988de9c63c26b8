import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { toAppError } from "../base/errors.ts";
import type { WirePosition, WireRing } from "../channels/wire-ring.ts";
import type { StreamSession } from "../sessions/session.ts";
import type { EndReason } from "../sessions/state.ts";
import { letGo } from "./connection.ts";

/** Most bytes handed to a socket in one write, so that a drain means that the viewer takes something. */
const WRITE_BYTES = 64 * 1024;

/**
 * One client on a channel: a position in its ring, and a socket that is written to as fast as it takes. A viewer
 * that is too slow loses pictures, never anybody else's time: it goes on at the newest keyframe. One that takes nothing
 * for a while (its session is idle: somebody pressed pause) loses its place. It ends with its session.
 */
export class TsViewer {
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #ring: WireRing;
  readonly #session: StreamSession;
  readonly #clock: Clock;
  #position: WirePosition | undefined;
  #isBlocked = false;
  /** Bytes given to the socket, and how many of them it has passed on. */
  #given = 0;
  #taken = 0;

  /** Ends when the socket closes, or its session ends; then the other one does too. */
  constructor(socket: Socket, ring: WireRing, session: StreamSession, clock: Clock) {
    this.#socket = socket;
    this.#ring = ring;
    this.#session = session;
    this.#clock = clock;
    this.closed = socket.closed
      ? Promise.resolve()
      : new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("drain", this.#onDrain);
    session.onEnd((reason) => this.#finish(reason));
  }

  /** Hands over what has been released since the last time. Called after each release. */
  pump(): void {
    if (this.#session.endReason || this.#socket.destroyed) return;
    this.#account();
    if (this.#isBlocked) this.#watch();
    else this.#attempt();
  }

  /** Nothing is taken: time may make the session idle, whose place is lost, or end it. */
  #watch(): void {
    this.#session.look();
    if (this.#session.state === "idle") this.#position = undefined;
  }

  /** Tells the session what has left since the last time. */
  #account(): void {
    const taken = Math.max(this.#taken, this.#given - this.#socket.writableLength);
    this.#session.sent(taken - this.#taken);
    this.#taken = taken;
  }

  /** Our own fault is an error of this viewer, who goes on at the newest keyframe, and nobody else's. */
  #attempt(): void {
    try {
      this.#write();
    } catch (failure) {
      this.#position = undefined;
      this.#session.failed("reader_fault", toAppError(failure).message, this.#newestGopBytes());
    }
  }

  #newestGopBytes(): number {
    return this.#ring.newest?.gop.bytes.length ?? 0;
  }

  #finish(reason: EndReason): void {
    this.#socket.off("drain", this.#onDrain);
    letGo(this.#socket, reason, this.#clock);
  }

  #write(): void {
    this.#position ??= this.#ring.newestKeyframe();
    if (this.#position === undefined) return;
    if (this.#position < this.#ring.tail) this.#jump();
    for (let accepted = true; accepted; ) {
      const bytes = this.#ring.read(this.#position, WRITE_BYTES);
      if (!bytes) return;
      accepted = this.#socket.write(bytes);
      this.#position += bytes.length;
      this.#given += bytes.length;
    }
    this.#isBlocked = true;
  }

  #jump(): void {
    this.#position = this.#ring.newestKeyframe()!;
    this.#session.jumped(this.#newestGopBytes());
  }

  readonly #onDrain = () => {
    if (this.#session.endReason) return;
    this.#isBlocked = false;
    this.#account();
    if (this.#position === undefined) this.#jump();
    this.#attempt();
  };
}
