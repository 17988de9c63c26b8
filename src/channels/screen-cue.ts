import type { AppError, ErrorCode } from "../base/errors.ts";
import type { ScreenCue } from "../error-screens/screen-source.ts";
import type { Failure } from "../ffmpeg/failures.ts";
import { ScreenReason } from "../media/screen-modes.ts";

/** So many failures in a row, and it is the source that is away. */
const LASTING_FAILURES = 4;

/** What stands between an item and the air. */
export interface ItemTrouble {
  /** Runs that failed since the last one that delivered. */
  readonly failures: number;
  readonly error: AppError;
  /** ffmpeg's failure, where it has a name. */
  readonly failure?: Failure;
  /** It is looked at now and then at the most. */
  readonly givenUp: boolean;
}

/** What is known at a moment when no Gop of a programme is there. */
export interface FeedState {
  /** Nothing of a programme has been fed since the channel went on air. */
  readonly isCold: boolean;
  /** The feeder itself has failed, and nothing has been fed since. */
  readonly fault?: AppError;
  /** Of the item that should be on; undefined while its source only takes its time. */
  readonly trouble?: ItemTrouble;
  /** When the next item begins, in ms since the epoch. */
  readonly nextItemMs: number;
  /** When the schedule's gap ends, in ms since the epoch; undefined when there is a programme. */
  readonly offAirUntilMs?: number;
}

/** Which screen a state asks for. Pure. */
export function screenCue({ isCold, fault, trouble, nextItemMs, offAirUntilMs }: FeedState): ScreenCue {
  if (offAirUntilMs !== undefined) return { reason: ScreenReason.OFF_AIR, returnMs: offAirUntilMs };
  if (fault) return { reason: ScreenReason.CHANNEL_RESTARTING, errorCode: fault.code };
  if (!trouble) return { reason: isCold ? ScreenReason.LOADING : ScreenReason.RECOVERING };
  const errorCode = trouble.failure?.class ?? trouble.error.code;
  const cue = { reason: reasonOf(trouble), errorCode };
  // Until then there may be nothing: what follows is another file.
  return trouble.givenUp ? { ...cue, returnMs: nextItemMs } : cue;
}

/** Codes of what no other run of the item would mend. */
const LASTING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "encoders_full",
  "memory_short",
  "descriptors_short",
  "source_suspended",
]);

function reasonOf({ error, failure, givenUp, failures }: ItemTrouble): ScreenReason {
  const { NETWORK_INTERRUPTION, SOURCE_UNAVAILABLE, RECOVERING } = ScreenReason;
  if (failure?.remedy.action === "reconnect") return NETWORK_INTERRUPTION;
  if (LASTING.has(error.code)) return SOURCE_UNAVAILABLE;
  return givenUp || failures >= LASTING_FAILURES ? SOURCE_UNAVAILABLE : RECOVERING;
}
