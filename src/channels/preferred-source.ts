/** How a preferred source fared whenever it was looked at, since an alternate stands in for it. Plain data. */
export interface PreferredState {
  /** Monotonic time since which every look found it well; undefined when the latest did not. */
  readonly wellSinceMs?: number;
  /** When it is to be looked at next. */
  readonly nextLookMs: number;
}

/** Looks are no closer and no further apart than this. */
const LEAST_LOOK_MS = 2_000;
const MOST_LOOK_MS = 15_000;

/** The state when an alternate has just taken over. */
export function standIn(nowMs: number, returnAfterMs: number): PreferredState {
  return { nextLookMs: nowMs + lookEveryMs(returnAfterMs) };
}

/** What a look leads to: a later one, or the return. One bad look, and the wait begins anew. Pure. */
export function looked(
  state: PreferredState,
  isWell: boolean,
  nowMs: number,
  returnAfterMs: number,
): { readonly state: PreferredState; readonly isDue: boolean } {
  const wellSinceMs = isWell ? (state.wellSinceMs ?? nowMs) : undefined;
  const isDue = wellSinceMs !== undefined && nowMs - wellSinceMs >= returnAfterMs;
  return { state: { wellSinceMs, nextLookMs: nowMs + lookEveryMs(returnAfterMs) }, isDue };
}

function lookEveryMs(returnAfterMs: number): number {
  return Math.min(MOST_LOOK_MS, Math.max(LEAST_LOOK_MS, returnAfterMs / 4));
}
