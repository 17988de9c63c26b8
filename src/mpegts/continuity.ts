/** Number of PID values (ISO/IEC 13818-1 2.4.3.3: 13 bits). */
export const PID_COUNT = 8192;

/** How a packet's continuity_counter follows the one before it (ISO/IEC 13818-1 2.4.3.3). */
export type Continuity = "ok" | "duplicate" | "error";

/** Follows continuity_counter of every PID (ETSI TR 101 290 1.4) in a few fixed arrays. */
export class ContinuityCounters {
  readonly #last = new Int8Array(PID_COUNT).fill(-1);
  readonly #repeats = new Uint8Array(PID_COUNT);
  readonly #prints = new Int32Array(PID_COUNT);

  /** Takes the packet at `bytes[at]` as the last of its PID without judging it. */
  accept(bytes: Uint8Array, at: number, pid: number): void {
    this.#last[pid] = bytes[at + 3]! & 15;
    this.#repeats[pid] = 0;
    this.#prints[pid] = fingerprint(bytes, at);
  }

  /** Judges the packet at `bytes[at]`: one duplicate is legal; only payload makes the counter rise. */
  check(bytes: Uint8Array, at: number, pid: number, discontinuity: boolean): Continuity {
    const counter = bytes[at + 3]! & 15;
    const last = this.#last[pid]!;
    if ((bytes[at + 3]! & 0x10) === 0) {
      if (last < 0 || counter === last) return "ok";
      this.accept(bytes, at, pid); // so that a loss before it counts once
      return discontinuity ? "ok" : "error";
    }
    if (counter === ((last + 1) & 15) || last < 0 || discontinuity) {
      this.accept(bytes, at, pid);
      return "ok";
    }
    if (counter === last && this.#repeats[pid] === 0 && this.#prints[pid] === fingerprint(bytes, at)) {
      this.#repeats[pid] = 1;
      return "duplicate";
    }
    this.accept(bytes, at, pid);
    return "error";
  }

  /** The last counter of `pid`, or -1. */
  last(pid: number): number {
    return this.#last[pid]!;
  }
}

// A duplicate repeats every byte but its PCR (bytes 6 to 11); some samples are enough to tell another packet.
function fingerprint(bytes: Uint8Array, at: number): number {
  let print = bytes[at + 3]!;
  for (let offset = at + 12; offset < at + 188; offset += 25) print = Math.imul(print, 31) + bytes[offset]!;
  return print | 0;
}
