import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { SubtitleSettings } from "../ffmpeg/choose-subtitle.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import type { Toolset } from "../ffmpeg/locate.ts";
import { type MediaFacts, probeFile } from "../ffmpeg/probe.ts";
import { type Span, type Trial, trialDecode } from "../ffmpeg/trial-decode.ts";
import { SidecarFinder } from "../library/sidecars.ts";
import { formatWhy, reportOfRefusal, reportOfTrials, type WhyReport } from "./why-report.ts";
import { reportSubtitles } from "./why-subtitles.ts";

/** What a caller of `why` chooses. */
export interface WhyOptions {
  readonly json?: boolean;
  /** Decode every picture, however long it takes. */
  readonly full?: boolean;
  /** Most seconds of wall-clock time for decoding; default 60. */
  readonly seconds?: number;
  /** What is configured, to say which sound is heard and which subtitles are burnt in; default none. */
  readonly audioLanguages?: readonly string[];
  readonly subtitles?: SubtitleSettings;
  readonly tools: Pick<Toolset, "ffmpeg" | "ffprobe">;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly write: (text: string) => void;
}

const DEFAULT_SECONDS = 60;
/** Files up to this length are decoded whole; of longer ones the start, the middle and the end. */
const WHOLE_SECONDS = 900;
const PART_SECONDS = 60;
const FULL_TIMEOUT_MS = 24 * 3_600_000;

/** Exit status by verdict: whether there is anything to mend, or nothing can be said. */
const STATUS: Readonly<Record<WhyReport["verdict"], number>> = {
  fine: 0,
  problems: 1,
  unplayable: 1,
  cannot_be_judged: 2,
};

/**
 * Says what is in a file, what is wrong with it and what would be done about it on air. Returns the exit status:
 * 0 fine, 1 problems, 2 it cannot be judged. Throws AppError when ffmpeg cannot be run, and the signal's reason.
 */
export async function why(file: string, options: WhyOptions): Promise<number> {
  const report = await judge(resolve(file), options);
  options.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : formatWhy(report));
  return STATUS[report.verdict];
}

async function judge(path: string, options: WhyOptions): Promise<WhyReport> {
  const obstacle = await whyNotReadable(path);
  if (obstacle) return { file: path, verdict: "cannot_be_judged", reason: obstacle };
  const { tools, clock, signal } = options;
  let facts: MediaFacts;
  try {
    facts = await probeFile(path, { toolset: tools, clock, signal });
  } catch (failure) {
    if (!(failure instanceof AppError) || failure.code !== "media_unreadable") throw failure;
    if (failure.cause !== undefined)
      return { file: path, verdict: "cannot_be_judged", reason: failure.message };
    return reportOfRefusal(
      path,
      failure.message,
      failure instanceof FfmpegError ? failure.failure : undefined,
    );
  }
  const sidecars = await new SidecarFinder().of(path);
  const subtitles = reportSubtitles(facts, sidecars, options.audioLanguages, options.subtitles);
  return reportOfTrials(facts, subtitles, await tryAll(facts, options));
}

async function whyNotReadable(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isFile() ? undefined : "It is not a file.";
  } catch (failure) {
    const { code, message } = failure as NodeJS.ErrnoException;
    return code === "ENOENT" ? "The file does not exist." : `The file cannot be opened: ${message}.`;
  }
}

async function tryAll(facts: MediaFacts, options: WhyOptions): Promise<Trial[]> {
  const { full, tools, clock, signal } = options;
  const spans = planSpans(full ? Number.POSITIVE_INFINITY : WHOLE_SECONDS, facts.durationSeconds);
  const endMs = clock.now() + (full ? FULL_TIMEOUT_MS : (options.seconds ?? DEFAULT_SECONDS) * 1000);
  const trials: Trial[] = [];
  for (const [index, span] of spans.entries()) {
    // Each part may take an equal share of the time that is left, so that a slow one does not cost the others theirs.
    const timeoutMs = Math.max(0, endMs - clock.now()) / (spans.length - index);
    trials.push(await trialDecode({ facts, span, ffmpeg: tools.ffmpeg, clock, timeoutMs, signal }));
  }
  return trials;
}

/** The parts of a file to decode: all of it up to `wholeSeconds`, else a minute of its start, middle and end. */
export function planSpans(wholeSeconds: number, durationSeconds: number): Span[] {
  if (durationSeconds <= wholeSeconds) return [{ startSeconds: 0, seconds: durationSeconds }];
  const starts = [0, durationSeconds / 2 - PART_SECONDS / 2, durationSeconds - PART_SECONDS];
  return starts.map((startSeconds) => ({ startSeconds, seconds: PART_SECONDS }));
}
