import { type BackoffPolicy, backoffDelayMs } from "../base/backoff.ts";
import type { AppError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { SourceSuspendedError } from "../source/breakers.ts";
import type { RunProfile } from "../source/source.ts";
import { ladderOf, softened, stricter, type Treatment, treatmentOf } from "./restart-ladders.ts";

/**
 * Decides what is done about the failures of one item's runs. A *place* is where the programme can be had: 0 is the
 * item itself, n its nth alternate. Each place has a ladder of its own, and no state of one is carried to another.
 */

/** Behind the ladder's end a place is looked at now and then, where the schedule is by that time. */
const NOW_AND_THEN: BackoffPolicy = { baseMs: 2_000, capMs: 15_000 };
/** Whatever the dice say: what bounds the number of starts. */
const NOW_AND_THEN_LEAST_MS = 1_000;

/**
 * Restart intensity, as in OTP: more failures than this within so long, and the place's runs are made safer; more
 * still, and another place takes over. Only what a run delivers forgives a failure, and never the intensity.
 */
const INTENSITY = { failures: 5, periodMs: 60_000 };
/** Between runs that die again and again, but deliver. */
const WORN: BackoffPolicy = { baseMs: 250, capMs: 1_000 };
/** Nobody asks a breaker more often. */
const SUSPENDED_LEAST_MS = 250;

/** How a run ended. */
export interface RunFailure {
  /** Whether a Gop had come of it. */
  readonly delivered: boolean;
  readonly treatment: Treatment;
  /** The source is left alone for so long: nothing was tried. */
  readonly suspendedMs?: number;
}

/** What the error of a run means for the ladder. `isRemote`: its source is an address, not a file. */
export function runFailure(error: AppError, delivered: boolean, isRemote = false): RunFailure {
  const suspendedMs = error instanceof SourceSuspendedError ? error.retryMs : undefined;
  return { delivered, treatment: treatmentOf(error, delivered, isRemote), suspendedMs };
}

interface PlaceState {
  /** Failures since it, or another place, has delivered. */
  readonly failures: number;
  /** What governs that row. */
  readonly treatment?: Treatment;
  readonly notBeforeMs: number;
  readonly skipGops: number;
  readonly profile: RunProfile;
  /** Its ladder has ended. */
  readonly isLasting: boolean;
  /** It is not tried any more. */
  readonly isOut: boolean;
  /** Something has come of it in this airing. */
  readonly isProven: boolean;
  /** When too many failures in too short a time last made it give way. */
  readonly wornAtMs: number;
}

const FRESH: PlaceState = {
  ...{ failures: 0, notBeforeMs: Number.NEGATIVE_INFINITY, skipGops: 0, profile: "usual" },
  ...{ isLasting: false, isOut: false, isProven: false, wornAtMs: Number.NEGATIVE_INFINITY },
};

/** Where an item's playing stands. Plain data. */
export interface RestartState {
  /** The place in use. */
  readonly place: number;
  readonly places: readonly PlaceState[];
  /** Failures in a row, wherever, since the last Gop. */
  readonly failures: number;
  /** Monotonic times of the latest failures, for the intensity. */
  readonly recent: readonly number[];
}

/** The state before an item's first run. `places` counts the item and its alternates. */
export function beginning(places: number): RestartState {
  return { place: 0, places: Array.from({ length: places }, () => FRESH), failures: 0, recent: [] };
}

/** What a step is called in events. */
export type StepName =
  | "again"
  | "safe"
  | "over"
  | "preferred"
  | `alternate ${number}`
  | "now_and_then"
  | "waiting"
  | "given_up";

/** What to do: open the state's place in its profile, after a wait, so many Gops further; or leave the item. */
export interface RestartStep {
  readonly name: StepName;
  readonly delayMs: number;
  readonly skipGops: number;
  /** Every ladder has ended; it is looked at now and then. */
  readonly isLasting: boolean;
}

/** What surrounds a decision. */
export interface Conditions {
  /** Monotonic time. */
  readonly nowMs: number;
  readonly random: Random;
  /** Whether somebody waits for as long as the item's time lasts; otherwise the end of the ladders is the end. */
  readonly keepsTrying: boolean;
}

/** The next step, and the state that it leads to. Pure. */
export function decide(
  before: RestartState,
  failure: RunFailure,
  conditions: Conditions,
): readonly [RestartState, RestartStep] {
  const state = failure.delivered ? afterDelivery(before) : before;
  const { nowMs, keepsTrying } = conditions;
  const recent = remembered(state, failure, nowMs);
  const own = state.places[state.place]!;
  const isWorn = failure.delivered && recent.length > INTENSITY.failures;
  const turn =
    failure.suspendedMs !== undefined
      ? suspended(own, failure.suspendedMs, nowMs)
      : isWorn
        ? worn(own, failure.treatment, conditions)
        : climbed(own, failure, recent.length, conditions);
  const places = state.places.with(state.place, turn.own);
  const next: RestartState = {
    ...{ places, place: turn.stays ? state.place : soonest(places, state.place, nowMs) },
    failures: state.failures + (failure.suspendedMs === undefined ? 1 : 0),
    recent: isWorn ? [] : recent,
  };
  const target = places[next.place];
  if (!target || (target.isLasting && !keepsTrying)) return [{ ...next, place: state.place }, GIVE_UP];
  const { skipGops, isLasting } = target;
  const delayMs = Math.max(0, target.notBeforeMs - nowMs);
  const isSuspended = failure.suspendedMs !== undefined && next.place === state.place;
  const name = isSuspended ? "waiting" : nameOf(state, next, own.profile);
  return [next, { name, delayMs, skipGops, isLasting }];
}

const GIVE_UP: RestartStep = { name: "given_up", delayMs: 0, skipGops: 0, isLasting: false };

/** The state in which `place` is tried next: somebody has found that its source delivers again. */
export function recovered(state: RestartState, place: number): RestartState {
  return { ...state, place };
}

function nameOf(from: RestartState, to: RestartState, profileBefore: RunProfile): StepName {
  const { isLasting, skipGops, profile } = to.places[to.place]!;
  if (isLasting) return "now_and_then";
  if (to.place !== from.place) return to.place === 0 ? "preferred" : `alternate ${to.place}`;
  if (profile === "safe" && profileBefore === "usual") return "safe";
  return skipGops > 0 ? "over" : "again";
}

/** Something has come: rows are over, and every place that is not out has its whole ladder again. */
function afterDelivery(state: RestartState): RestartState {
  const places = state.places.map((each, index): PlaceState => {
    const { isOut, notBeforeMs, profile, isProven, wornAtMs } = each;
    const kept = { ...FRESH, isOut, notBeforeMs, isProven, wornAtMs };
    return index === state.place ? { ...kept, profile, isProven: true } : kept;
  });
  return { ...state, places, failures: 0 };
}

function remembered(state: RestartState, failure: RunFailure, nowMs: number): readonly number[] {
  const counts = failure.suspendedMs === undefined && failure.treatment.course.isSuspect;
  const recent = state.recent.filter((atMs) => nowMs - atMs < INTENSITY.periodMs);
  return counts ? [...recent, nowMs].slice(-INTENSITY.failures - 1) : recent;
}

interface Turn {
  readonly own: PlaceState;
  /** Whether the place is used again before any other. */
  readonly stays: boolean;
}

function suspended(own: PlaceState, forMs: number, nowMs: number): Turn {
  const notBeforeMs = nowMs + Math.max(SUSPENDED_LEAST_MS, forMs);
  return { own: { ...own, notBeforeMs, skipGops: 0 }, stays: false };
}

/** Its runs deliver and fail all the time: a safer one at once, then other places, the longest unworn first. */
function worn(own: PlaceState, { course }: Treatment, { nowMs, random }: Conditions): Turn {
  if (own.profile === "usual" && course.safe !== "never") {
    return { own: { ...own, profile: "safe", notBeforeMs: nowMs }, stays: true };
  }
  const notBeforeMs = nowMs + backoffDelayMs(WORN, 2, random);
  return { own: { ...own, notBeforeMs, wornAtMs: nowMs }, stays: false };
}

/** The next rung of the place's ladder; with every failure that is not long ago, a little more patience. */
function climbed(own: PlaceState, failure: RunFailure, recent: number, conditions: Conditions): Turn {
  const { nowMs, random } = conditions;
  const treatment = stricter(own.treatment, own.isProven ? softened(failure.treatment) : failure.treatment);
  const ladder = ladderOf(treatment);
  const rung = ladder[own.failures];
  const failures = own.failures + 1;
  if (rung) {
    const { skipGops, stays, profile = own.profile } = rung;
    const wornMs = failure.delivered && recent > 2 ? backoffDelayMs(WORN, recent - 3, random) : 0;
    const notBeforeMs = nowMs + Math.max(wornMs, backoffDelayMs(rung.backoff, 0, random));
    return { own: { ...own, failures, treatment, notBeforeMs, skipGops, profile }, stays };
  }
  const { retry, course } = treatment;
  const [policy, attempt] =
    retry.kind === "backoff" && retry.attempts > 1
      ? [retry.backoff, own.failures]
      : [NOW_AND_THEN, own.failures - ladder.length];
  const notBeforeMs = nowMs + NOW_AND_THEN_LEAST_MS + backoffDelayMs(policy, attempt, random);
  const ended = { isLasting: course.lasts, isOut: !course.lasts };
  const next: PlaceState = {
    ...own,
    ...ended,
    failures,
    treatment,
    notBeforeMs,
    skipGops: 0,
    profile: "usual",
  };
  return { own: next, stays: false };
}

/** The place to be tried next: the soonest, then the least worn and failed, not the current one, the most preferred. */
function soonest(places: readonly PlaceState[], current: number, nowMs: number): number {
  const rank = ({ notBeforeMs, wornAtMs, failures }: PlaceState, place: number) =>
    [Math.max(nowMs, notBeforeMs), wornAtMs, failures, place === current ? 1 : 0, place] as const;
  const open = places.flatMap((each, place) => (each.isOut ? [] : [rank(each, place)]));
  const [best] = open.toSorted((a, b) => {
    const at = a.findIndex((value, index) => value !== b[index]);
    return at < 0 ? 0 : a[at]! - b[at]!;
  });
  return best ? best[4] : -1;
}
