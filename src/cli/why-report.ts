import { RANKS, type Remedy } from "../ffmpeg/failure-row.ts";
import type { Failure } from "../ffmpeg/failures.ts";
import type { AudioFacts, MediaFacts } from "../ffmpeg/media-facts.ts";
import type { Finding, Trial } from "../ffmpeg/trial-decode.ts";
import { describeRemedy, LEFT_OUT } from "./why-remedy.ts";
import type { WhySubtitle } from "./why-subtitles.ts";

/** Something that is wrong with a file. */
export interface WhyProblem {
  /** Name of the failure in docs/failures.md; null when it has none. */
  readonly class: string | null;
  readonly sentence: string;
  /** Where in the file, in seconds; null when it concerns the whole. */
  readonly from_seconds: number | null;
  readonly to_seconds: number | null;
  readonly count: number;
  /** ffmpeg's own words. */
  readonly said: string | null;
  readonly remedy: Remedy | null;
  readonly on_air: string;
}

/** What `why --json` writes. */
export interface WhyReport {
  readonly file: string;
  readonly verdict: "fine" | "problems" | "unplayable" | "cannot_be_judged";
  /** Why it cannot be played or judged, in a sentence. */
  readonly reason?: string;
  readonly content?: {
    readonly container: string;
    readonly size_bytes: number;
    readonly duration_seconds: number;
    readonly video: string | null;
    readonly audio: readonly string[];
    readonly subtitles: readonly WhySubtitle[];
  };
  /** Parts that were decoded, and how far each was got through. */
  readonly decoded?: readonly {
    readonly from_seconds: number;
    readonly to_seconds: number;
    readonly whole: boolean;
  }[];
  readonly problems?: readonly WhyProblem[];
  /** What is worth knowing and no reason to mend the file. */
  readonly notes?: readonly WhyProblem[];
  /** What else ffmpeg said, without particulars. */
  readonly other_lines?: readonly string[];
}

/** Findings are located by what has been decoded, which a keyframe interval at most goes before them. */
const SAME_PLACE_SECONDS = 1;

/** The report of a file that the probe refused. */
export function reportOfRefusal(file: string, reason: string, failure: Failure | undefined): WhyReport {
  const problem: WhyProblem = {
    class: failure?.class ?? null,
    sentence: failure?.sentence ?? reason,
    ...{ from_seconds: null, to_seconds: null, count: 1 },
    ...{ said: failure?.line ?? null, remedy: failure?.remedy ?? null, on_air: LEFT_OUT },
  };
  return { file, verdict: "unplayable", reason, problems: [problem] };
}

/** The report of a file that was decoded in parts. */
export function reportOfTrials(
  facts: MediaFacts,
  subtitles: readonly WhySubtitle[],
  trials: readonly Trial[],
): WhyReport {
  const found = mergeFindings(trials.flatMap(({ findings }) => findings.filter(isOriginal)));
  const isNote = ({ failure }: Finding) => failure.rank === "slight_symptom";
  const problems = [
    ...found.filter((finding) => !isNote(finding)).map(problemOf),
    ...trials.flatMap(unnamedProblem),
  ].sort((a, b) => (a.from_seconds ?? 0) - (b.from_seconds ?? 0));
  const sawNothing = trials.every(({ timedOut, decodedSeconds }) => timedOut && decodedSeconds === 0);
  const playsNothing = problems.length > 0 && trials.every(({ decodedSeconds }) => decodedSeconds === 0);
  const verdict = playsNothing ? "unplayable" : problems.length > 0 ? "problems" : "fine";
  return {
    file: facts.path,
    ...(sawNothing && problems.length === 0
      ? {
          verdict: "cannot_be_judged",
          reason: "Nothing could be decoded in the time given; allow more with --seconds.",
        }
      : { verdict }),
    content: contentOf(facts, subtitles),
    decoded: trials.map(({ span, decodedSeconds, timedOut }) => ({
      from_seconds: round(span.startSeconds),
      to_seconds: round(span.startSeconds + decodedSeconds),
      whole: !timedOut,
    })),
    problems,
    notes: found.filter(isNote).map(problemOf),
    other_lines: [...new Set(trials.flatMap(({ otherLines }) => otherLines))],
  };
}

/** False for what only follows from a more telling finding at the same place, as damage at the edge of a cut. */
function isOriginal(finding: Finding, _: number, all: readonly Finding[]): boolean {
  const rank = ({ failure }: Finding) => RANKS.indexOf(failure.rank);
  return !all.some(
    (other) =>
      rank(other) < rank(finding) &&
      finding.fromSeconds >= other.fromSeconds - SAME_PLACE_SECONDS &&
      finding.toSeconds <= other.toSeconds + SAME_PLACE_SECONDS,
  );
}

/** The same failure in several parts is one, from its first place to its last. */
function mergeFindings(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const known = merged.get(finding.failure.class);
    const [fromSeconds, count] = known
      ? [known.fromSeconds, known.count + finding.count]
      : [finding.fromSeconds, finding.count];
    merged.set(finding.failure.class, { ...finding, fromSeconds, count });
  }
  return [...merged.values()];
}

function problemOf({ failure, fromSeconds, toSeconds, count }: Finding): WhyProblem {
  return {
    ...{ class: failure.class, sentence: failure.sentence },
    ...{ from_seconds: round(fromSeconds), to_seconds: round(toSeconds), count },
    ...{ said: failure.line ?? null, remedy: failure.remedy, on_air: describeRemedy(failure.remedy) },
  };
}

function unnamedProblem({ unnamed, span, decodedSeconds }: Trial): WhyProblem[] {
  if (unnamed === undefined) return [];
  const at = round(span.startSeconds + decodedSeconds);
  return [
    {
      ...{ class: null, sentence: "ffmpeg gave up, for a reason that has no name yet.", said: unnamed },
      ...{ from_seconds: at, to_seconds: at, count: 1, remedy: null, on_air: describeRemedy(undefined) },
    },
  ];
}

function contentOf(facts: MediaFacts, subtitles: readonly WhySubtitle[]): WhyReport["content"] {
  const { video } = facts;
  const rate = video?.frameRate
    ? `, ${round(video.frameRate.num / video.frameRate.den)} frames per second`
    : "";
  const fields = video?.fieldOrder === "interlaced" ? ", interlaced" : "";
  return {
    container: facts.demuxer,
    size_bytes: facts.sizeBytes,
    duration_seconds: round(facts.durationSeconds),
    video: video ? `${video.codec}, ${video.width}×${video.height}${rate}${fields}` : null,
    audio: facts.audioStreams.map(describeAudio),
    subtitles,
  };
}

function describeAudio({ codec, channels, channelLayout, sampleRate, language }: AudioFacts): string {
  const layout = channelLayout ?? `${channels} channel${channels === 1 ? "" : "s"}`;
  return [codec, layout, `${sampleRate} Hz`, ...(language ? [language] : [])].join(", ");
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

const HEADLINES: Readonly<Record<WhyReport["verdict"], string>> = {
  fine: "nothing is wrong with it",
  problems: "it plays, but not as it should",
  unplayable: "it cannot be played",
  cannot_be_judged: "it cannot be judged",
};
const SHOWN_OTHER = 5;

/** The report for a terminal; ends with a line break. */
export function formatWhy(report: WhyReport): string {
  const { content, decoded = [], problems = [], notes = [], other_lines: others = [] } = report;
  const lines = [`${report.file}: ${HEADLINES[report.verdict]}`];
  if (report.reason) lines.push(`  ${report.reason}`);
  if (content) {
    const size = `${(content.size_bytes / 1e6).toFixed(1)} MB`;
    lines.push(
      "",
      "What is in it",
      `  ${content.container}, ${clockTime(content.duration_seconds)}, ${size}`,
    );
    lines.push(`  Picture: ${content.video ?? "none; a card with the title is shown"}`);
    if (content.audio.length === 0) lines.push("  Sound: none; it is played with silence");
    lines.push(...content.audio.map((each) => `  Sound: ${each}`));
    lines.push(
      ...content.subtitles.map(
        ({ track, burnt_in }) => `  Subtitles: ${track}${burnt_in ? " (burnt in)" : ""}`,
      ),
    );
  }
  if (problems.length > 0) lines.push("", "What is wrong", ...problems.flatMap(problemLines));
  if (notes.length > 0) lines.push("", "Worth knowing", ...notes.flatMap(problemLines));
  if (others.length > 0) {
    lines.push("", "ffmpeg also said", ...others.slice(0, SHOWN_OTHER).map((line) => `  ${line}`));
    if (others.length > SHOWN_OTHER)
      lines.push(`  and ${others.length - SHOWN_OTHER} more (--json shows them)`);
  }
  const parts = decoded.map(
    (part) =>
      `${clockTime(part.from_seconds)} to ${clockTime(part.to_seconds)}${part.whole ? "" : " (time was up)"}`,
  );
  if (parts.length > 0) lines.push("", `Decoded: ${parts.join(", ")}`);
  // Names and messages come out of the file: no control characters may reach the terminal.
  return `${lines.map((line) => line.replaceAll(/\p{Cc}/gu, "")).join("\n")}\n`;
}

function problemLines(problem: WhyProblem): string[] {
  const times = problem.count > 1 ? `, ${problem.count} times` : "";
  return [
    `  ${placeOf(problem)}${problem.class ?? "without a name"}${times}`,
    `    ${problem.sentence}`,
    ...(problem.said ? [`    ffmpeg: ${problem.said}`] : []),
    `    On air: ${problem.on_air}`,
  ];
}

function placeOf({ from_seconds: from, to_seconds: to }: WhyProblem): string {
  if (from === null || to === null) return "";
  return to - from < 1 ? `about ${clockTime(from)}: ` : `${clockTime(from)} to ${clockTime(to)}: `;
}

function clockTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = (seconds % 60).toFixed(1).padStart(4, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
