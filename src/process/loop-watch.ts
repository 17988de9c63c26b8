import type { Clock, Timer } from "../base/clock.ts";
import type { WorkLog } from "../base/named-clock.ts";
import type { Gauges } from "./gauges.ts";
import type { LoopBlock } from "./loop-block.ts";

/** How often the loop is felt. */
const LOOK_MS = 100;
/** Delays of the last twenty seconds are kept. */
const REMEMBERED = 200;

/** What the watch works with. */
export interface LoopWatchOptions {
  readonly clock: Clock;
  readonly gauges: Gauges;
  readonly work: WorkLog;
  /** A delay from here on is a block; asked at each look. */
  readonly thresholdMs: () => number;
  readonly onBlock: (block: LoopBlock) => void;
}

/** How late the event loop was in the last twenty seconds, in ms. */
export interface LoopDelay {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Feels ten times a second how late the event loop comes, and tells of it when it was held up. */
export class LoopWatch {
  readonly #options: LoopWatchOptions;
  readonly #delays = new Float64Array(REMEMBERED);
  readonly #timer: Timer;
  readonly #ends: readonly (() => void)[];
  #looks = 0;
  #cpuMs: number;
  #starvedMs: number | undefined;
  #gcMs = 0;
  #wasStopped = false;
  /** A block, but for what is not known yet. */
  #open: Omit<LoopBlock, "gcMs" | "wasStopped"> | undefined;

  constructor(options: LoopWatchOptions) {
    this.#options = options;
    const { clock, gauges } = options;
    this.#cpuMs = gauges.cpuMs();
    this.#starvedMs = gauges.starvedMs();
    this.#ends = [
      gauges.onGc((ms) => {
        this.#gcMs += ms;
      }),
      gauges.onContinue(() => {
        this.#wasStopped = true;
      }),
    ];
    this.#timer = clock.every(LOOK_MS, (lateMs) => this.#look(lateMs));
  }

  get delay(): LoopDelay {
    const known = this.#delays.slice(0, this.#looks).sort();
    const { length } = known;
    if (length === 0) return { meanMs: 0, p99Ms: 0, maxMs: 0 };
    const meanMs = known.reduce((sum, delay) => sum + delay, 0) / length;
    return {
      meanMs,
      p99Ms: known[Math.min(length - 1, Math.floor(length * 0.99))]!,
      maxMs: known[length - 1]!,
    };
  }

  close(): void {
    this.#timer.cancel();
    for (const end of this.#ends) end();
  }

  #look(lateMs: number): void {
    const { gauges, work, thresholdMs } = this.#options;
    this.#delays[this.#looks++ % REMEMBERED] = Math.max(0, lateMs);
    this.#tell();
    const cpuMs = gauges.cpuMs();
    const starvedMs = gauges.starvedMs();
    const longest = work.takeLongest();
    if (lateMs >= thresholdMs()) {
      this.#open = {
        wallMs: lateMs,
        cpuMs: cpuMs - this.#cpuMs,
        starvedMs: difference(starvedMs, this.#starvedMs),
        work: longest,
      };
    } else this.#forget();
    this.#cpuMs = cpuMs;
    this.#starvedMs = starvedMs;
  }

  /** Of signals and garbage collections one hears only once the loop runs again: a block is told a look later. */
  #tell(): void {
    const block = this.#open;
    if (!block) return;
    this.#open = undefined;
    const told = { ...block, gcMs: Math.min(block.wallMs, this.#gcMs), wasStopped: this.#wasStopped };
    this.#forget();
    this.#options.onBlock(told);
  }

  #forget(): void {
    this.#gcMs = 0;
    this.#wasStopped = false;
  }
}

function difference(now: number | undefined, before: number | undefined): number | undefined {
  return now === undefined || before === undefined ? undefined : now - before;
}
