// @ts-check
// What the supervisor does when the server has ended: pure, and as the launcher in what Node.js 14 understands.

/**
 * How often a server is started again: at most `maxRestarts` times within `windowMs`. One that has not been heard
 * of for `hangMs` is ended first. The server says what holds once it has read its configuration.
 * @typedef {{ readonly hangMs: number, readonly maxRestarts: number, readonly windowMs: number }} RestartPolicy
 */

/**
 * How the server ended, and what is known of it. `serves`: it said that it is to be kept running (other verbs of
 * the command line never do). `wasReady`: it has been on air before, in this run or an earlier one. `isStopping`:
 * somebody asked for the end. `restartsMs`: when it was started again so far, on the clock of `nowMs`.
 * @typedef {{
 *   readonly code: number | null,
 *   readonly signal: string | null,
 *   readonly serves: boolean,
 *   readonly wasReady: boolean,
 *   readonly isStopping: boolean,
 *   readonly restartsMs: readonly number[],
 *   readonly nowMs: number,
 * }} Ending
 */

/** @typedef {{ readonly step: "end" } | { readonly step: "give_up" } | { readonly step: "restart", readonly delayMs: number }} Decision */

/** What holds until the server has said what does. @type {RestartPolicy} */
export const DEFAULT_POLICY = { hangMs: 30000, maxRestarts: 10, windowMs: 600000 };

/** Waits before restarts: capped exponential backoff with full jitter, the first one short. */
const BACKOFF_BASE_MS = 250;
const BACKOFF_CAP_MS = 30000;

/** Something that only a person can change, such as a fault in the configuration. */
const USER_ERROR = 2;
/** It was told to stop before it had started. */
const INTERRUPTED = 130;
const ASKED_TO_END = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Whether a server that has ended is started again, and after how long. `random` is uniform in [0, 1).
 * @param {Ending} ending
 * @param {RestartPolicy} policy
 * @param {() => number} random
 * @returns {Decision}
 */
export function decide(ending, policy, random) {
  const { code, signal, serves, wasReady, isStopping, restartsMs, nowMs } = ending;
  if (!serves || isStopping || code === 0 || code === INTERRUPTED) return { step: "end" };
  if (signal !== null && ASKED_TO_END.includes(signal)) return { step: "end" };
  // After a first success the same error may pass: a port that is not free yet, a file that is being edited.
  if (code === USER_ERROR && !wasReady) return { step: "end" };
  const recent = restartsMs.filter((atMs) => nowMs - atMs < policy.windowMs).length;
  if (recent >= policy.maxRestarts) return { step: "give_up" };
  const mostMs = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(recent, 30));
  return { step: "restart", delayMs: random() * mostMs };
}
