import type { Random } from "./random.ts";

/** Parameters of a capped exponential backoff with full jitter. */
export interface BackoffPolicy {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Delay in ms before attempt `attempt` (0 = first retry): uniform in [0, min(cap, base·2^attempt)).
 * Full jitter keeps many channels that failed together from retrying together.
 */
export function backoffDelayMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  // Beyond 2^53 the cap has long won, while 0·∞ would not be a number.
  const doublings = Math.min(Math.max(0, attempt), 53);
  return random() * Math.min(policy.capMs, policy.baseMs * 2 ** doublings);
}
