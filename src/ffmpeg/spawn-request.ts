import type { AppError } from "../base/errors.ts";

/** How badly a run is wanted: a viewer waits for it, it is on next, or it is made ahead of any need. */
export const URGENCIES = ["viewer", "next", "preparation"] as const;

/** One of them. */
export type Urgency = (typeof URGENCIES)[number];

/** Somebody who wants to start a process. */
export interface EntryRequest {
  /** Asked anew whenever a place may be had. */
  readonly urgency: () => Urgency;
  /** For whom it runs: the same object for all runs of one airing. */
  readonly owner: object;
  /** Takes the request back. */
  readonly signal: AbortSignal;
  /** Takes why a viewer has to wait, once for each reason. Must not throw. */
  readonly onHeldUp?: ((reason: AppError) => void) | undefined;
}

/**
 * Prepares something when there is room for it. When it has to make way, `work` is told by its signal, and is begun
 * anew later. Throws what `work` throws, and the signal's reason.
 */
export type Prepare = <T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) => Promise<T>;

/** A place in the budget. */
export interface Permit {
  /** Aborts, with an AppError as its reason, when the holder is to let go. */
  readonly signal: AbortSignal;
  /** Gives the place back when `gone` has settled; until then only the same owner may have it. Idempotent. */
  leave(gone?: Promise<unknown>): void;
}
