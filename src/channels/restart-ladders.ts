import type { BackoffPolicy } from "../base/backoff.ts";
import type { AppError, ErrorCode } from "../base/errors.ts";
import { type Remedy, type Retry, STEP_OVER, USUAL } from "../ffmpeg/failure-row.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import type { RunProfile } from "../source/source.ts";

/**
 * What is done about the failures of one item's runs, as data: each class of failure has a remedy
 * (ffmpeg/failures-of-*.ts), each remedy a course, and both together make a ladder. `restart-policy.ts` climbs it.
 */

/** How a remedy steers the ladder of a place. */
export interface Course {
  /** Whether the other places are tried before this one again. */
  readonly elsewhere: boolean;
  /** When a safer run is tried: not at all, at once, or after the usual one has been tried again. */
  readonly safe: "never" | "first" | "after";
  /** Whether the place is looked at now and then when its ladder has ended; if not, it is left for good. */
  readonly lasts: boolean;
  /** Whether the item may be to blame: then spots are stepped over, and too many failures in too short a time lead on. */
  readonly isSuspect: boolean;
}

const AWAY: Course = { elsewhere: true, safe: "never", lasts: true, isSuspect: true };
const UNFIT: Course = { elsewhere: true, safe: "never", lasts: false, isSuspect: true };
const UNKNOWN: Course = { elsewhere: false, safe: "after", lasts: true, isSuspect: true };
/** Neither the source nor a spot in it have anything to do with it. */
const MACHINE: Course = { elsewhere: false, safe: "never", lasts: true, isSuspect: false };

const COURSES: Readonly<Record<Remedy["action"], Course>> = {
  next_item: UNFIT,
  quarantine: UNFIT,
  tolerate: UNKNOWN,
  reconnect: AWAY,
  alternate_source: AWAY,
  refresh_credentials: AWAY,
  restart: { ...UNKNOWN, safe: "first" },
  fallback_profile: { ...UNKNOWN, safe: "first", lasts: false },
  purge_cache: MACHINE,
  shed_load: MACHINE,
  replace_ffmpeg: UNKNOWN,
  alert: UNFIT,
};

/** The course that a remedy stands for; a file that may come back (`rescan`) is waited for. */
export function courseOf(remedy: Remedy): Course {
  if (remedy.action === "next_item" && remedy.rescan) return AWAY;
  return COURSES[remedy.action];
}

/** One step of a place's ladder. */
export interface Rung {
  readonly backoff: BackoffPolicy;
  /** Gops that are given up, to get over a bad spot. */
  readonly skipGops: number;
  readonly profile?: RunProfile;
  /** Whether it is taken before another place is tried. */
  readonly stays: boolean;
}

const within = (ms: number): BackoffPolicy => ({ baseMs: ms, capMs: ms });

/** Waits before the same spot is tried again: at once, then with patience. */
const AGAIN_MS: readonly number[] = [0, 250];
const SAFER_MS = 500;
/** Over the bad spot, in growing steps: what is given up, and the longest wait before. */
const OVER: readonly (readonly [gops: number, ms: number])[] = [
  [1, 500],
  [2, 1000],
  [4, 2000],
  [8, 4000],
  [16, 4000],
];
/** Failures of the server's own: the run is to be made as soon as it can be. */
const NOT_OF_THE_SOURCE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["ffmpeg_missing"]);
const SOON: Retry = { kind: "backoff", attempts: 4, backoff: { baseMs: 100, capMs: 2_000 } };

/** The ladder of a place whose failures are treated like this. */
export function ladderOf({ course, retry }: Treatment): readonly Rung[] {
  const stays = !course.elsewhere;
  const again = (ms: number): Rung => ({ backoff: within(ms), skipGops: 0, stays });
  const safer = (ms: number): Rung => ({ backoff: within(ms), skipGops: 0, stays, profile: "safe" });
  const steps = againMs(retry).map(again);
  // Where the spot is not to blame, nothing is given up.
  const over = OVER.map(([gops, ms]): Rung => {
    return { backoff: within(ms), skipGops: course.isSuspect ? gops : 0, stays: false };
  });
  const isSteppedOver = retry.kind === "usual" || retry.kind === "step_over";
  return [
    ...(course.safe === "first" ? [safer(0)] : []),
    ...steps,
    ...(course.safe === "after" ? [safer(SAFER_MS)] : []),
    ...(isSteppedOver ? over : []),
  ];
}

function againMs(retry: Retry): readonly number[] {
  switch (retry.kind) {
    case "usual":
      return AGAIN_MS;
    case "step_over":
      return AGAIN_MS.slice(0, 1);
    case "backoff": {
      const { baseMs, capMs } = retry.backoff;
      return Array.from({ length: retry.attempts }, (_, attempt) => Math.min(capMs, baseMs * 2 ** attempt));
    }
    case "never":
      return [];
  }
}

/** What a failure asks for. */
export interface Treatment {
  readonly course: Course;
  readonly retry: Retry;
  /** The file itself comes and goes: what is read of it meanwhile says nothing. */
  readonly comesAndGoes?: boolean;
}

/** What the error of a run asks for. `isRemote`: its source is an address, not a file. */
export function treatmentOf(error: AppError, delivered: boolean, isRemote: boolean): Treatment {
  if (NOT_OF_THE_SOURCE.has(error.code)) return { course: MACHINE, retry: SOON };
  const remedy = error instanceof FfmpegError ? error.failure?.remedy : undefined;
  // A source that does not answer takes seconds for each try: others go first.
  const isSilent = error.code === "encoder_stalled" && !delivered;
  if (!remedy) return { course: isSilent ? { ...UNKNOWN, elsewhere: true } : UNKNOWN, retry: USUAL };
  const course = courseOf(remedy);
  const comesAndGoes = remedy.action === "next_item" && remedy.rescan;
  // What another server sends in place of the programme may be something else the next time.
  const lasts = course.lasts || (isRemote && ["quarantine", "next_item"].includes(remedy.action));
  return { course: { ...course, lasts }, retry: remedy.retry, comesAndGoes };
}

/**
 * The one that allows fewer steps. In a row of failures it governs: the first one may say that the file is cut
 * off, and the next ones only what comes of reading behind the cut.
 */
export function stricter(row: Treatment | undefined, latest: Treatment): Treatment {
  if (!row) return latest;
  return row.comesAndGoes || ladderOf(row).length <= ladderOf(latest).length ? row : latest;
}

/** A file of which something has come is no misfit as a whole: only a spot of it may be. */
export function softened(treatment: Treatment): Treatment {
  return treatment.retry.kind === "never" && !treatment.course.lasts
    ? { ...treatment, retry: STEP_OVER }
    : treatment;
}
