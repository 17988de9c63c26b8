import type { AppError } from "../base/errors.ts";
import type { SpawnBudget } from "../ffmpeg/spawn-budget.ts";
import type { Permit } from "../ffmpeg/spawn-request.ts";
import { frameCount, type Gop } from "../media/gop.ts";
import type { Cue, OpenSource, PlayItem, Source } from "./source.ts";

/**
 * Opens items by `open` when the budget has a place for their encoders. A run that had to wait begins where its Gops
 * are needed by then; one that is asked to make way ends its encoder and waits for another place. Neither is a
 * failure: `next` only takes longer, and the cue's `onHeldUp` is told why.
 */
export function openWithBudget(budget: SpawnBudget, open: OpenSource): OpenSource {
  return (item, cue) => new BudgetedSource(budget, open, item, cue);
}

interface Run {
  readonly source: Source;
  readonly permit: Permit;
}

class BudgetedSource implements Source {
  readonly #budget: SpawnBudget;
  readonly #open: OpenSource;
  readonly #item: PlayItem;
  readonly #cue: Cue;
  readonly #closing = new AbortController();
  readonly #ending = new Set<Promise<void>>();
  #position: number;
  #run: Run | undefined;
  #toldOf: string | undefined;
  #isOver = false;

  constructor(budget: SpawnBudget, open: OpenSource, item: PlayItem, cue: Cue) {
    this.#budget = budget;
    this.#open = open;
    this.#item = item;
    this.#cue = cue;
    this.#position = cue.startFrame;
  }

  async next(): Promise<Gop | undefined> {
    for (;;) {
      const run = this.#run ?? (await this.#begin());
      if (this.#closing.signal.aborted || this.#isOver) return undefined;
      if (!run) continue;
      const gop = await untilAsked(run);
      if (gop === LET_GO) continue;
      this.#toldOf = undefined;
      if (gop) this.#position = gop.firstFrame + frameCount(gop);
      return gop;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#end();
    await Promise.all(this.#ending);
  }

  /** Waits for a place and opens the item; undefined when it is closed before, or the place was taken back. */
  async #begin(): Promise<Run | undefined> {
    const { signal } = this.#closing;
    const { urgency = () => "viewer" as const, owner = this, neededFrame } = this.#cue;
    const onHeldUp = (reason: AppError) => this.#tell(reason);
    const permit = await this.#budget.enter({ urgency, owner, signal, onHeldUp }).catch(() => undefined);
    if (!permit) return undefined;
    try {
      if (signal.aborted || permit.signal.aborted) return undefined;
      const startFrame = Math.max(this.#position, neededFrame?.() ?? 0);
      // What it has waited for so long is over.
      this.#isOver = startFrame >= this.#item.frames;
      if (this.#isOver) return undefined;
      const run = { source: this.#open(this.#item, { ...this.#cue, startFrame }), permit };
      this.#run = run;
      // At once, also when nobody asks for a Gop at present: a viewer may have paused.
      permit.signal.addEventListener("abort", () => this.#letGo(run), { once: true });
      return run;
    } finally {
      if (!this.#run) permit.leave();
    }
  }

  #letGo(run: Run): void {
    if (this.#run !== run) return;
    this.#end();
    this.#tell(run.permit.signal.reason);
  }

  /** Once for each reason, until there is a Gop again. */
  #tell(reason: AppError): void {
    if (this.#toldOf === reason.code) return;
    this.#toldOf = reason.code;
    this.#cue.onHeldUp?.(reason);
  }

  /** Ends the run that there is; its place is free when its process is gone, and its owner's at once. */
  #end(): void {
    const run = this.#run;
    this.#run = undefined;
    if (!run) return;
    const gone = run.source.close();
    run.permit.leave(gone);
    const ending = gone.finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

const LET_GO = Symbol("the permit's holder is to let go");

/** The next Gop of a run, unless it is asked to let go before that has come. */
async function untilAsked({ source, permit: { signal } }: Run): Promise<Gop | undefined | typeof LET_GO> {
  if (signal.aborted) return LET_GO;
  const { promise, resolve } = Promise.withResolvers<typeof LET_GO>();
  const onAbort = () => resolve(LET_GO);
  signal.addEventListener("abort", onAbort, { once: true });
  const next = source.next();
  // Its last word after it was asked to let go is of no interest.
  next.catch(() => undefined);
  return Promise.race([next, promise]).finally(() => signal.removeEventListener("abort", onAbort));
}
