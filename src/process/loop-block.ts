/** A time in which the event loop did not run, and what is known of it. */
export interface LoopBlock {
  /** How long it lasted. */
  readonly wallMs: number;
  /** Processor time that the main thread used meanwhile. */
  readonly cpuMs: number;
  /** Time in which garbage was collected. */
  readonly gcMs: number;
  /** Time in which the thread could have run and was given no processor; undefined where that is not told. */
  readonly starvedMs: number | undefined;
  /** Whether the process was stopped by a signal, and went on. */
  readonly wasStopped: boolean;
  /** The longest piece of work that has a name. */
  readonly work: { readonly name: string; readonly ms: number } | undefined;
}

/** Why the event loop did not run. */
export type BlockReason = "stopped" | "garbage_collection" | "own_code" | "starved" | "waiting";

/** A block and its reason. */
export interface JudgedBlock {
  readonly reason: BlockReason;
  /** For a person. */
  readonly sentence: string;
}

/** From this share of a block on, something is its reason. */
const MAIN_SHARE = 0.5;
/** Where nobody tells of waits for the processor: a thread that got this share at least was not at rest. */
const SOME_SHARE = 0.1;

/** Says why the event loop did not run, as far as it can be known. */
export function judgeBlock(block: LoopBlock): JudgedBlock {
  const { wallMs, cpuMs, gcMs, starvedMs, wasStopped, work } = block;
  const isMain = (ms: number) => ms >= wallMs * MAIN_SHARE;
  if (wasStopped && !isMain(cpuMs))
    return { reason: "stopped", sentence: "The process was stopped by a signal (SIGSTOP, or Ctrl+Z)." };
  if (isMain(gcMs))
    return {
      reason: "garbage_collection",
      sentence: "Memory was tidied up: the heap is large or nearly full.",
    };
  if (isMain(cpuMs)) {
    const what = work && isMain(work.ms) ? `with ${work.name}` : "with work that has no name";
    return { reason: "own_code", sentence: `The server was busy itself, ${what}.` };
  }
  if (isMain(starvedMs ?? 0) || (starvedMs === undefined && cpuMs >= wallMs * SOME_SHARE))
    return { reason: "starved", sentence: "Other programs (or a limit) left the server no processor time." };
  return {
    reason: "waiting",
    sentence:
      "The server waited for the system: a disk or network drive that did not answer, memory that was swapped out, or a machine that was suspended.",
  };
}
