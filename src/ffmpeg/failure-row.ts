import type { BackoffPolicy } from "../base/backoff.ts";

/** Whether and how the run that failed is started again for the same item. */
export type Retry =
  /** As the channel's own ladder says: at once, with patience, then over the bad spot (channels/restart-ladders.ts). */
  | { readonly kind: "usual" }
  /** The same place once more at once, then over the bad spot in growing steps. */
  | { readonly kind: "step_over" }
  /** The same place, after growing waits; then the item is given up. */
  | { readonly kind: "backoff"; readonly attempts: number; readonly backoff: BackoffPolicy }
  /** Not at all: it would fail again. */
  | { readonly kind: "never" };

/** What to do about a failure, for a policy to read. `scope` says how much of the server it concerns. */
export type Remedy =
  /** Leave the file; `rescan` when the library should look for it again. */
  | { readonly action: "next_item"; readonly scope: "item"; readonly rescan: boolean; readonly retry: Retry }
  /** Leave the file and do not play it again until it has changed. */
  | { readonly action: "quarantine"; readonly scope: "item"; readonly retry: Retry }
  /** Go on and count it; within `graceSeconds` of a run's start it is no news at all. */
  | {
      readonly action: "tolerate";
      readonly scope: "item" | "source";
      readonly graceSeconds: number;
      readonly retry: Retry;
    }
  /** Connect again, at the place that was reached. */
  | { readonly action: "reconnect"; readonly scope: "source" | "server"; readonly retry: Retry }
  /** Take another source of the same programme. */
  | { readonly action: "alternate_source"; readonly scope: "source"; readonly retry: Retry }
  /** Fetch a new token or password, once. */
  | { readonly action: "refresh_credentials"; readonly scope: "source"; readonly retry: Retry }
  /** Start the encoder again with something changed. */
  | {
      readonly action: "restart";
      readonly scope: "item";
      readonly change: "regenerate_timestamps" | "larger_queue" | "insert_format" | "optional_map";
      readonly retry: Retry;
    }
  /** Encode with another profile: in software, or without what was refused. */
  | {
      readonly action: "fallback_profile";
      readonly scope: "channel" | "server";
      readonly profile: "software" | "plain";
      readonly retry: Retry;
    }
  /** Make room on the disk. */
  | { readonly action: "purge_cache"; readonly scope: "server"; readonly retry: Retry }
  /** Run fewer or smaller encoders. */
  | { readonly action: "shed_load"; readonly scope: "server"; readonly retry: Retry }
  /** Use another build of ffmpeg. */
  | { readonly action: "replace_ffmpeg"; readonly scope: "server"; readonly retry: Retry }
  /** Only a person can put it right. */
  | { readonly action: "alert"; readonly scope: "item" | "source" | "server"; readonly retry: Retry };

/**
 * How telling a row is; when several match, the first of this order wins, and within one rank the first of the
 * table. What names a cause beats what follows from it: "Cannot load libcuda" explains "Error while opening
 * encoder". A signal beats what was said about the file, since ffmpeg ends by itself over a file.
 */
export const RANKS = [
  "cause",
  "vague_cause",
  "signal",
  "damage",
  "vague_damage",
  "symptom",
  "shortfall",
  "slight_symptom",
] as const;

/** A line as ffmpeg prints it. `recalled`: from its source code or from memory, where it could not be provoked. */
export interface ExampleLine {
  readonly line: string;
  readonly recalled?: true;
}

/** How a live source fails without ffmpeg's saying so. */
export type LiveOutcome = "ended" | "stalled" | "black" | "frozen" | "silent";

/** One kind of failure. */
export interface FailureRow {
  /** 1–35 as in the reference that the table grew from, then on. */
  readonly row: number;
  /** A stable name in snake_case. */
  readonly class: string;
  readonly rank: (typeof RANKS)[number];
  /** Any of these in a line of stderr; empty for rows that go by how the run ended. None backtracks. */
  readonly match: readonly RegExp[];
  /** Signals that ended the process and were not sent by us. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Goes by less having come out than the file promises, though ffmpeg reported success. */
  readonly short?: true;
  /** Goes by what was seen of a live source, whatever ffmpeg said. */
  readonly outcome?: LiveOutcome;
  readonly examples: readonly ExampleLine[];
  readonly remedy: Remedy;
  /** What it means, in one sentence for a person. */
  readonly sentence: string;
}

/** As the channel's own ladder says. */
export const USUAL: Retry = { kind: "usual" };
/** Once more at the same place, then over it. */
export const STEP_OVER: Retry = { kind: "step_over" };
/** It would fail again. */
export const NEVER: Retry = { kind: "never" };
/** Once more within a second, in case the file was just being replaced. */
export const ONCE: Retry = { kind: "backoff", attempts: 1, backoff: { baseMs: 1000, capMs: 1000 } };

/** `attempts` more tries at the same place, with waits that double from `baseMs` up to `capMs`. */
export function patiently(attempts: number, baseMs: number, capMs: number): Retry {
  return { kind: "backoff", attempts, backoff: { baseMs, capMs } };
}
