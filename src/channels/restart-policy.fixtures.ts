import { AppError } from "../base/errors.ts";
import { FAILURE_ROWS, type FailureClass } from "../ffmpeg/failures.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import { beginning, decide, type RestartStep, runFailure } from "./restart-policy.ts";

/** The error of a run that fails with this class; without one, with no name. */
export function errorOf(name?: FailureClass, code: "encoder_failed" | "encoder_stalled" = "encoder_failed") {
  const row = FAILURE_ROWS.find((each) => each.class === name);
  if (!row) return new AppError(code, "it ended");
  const { rank, sentence, remedy } = row;
  return new FfmpegError(code, "it ended", { class: row.class, row: row.row, rank, sentence, remedy });
}

/** A run that fails. */
export interface Run {
  readonly error: AppError;
  readonly delivered?: boolean;
  readonly isRemote?: boolean;
  /** How long it took to fail. */
  readonly tookMs?: number;
}

/** Lets runs fail as told, at the times that the policy gives them. */
export function climb(
  runs: readonly Run[],
  {
    places = 1,
    random = () => 1,
    keepsTrying = true,
  }: { places?: number; random?: () => number; keepsTrying?: boolean } = {},
) {
  let state = beginning(places);
  let nowMs = 0;
  const taken: (RestartStep & { place: number; profile: string; atMs: number; delayMs: number })[] = [];
  for (const { error, delivered = false, isRemote, tookMs = 0 } of runs) {
    nowMs += tookMs;
    const [next, step] = decide(state, runFailure(error, delivered, isRemote), {
      nowMs,
      random,
      keepsTrying,
    });
    state = next;
    nowMs += step.delayMs;
    taken.push({ ...step, place: state.place, profile: state.places[state.place]!.profile, atMs: nowMs });
    if (step.name === "given_up") break;
  }
  return taken;
}

/** The same run, so many times. */
export const again = (count: number, run: Run): Run[] => Array.from({ length: count }, () => run);
