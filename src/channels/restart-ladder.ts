import { type BackoffPolicy, backoffDelayMs } from "../base/backoff.ts";
import type { Random } from "../base/random.ts";

/** What to do after a failure: wait, then go on this many Gops further into the item. */
export interface RestartStep {
  readonly delayMs: number;
  readonly skipGops: number;
}

/**
 * The channel's own restart ladder, by failures in a row without a Gop between them: first the same place again,
 * at once and then with patience; then over the bad spot, in growing steps; then the item is given up and the
 * schedule's clock goes on without it.
 */
const LADDER: readonly { backoff: BackoffPolicy; skipGops: number }[] = [
  { backoff: { baseMs: 0, capMs: 0 }, skipGops: 0 },
  { backoff: { baseMs: 250, capMs: 250 }, skipGops: 0 },
  { backoff: { baseMs: 500, capMs: 500 }, skipGops: 1 },
  { backoff: { baseMs: 1000, capMs: 1000 }, skipGops: 2 },
  { backoff: { baseMs: 2000, capMs: 2000 }, skipGops: 4 },
  { backoff: { baseMs: 4000, capMs: 4000 }, skipGops: 8 },
  { backoff: { baseMs: 4000, capMs: 4000 }, skipGops: 16 },
];

/** The step after `failures` failures in a row (1 = the first); undefined when the ladder has ended. */
export function restartStep(failures: number, random: Random): RestartStep | undefined {
  const rung = LADDER[failures - 1];
  if (!rung) return undefined;
  return { delayMs: backoffDelayMs(rung.backoff, 0, random), skipGops: rung.skipGops };
}
