import { type BackoffPolicy, backoffDelayMs } from "../base/backoff.ts";
import type { Random } from "../base/random.ts";

/** So many runs in a row must fail, over at least so long: one short incident, on however many channels, does not count. */
const FAILURES_TO_OPEN = 5;
const LEAST_INCIDENT_MS = 10_000;
/** After so long without a run, what failed before says nothing any more. */
const ROW_ENDS_MS = 60_000;
const COOL_DOWN: BackoffPolicy = { baseMs: 2_000, capMs: 15_000 };
const COOL_DOWN_LEAST_MS = 1_000;
/** Who waits while another one's probe runs, looks again after this at the latest. */
const PROBE_LOOK_MS = 1_000;
/** A probe that is not heard of for so long is taken for lost. */
const PROBE_LOST_MS = 30_000;

/** Whether a source is tried: a circuit breaker as plain data. Times are monotonic, in ms. */
export type Breaker =
  | {
      readonly kind: "closed";
      readonly failures: number;
      readonly firstMs: number;
      readonly lastMs: number;
    }
  | {
      readonly kind: "open";
      readonly untilMs: number;
      /** How often in a row it has opened. */
      readonly openings: number;
      /** Probes so far. */
      readonly probes: number;
    }
  | {
      readonly kind: "half_open";
      /** Number of the one probe. */
      readonly probe: number;
      readonly sinceMs: number;
      readonly openings: number;
    };

/** What happens to a breaker. `probe` is the number that the run was admitted with. */
export type BreakerEvent =
  /** A run is wanted; `isNewAiring`: it begins with the item's first frame. */
  | { readonly type: "asked"; readonly isNewAiring: boolean }
  /** A run has delivered. */
  | { readonly type: "succeeded" }
  /** A run has failed with nothing delivered, and it was the source's fault. */
  | { readonly type: "failed"; readonly probe?: number }
  /** A run has ended without saying anything of the source. */
  | { readonly type: "let_go"; readonly probe?: number };

/** What comes of it. */
export interface BreakerOutcome {
  readonly breaker: Breaker;
  /** The run that was asked for is the probe, with this number. */
  readonly probe?: number;
  /** The run that was asked for must wait for so long. */
  readonly waitMs?: number;
  readonly news?: "opened" | "closed";
}

/** A breaker of a source of which nothing bad is known. */
export const CLOSED: Breaker = { kind: "closed", failures: 0, firstMs: 0, lastMs: 0 };

/** The next state of a breaker. Pure. */
export function transition(
  breaker: Breaker,
  event: BreakerEvent,
  nowMs: number,
  random: Random,
): BreakerOutcome {
  switch (event.type) {
    case "asked":
      return ask(breaker, event.isNewAiring, nowMs);
    case "succeeded":
      return breaker.kind === "closed" ? { breaker: CLOSED } : { breaker: CLOSED, news: "closed" };
    case "failed":
      if (breaker.kind === "closed") return count(breaker, nowMs, random);
      // Runs that were admitted before say nothing that is not known.
      return isProbe(breaker, event.probe)
        ? { breaker: opened(breaker.openings + 1, breaker.probe, nowMs, random) }
        : { breaker };
    case "let_go":
      return isProbe(breaker, event.probe)
        ? { breaker: { kind: "open", untilMs: nowMs, openings: breaker.openings, probes: breaker.probe } }
        : { breaker };
  }
}

function ask(breaker: Breaker, isNewAiring: boolean, nowMs: number): BreakerOutcome {
  switch (breaker.kind) {
    case "closed":
      return { breaker };
    case "open": {
      const { untilMs, openings, probes } = breaker;
      // An airing that begins is a new chance: what failed before may have been a spot in the middle.
      return nowMs >= untilMs || isNewAiring
        ? probing(probes + 1, openings, nowMs)
        : { breaker, waitMs: untilMs - nowMs };
    }
    case "half_open":
      return nowMs - breaker.sinceMs >= PROBE_LOST_MS
        ? probing(breaker.probe + 1, breaker.openings, nowMs)
        : { breaker, waitMs: PROBE_LOOK_MS };
  }
}

function probing(probe: number, openings: number, nowMs: number): BreakerOutcome {
  return { breaker: { kind: "half_open", probe, sinceMs: nowMs, openings }, probe };
}

function count(row: Extract<Breaker, { kind: "closed" }>, nowMs: number, random: Random): BreakerOutcome {
  const goesOn = row.failures > 0 && nowMs - row.lastMs < ROW_ENDS_MS;
  const failures = goesOn ? row.failures + 1 : 1;
  const firstMs = goesOn ? row.firstMs : nowMs;
  if (failures >= FAILURES_TO_OPEN && nowMs - firstMs >= LEAST_INCIDENT_MS) {
    return { breaker: opened(1, 0, nowMs, random), news: "opened" };
  }
  return { breaker: { kind: "closed", failures, firstMs, lastMs: nowMs } };
}

/** The more often in a row, the longer. */
function opened(openings: number, probes: number, nowMs: number, random: Random): Breaker {
  const coolDownMs = COOL_DOWN_LEAST_MS + backoffDelayMs(COOL_DOWN, openings - 1, random);
  return { kind: "open", untilMs: nowMs + coolDownMs, openings, probes };
}

function isProbe(
  breaker: Breaker,
  probe: number | undefined,
): breaker is Extract<Breaker, { kind: "half_open" }> {
  return breaker.kind === "half_open" && breaker.probe === probe;
}
