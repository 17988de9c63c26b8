import { type BackoffPolicy, backoffDelayMs } from "../base/backoff.ts";
import type { Random } from "../base/random.ts";
import { type Retry, USUAL } from "../ffmpeg/failure-row.ts";

/** What to do after a failure: wait, then go on this many Gops further into the item. */
export interface RestartStep {
  readonly delayMs: number;
  readonly skipGops: number;
}

interface Rung {
  readonly backoff: BackoffPolicy;
  readonly skipGops: number;
}

/**
 * The channel's own restart ladder, by failures in a row without a Gop between them: first the same place again,
 * at once and then with patience; then over the bad spot, in growing steps. A failure that says nothing of the
 * file (a disk that sleeps, an ffmpeg that is being replaced) is then looked at again now and then, at the place
 * where the schedule is by that time; with any other one the item is given up and the schedule goes on without it.
 */
const AGAIN: readonly Rung[] = [
  { backoff: { baseMs: 0, capMs: 0 }, skipGops: 0 },
  { backoff: { baseMs: 250, capMs: 250 }, skipGops: 0 },
];
const OVER_THE_SPOT: readonly Rung[] = [
  { backoff: { baseMs: 500, capMs: 500 }, skipGops: 1 },
  { backoff: { baseMs: 1000, capMs: 1000 }, skipGops: 2 },
  { backoff: { baseMs: 2000, capMs: 2000 }, skipGops: 4 },
  { backoff: { baseMs: 4000, capMs: 4000 }, skipGops: 8 },
  { backoff: { baseMs: 4000, capMs: 4000 }, skipGops: 16 },
];

const NOW_AND_THEN: Rung = { backoff: { baseMs: 15_000, capMs: 15_000 }, skipGops: 0 };

/**
 * The step after `failures` failures in a row (1 = the first); undefined when the ladder has ended. `retry` is
 * what the remedy of the latest failure allows; a failure without a name is retried in the usual way.
 */
export function restartStep(failures: number, random: Random, retry: Retry = USUAL): RestartStep | undefined {
  const rung = ladderOf(retry)[failures - 1] ?? (retry.kind === "usual" ? NOW_AND_THEN : undefined);
  if (!rung) return undefined;
  return { delayMs: backoffDelayMs(rung.backoff, 0, random), skipGops: rung.skipGops };
}

/**
 * The one that allows fewer steps. In a row of failures it governs: the first one may say that the file is cut
 * off, and the next ones only what comes of reading behind the cut.
 */
export function stricter(a: Retry | undefined, b: Retry | undefined): Retry | undefined {
  if (!a || !b) return a ?? b;
  return ladderOf(b).length < ladderOf(a).length ? b : a;
}

function ladderOf(retry: Retry): readonly Rung[] {
  switch (retry.kind) {
    case "usual":
      return [...AGAIN, ...OVER_THE_SPOT];
    case "step_over":
      return [AGAIN[0]!, ...OVER_THE_SPOT];
    case "backoff":
      return Array.from({ length: retry.attempts }, (_, attempt) => {
        const ms = Math.min(retry.backoff.capMs, retry.backoff.baseMs * 2 ** attempt);
        return { backoff: { baseMs: ms, capMs: ms }, skipGops: 0 };
      });
    case "never":
      return [];
  }
}
