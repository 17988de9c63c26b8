import type { PlayItem, RunProfile } from "../source/source.ts";
import type { ItemTrouble } from "./screen-cue.ts";

/**
 * Where a swap takes effect: behind the programme that waits in the lead, so that nobody can see it; or as early as
 * is safe, in place of what waits there.
 */
export const SWAP_PLACES = ["lead", "now"] as const;
export type SwapPlace = (typeof SWAP_PLACES)[number];

/** What kind of change a swap is. */
export type SwapKind = "restart" | "profile" | "item" | "schedule" | "clock";

/** What shall be played in a slot from some Gop on, until the slot ends. */
export interface SwapWish {
  readonly kind: "restart" | "profile" | "item";
  /** `startFrame` of the slot; default the one that is being fed. */
  readonly slotStart?: number;
  /** At least as long as the slot needs it; default what is being played there. */
  readonly item?: PlayItem;
  /** With `item`: its frame that stands where the slot begins; default 0. */
  readonly offset?: number;
  /** Channel frame at which it is to begin if it is ready by then; default as early as possible. */
  readonly fromFrame?: number;
  /** Default that of what is being played there; with `item`, usual. */
  readonly profile?: RunProfile;
  /** Default lead. */
  readonly at?: SwapPlace;
  /** How long it may take until the new one has a Gop ready in its place, in ms. */
  readonly patienceMs: number;
}

/** What was or is to be played. */
export interface Played {
  readonly title: string;
  readonly mediaId: number;
  readonly profile: RunProfile;
}

/** Why the old one went on: a stable name and a sentence. */
export interface KeptReason {
  /** A class of failure, an error's code, or `not_ready`, `slot_over`, `moving`, `off_air`. */
  readonly class: string;
  readonly sentence: string;
}

/** What became of a swap. */
export type SwapOutcome =
  | {
      readonly outcome: "swapped";
      readonly from: Played;
      readonly to: Played;
      /** Channel frame from which on the new one is on air. */
      readonly frame: number;
      /** Wall-clock time of that, in ms since the Unix epoch. */
      readonly onAirAtMs: number;
      /** From the wish until it had taken over, in ms. */
      readonly preparationMs: number;
    }
  | { readonly outcome: "kept"; readonly from: Played; readonly to: Played; readonly reason: KeptReason }
  | { readonly outcome: "superseded"; readonly from: Played; readonly to: Played };

/** Why an alternative that is not there in time is not used. Pure. */
export function lateReason(trouble: ItemTrouble | undefined, patienceMs: number): KeptReason {
  if (trouble) return troubleReason(trouble);
  return { class: "not_ready", sentence: `Nothing came of it within ${patienceMs / 1000} s.` };
}

/** Why an alternative that has failed is not used. Pure. */
export function troubleReason({ failure, error }: ItemTrouble): KeptReason {
  return failure
    ? { class: failure.class, sentence: failure.sentence }
    : { class: error.code, sentence: error.message };
}

/** The programme ended before the new one was ready. */
export const SLOT_OVER: KeptReason = {
  class: "slot_over",
  sentence:
    "All of the programme was made, or over, before the alternative was ready; ask again for what follows, or with at: now.",
};

/** The schedule moves, which goes before an operator's wish. */
export const MOVING: KeptReason = {
  class: "moving",
  sentence: "The channel was just about to move to another place or schedule; ask again.",
};

/** The channel went off air. */
export const OFF_AIR: KeptReason = { class: "off_air", sentence: "The channel went off air meanwhile." };
