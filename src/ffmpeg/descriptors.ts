import type { Clock } from "../base/clock.ts";
import { descriptorLimit, openDescriptors } from "./machine-state.ts";

/** A count is believed for so long, */
const FRESH_MS = 1_000;
/** and until so large a part of the reserve may have been opened since. */
const RESERVE_PART = 8;

/**
 * How many file descriptors this process may still open. They are counted now and then; what is opened in between
 * is told (`opened`) and reckoned with, so that many connections at once find no stale count.
 */
export class Descriptors {
  /** Most that may be open; undefined where nobody tells: then nothing is limited. */
  readonly limit: number | undefined;
  readonly #clock: Clock;
  #reserve = 0;
  #open = 0;
  #openedSince = 0;
  #countedMs = Number.NEGATIVE_INFINITY;
  #counting: Promise<void> | undefined;

  private constructor(clock: Clock, limit: number | undefined) {
    this.#clock = clock;
    this.limit = limit;
  }

  /** Counts for the first time. */
  static async open(clock: Clock): Promise<Descriptors> {
    const descriptors = new Descriptors(clock, await descriptorLimit());
    await descriptors.look();
    return descriptors;
  }

  /** So many are kept free for what is on air and for management. */
  setReserve(reserve: number): void {
    this.#reserve = reserve;
  }

  /** Whether no more than the reserve is left, and whether not even half of it is. */
  get shortage(): "none" | "short" | "grave" {
    const { left } = this;
    if (left === undefined || left >= this.#reserve) return "none";
    return left >= this.#reserve / 2 ? "short" : "grave";
  }

  /** How many are left by the last count, less what was opened since; undefined where nobody tells. */
  get left(): number | undefined {
    if (this.limit === undefined) return undefined;
    return Math.max(0, this.limit - this.#open - this.#openedSince);
  }

  /** Takes that one was opened. */
  opened(): void {
    this.#openedSince++;
    const isStale = this.#clock.now() - this.#countedMs >= FRESH_MS;
    if (isStale || this.#openedSince >= this.#reserve / RESERVE_PART) void this.look();
  }

  /** Counts; resolves with how many are left. Never rejects. */
  async look(): Promise<number | undefined> {
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined;
    });
    await this.#counting;
    return this.left;
  }

  async #count(): Promise<void> {
    if (this.limit === undefined) return;
    const before = this.#openedSince;
    const open = await openDescriptors();
    this.#countedMs = this.#clock.now();
    // What was opened while they were counted may or may not be among them.
    this.#openedSince -= before;
    if (open !== undefined) this.#open = Math.min(open, this.limit);
  }
}
