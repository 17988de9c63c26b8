import type { ServerResponse } from "node:http";
import { SystemClock, type Timer } from "../../src/base/clock.ts";

const clock = new SystemClock();

/** How a source misbehaves; what is under way is treated alike: stalled, dripping, reset, or broken off. */
export type Fault =
  /** Answers with this status and nothing else. */
  | { readonly kind: "status"; readonly code: number }
  /** A web page with status 200, as of a login or a provider that is out of order. */
  | { readonly kind: "html" }
  /** Redirects to itself for ever. */
  | { readonly kind: "redirect_loop" }
  /** Resets the connection after so many bytes of body; default 0. */
  | { readonly kind: "reset"; readonly afterBytes?: number }
  /** Sends nothing more after so many bytes of body and keeps the connection; default 0. */
  | { readonly kind: "stall"; readonly afterBytes?: number }
  /** Sends so slowly. */
  | { readonly kind: "drip"; readonly bytesPerSecond: number }
  /** Announces more than it sends, and ends. */
  | { readonly kind: "truncate"; readonly afterBytes: number }
  /** 403 but for requests with `?token=` this. */
  | { readonly kind: "token"; readonly token: string }
  /** HLS alone: the playlist does not go on. */
  | { readonly kind: "stale" };

/** A response under way, paced and cut as its source's fault wants it. */
export class Outgoing {
  readonly #response: ServerResponse;
  #sent = 0;
  #drip: Timer | undefined;
  #backlog: Uint8Array[] = [];
  #isLast = false;
  #fault: Fault | undefined;

  constructor(response: ServerResponse, fault: Fault | undefined) {
    this.#response = response;
    this.follow(fault);
    response.on("close", () => this.#drip?.cancel());
  }

  get isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  follow(fault: Fault | undefined): void {
    this.#fault = fault;
    this.#drip?.cancel();
    const rate = fault?.kind === "drip" ? fault.bytesPerSecond : undefined;
    if (rate !== undefined) this.#drip = clock.every(100, () => this.#release(rate / 10));
    if (this.#backlog.length > 0) this.#release(Number.POSITIVE_INFINITY);
  }

  /** `isLast`: the body ends with it. */
  write(bytes: Uint8Array, isLast = false): void {
    if (this.isOver) return;
    this.#isLast ||= isLast;
    const fault = this.#fault;
    if (fault?.kind === "drip") {
      this.#backlog.push(bytes);
      return;
    }
    const limit = limitOf(fault);
    const room = limit === undefined ? bytes.length : Math.max(0, limit - this.#sent);
    if (room > 0) this.#response.write(bytes.subarray(0, room));
    this.#sent += Math.min(room, bytes.length);
    if (room < bytes.length || (limit === 0 && fault?.kind === "reset")) this.#cut(fault);
    else if (this.#isLast) this.#response.end();
  }

  reset(): void {
    this.#response.socket?.resetAndDestroy();
  }

  end(): void {
    this.#response.destroy();
  }

  #cut(fault: Fault | undefined): void {
    if (fault?.kind === "reset") this.reset();
    // What was announced does not come; a stalled one simply stays.
    if (fault?.kind === "truncate") this.#response.socket?.end();
  }

  #release(bytes: number): void {
    let room = bytes;
    while (room > 0 && this.#backlog.length > 0 && !this.isOver) {
      const first = this.#backlog[0]!;
      const piece = first.subarray(0, room);
      room -= piece.length;
      if (piece.length === first.length) this.#backlog.shift();
      else this.#backlog[0] = first.subarray(piece.length);
      this.#sent += piece.length;
      this.#response.write(piece);
    }
    if (this.#isLast && this.#backlog.length === 0 && !this.isOver) this.#response.end();
    // A body that drips does not grow without bound when it was meant to be live.
    if (this.#backlog.length > 1000) this.#backlog = this.#backlog.slice(-500);
  }
}

function limitOf(fault: Fault | undefined): number | undefined {
  switch (fault?.kind) {
    case "reset":
    case "stall":
      return fault.afterBytes ?? 0;
    case "truncate":
      return fault.afterBytes;
    default:
      return undefined;
  }
}

/** Resolves when a response takes more again, or is over. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}
