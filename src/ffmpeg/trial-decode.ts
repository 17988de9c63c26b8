import type { Clock } from "../base/clock.ts";
import { classify, classifyLine, type Failure } from "./failures.ts";
import { inputArguments } from "./input-safety.ts";
import { lineTemplate } from "./line-template.ts";
import type { MediaFacts } from "./media-facts.ts";
import { runTool } from "./run.ts";

/** A part of a file, in seconds from its beginning. */
export interface Span {
  readonly startSeconds: number;
  readonly seconds: number;
}

/** One kind of thing that went wrong, and where: `from` and `to` are as exact as ffmpeg's own progress. */
export interface Finding {
  readonly failure: Failure;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly count: number;
}

/** What came of decoding a part. */
export interface Trial {
  readonly span: Span;
  /** How much came out, in seconds. */
  readonly decodedSeconds: number;
  /** In the order of their first occurrence. */
  readonly findings: readonly Finding[];
  /** Templates of lines that no row of the table knows. */
  readonly otherLines: readonly string[];
  /** Time was up before the part was done. */
  readonly timedOut: boolean;
  /** ffmpeg ended with a failure that has no name; its last line. */
  readonly unnamed?: string;
}

/** What to decode. */
export interface TrialOptions {
  readonly facts: MediaFacts;
  readonly span: Span;
  readonly ffmpeg: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Less missing than this at the end is a matter of the containers' rounding, as on air. */
const TOLERATED_SHORTFALL_SECONDS = 1;
/** As fine as the place of a failure can be told: ffmpeg's progress stands between the lines of its stderr. */
const PROGRESS_SECONDS = "0.002";
const PROGRESS_LINE = /^[a-z0-9_]{1,40}=\s*\S*$/;
/** The muxer that throws everything away has no say about timestamps; on air they are made anew. */
const NULL_MUXER = /^\[null @ /;
const SPEAKER = /^\[[^\]]{1,60}\] /;
const LEVEL = /\[(?:panic|fatal|error|warning)\] /;
const MAX_OTHER_LINES = 20;

/**
 * Decodes a part of a file to nothing, with the arguments that its encoder on air would open it with, and says
 * what went wrong where. Exit status 0 is no success: what came out is compared with what was promised. Throws
 * the signal's reason, and AppError when ffmpeg cannot be started.
 */
export async function trialDecode(options: TrialOptions): Promise<Trial> {
  const { facts, span, ffmpeg, clock, timeoutMs, signal } = options;
  const notes = new Notes(span);
  const result = await runTool({
    ...{ binary: ffmpeg, args: trialArguments(facts, span), clock, timeoutMs, signal },
    onStderr: (line) => notes.take(line),
  });
  const promised = Math.min(span.seconds, facts.durationSeconds - span.startSeconds);
  const short = !result.timedOut && notes.decodedSeconds < promised - TOLERATED_SHORTFALL_SECONDS;
  const ending = result.timedOut ? undefined : classify({ stderr: [], exit: result.exit, short });
  if (short && notes.explainsEnd) notes.moveEnd();
  else if (ending) notes.add(ending);
  const failed = !result.timedOut && result.exit.code !== 0;
  return {
    span,
    decodedSeconds: notes.decodedSeconds,
    findings: notes.findings(),
    otherLines: notes.otherLines(),
    timedOut: result.timedOut,
    ...(failed && notes.isEmpty ? { unnamed: notes.lastLine || `exit status ${result.exit.code}` } : {}),
  };
}

function trialArguments(facts: MediaFacts, { startSeconds, seconds }: Span): string[] {
  const streams = [facts.video, facts.audio].flatMap((stream) =>
    stream ? ["-map", `0:${stream.index}`] : [],
  );
  return [
    ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+warning"],
    ...["-progress", "pipe:2", "-stats_period", PROGRESS_SECONDS],
    ...(startSeconds > 0 ? ["-ss", startSeconds.toFixed(3)] : []),
    ...["-t", seconds.toFixed(3)],
    ...inputArguments(facts.path, facts.demuxer),
    ...[...streams, "-f", "null", "-"],
  ];
}

/** Takes the lines of one run and keeps what they tell, within bounds. */
class Notes {
  decodedSeconds = 0;
  lastLine = "";
  readonly #span: Span;
  readonly #findings = new Map<string, Finding>();
  readonly #others = new Set<string>();

  constructor(span: Span) {
    this.#span = span;
  }

  get isEmpty(): boolean {
    return this.#findings.size === 0;
  }

  /** Something was found that accounts for an early end. */
  get explainsEnd(): boolean {
    return this.#findings.has("truncated");
  }

  /** Puts the cut to where the last picture came out; it is met a little earlier, while that is still on its way. */
  moveEnd(): void {
    const cut = this.#findings.get("truncated")!;
    const at = this.#span.startSeconds + this.decodedSeconds;
    this.#findings.set("truncated", { ...cut, fromSeconds: at, toSeconds: at });
  }

  take(printed: string): void {
    const progress = /^out_time_us=(\d{1,15})$/.exec(printed);
    if (progress) this.decodedSeconds = Math.max(this.decodedSeconds, Number(progress[1]) / 1e6);
    const line = printed.replace(LEVEL, "");
    // Progress may come in the middle of a decoder thread's line: its beginning then stands before `frame=`.
    if (PROGRESS_LINE.test(line.replace(SPEAKER, "")) || NULL_MUXER.test(line)) return;
    this.lastLine = line;
    const failure = classifyLine(line);
    if (failure) this.add(failure);
    else if (this.#others.size < MAX_OTHER_LINES) this.#others.add(lineTemplate(line));
  }

  add(failure: Failure): void {
    if (this.#isOfNoConcern(failure)) return;
    const at = this.#span.startSeconds + this.decodedSeconds;
    const known = this.#findings.get(failure.class);
    this.#findings.set(failure.class, {
      failure: known?.failure ?? failure,
      fromSeconds: known?.fromSeconds ?? at,
      toSeconds: at,
      count: (known?.count ?? 0) + 1,
    });
  }

  findings(): Finding[] {
    return [...this.#findings.values()];
  }

  otherLines(): string[] {
    return [...this.#others];
  }

  /** What is tolerated for some seconds after a start in the middle, as reading begins anywhere. */
  #isOfNoConcern({ remedy }: Failure): boolean {
    return (
      remedy.action === "tolerate" && this.#span.startSeconds > 0 && this.decodedSeconds < remedy.graceSeconds
    );
  }
}
