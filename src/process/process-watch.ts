import type { Clock, Timer } from "../base/clock.ts";
import { WorkLog } from "../base/named-clock.ts";
import type { Gauges, MemorySample } from "./gauges.ts";
import { type BlockReason, judgeBlock, type LoopBlock } from "./loop-block.ts";
import { type LoopDelay, LoopWatch } from "./loop-watch.ts";
import { type MemoryFinding, MemoryWatch } from "./memory-watch.ts";

const MEMORY_MS = 10_000;
/** Blocks are told once in so long, with how many there were. */
const BLOCK_NEWS_MS = 10_000;

/** From when on something is told; asked each time. */
export interface ProcessThresholds {
  readonly loopDelayMs: number;
  /** Share of a limit of memory, 0…1. */
  readonly memoryShare: number;
}

/** What happened to the process. */
export type ProcessNews =
  | {
      readonly type: "loop_blocked";
      /** Of the longest since the last news of it. */
      readonly block: LoopBlock;
      readonly reason: BlockReason;
      readonly sentence: string;
      /** How many there were since. */
      readonly count: number;
    }
  | { readonly type: "memory"; readonly finding: MemoryFinding };

/** How the process is. */
export interface ProcessFigures {
  readonly loopDelay: LoopDelay;
  /** Times in which the loop was held up, since the start, and the last one of them. */
  readonly blocks: number;
  readonly lastBlock:
    | { readonly atMs: number; readonly wallMs: number; readonly reason: BlockReason }
    | undefined;
  readonly memory: MemorySample;
}

/** What the watch works with. */
export interface ProcessWatchOptions {
  readonly clock: Clock;
  readonly gauges: Gauges;
  readonly thresholds: () => ProcessThresholds;
  /** Must not throw. */
  readonly onNews: (news: ProcessNews) => void;
}

/** Watches this process: whether its event loop runs, and whether its memory will do. */
export class ProcessWatch {
  /** Where named work is noted (`NamedClock`): it is what a block is told with. */
  readonly work = new WorkLog();
  readonly #options: ProcessWatchOptions;
  readonly #loop: LoopWatch;
  readonly #memory = new MemoryWatch();
  readonly #memoryTimer: Timer;
  #blocks = 0;
  #lastBlock: ProcessFigures["lastBlock"];
  /** What was not told yet, while the last news are fresh. */
  #untold: { readonly timer: Timer; longest: LoopBlock | undefined; count: number } | undefined;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    const { clock, gauges, thresholds } = options;
    this.#loop = new LoopWatch({
      ...{ clock, gauges, work: this.work },
      thresholdMs: () => thresholds().loopDelayMs,
      onBlock: (block) => this.#take(block),
    });
    this.#memoryTimer = clock.every(MEMORY_MS, () => this.#weigh());
  }

  get figures(): ProcessFigures {
    const { clock, gauges } = this.#options;
    const epochMs = clock.wallNow() - clock.now();
    const lastBlock = this.#lastBlock && { ...this.#lastBlock, atMs: this.#lastBlock.atMs + epochMs };
    return { loopDelay: this.#loop.delay, blocks: this.#blocks, lastBlock, memory: gauges.memory() };
  }

  close(): void {
    this.#loop.close();
    this.#memoryTimer.cancel();
    this.#untold?.timer.cancel();
  }

  #take(block: LoopBlock): void {
    const { clock } = this.#options;
    this.#blocks++;
    this.#lastBlock = { atMs: clock.now(), wallMs: block.wallMs, reason: judgeBlock(block).reason };
    const untold = this.#untold;
    if (untold) {
      untold.count++;
      if (block.wallMs > (untold.longest?.wallMs ?? 0)) untold.longest = block;
    } else this.#tell(block, 1);
  }

  #tell(block: LoopBlock, count: number): void {
    const timer = this.#options.clock.after(BLOCK_NEWS_MS, () => {
      const { longest, count: untold } = this.#untold!;
      this.#untold = undefined;
      if (longest) this.#tell(longest, untold);
    });
    this.#untold = { timer, longest: undefined, count: 0 };
    this.#options.onNews({ type: "loop_blocked", block, ...judgeBlock(block), count });
  }

  #weigh(): void {
    const { gauges, thresholds, onNews } = this.#options;
    const { memoryShare } = thresholds();
    for (const finding of this.#memory.add(gauges.memory(), memoryShare)) onNews({ type: "memory", finding });
  }
}
