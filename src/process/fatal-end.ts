import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/** The way down after an error that nobody caught may take so long. */
const END_MS = 5_000;
/** Exit status then: a fault of the server's own, after which it is started again. */
const FATAL_STATUS = 1;
/** Errors that are still told on the way down. */
const MOST_TOLD = 10;

/** What an end in order needs. */
export interface FatalEndOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Tells sessions, ends children; may fail or never come back. */
  readonly close: () => Promise<void>;
  /** Ends the process with this status. */
  readonly exit: (status: number) => void;
}

/**
 * Makes the listener for `uncaughtException` (which unhandled rejections become): what happened is logged with its
 * cause, then the process ends in order, after five seconds at the latest. What fails on the way is logged alone.
 */
export function fatalEnd({ log, clock, close, exit }: FatalEndOptions) {
  let told = 0;
  return (thrown: unknown, origin: string): void => {
    const isFirst = told++ === 0;
    if (told <= MOST_TOLD) tell(log, thrown, origin, isFirst);
    if (!isFirst) return;
    const end = () => exit(FATAL_STATUS);
    clock.after(END_MS, end);
    // Not at once: whoever threw may stand in the middle of something.
    void Promise.resolve().then(close).then(end, end);
  };
}

/** Whatever was thrown, and whatever has become of the log: the way down goes on. */
function tell(log: Log, thrown: unknown, origin: string, isFirst: boolean): void {
  const message = isFirst
    ? "a fault of the server that nothing caught: it ends in order"
    : "another fault, on the way down";
  try {
    log.error({ code: "internal", origin, err: thrown }, message);
  } catch {
    log.error({ code: "internal", origin }, message);
  }
}
