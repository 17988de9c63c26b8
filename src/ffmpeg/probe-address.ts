import type { Clock } from "../base/clock.ts";
import { chooseAudio } from "./choose-audio.ts";
import { classify } from "./failures.ts";
import { FfmpegError } from "./ffmpeg-error.ts";
import { type FfprobeReport, parseReport } from "./ffprobe-report.ts";
import type { MediaFacts } from "./media-facts.ts";
import { runTool, type ToolResult } from "./run.ts";
import { addressArguments, type SourceAddress, withoutSecrets } from "./source-address.ts";
import { chooseVideo, listAudio } from "./stream-facts.ts";

/** How much is listened to, in µs of media, and for how long, in ms: key pictures are seconds apart, seldom more. */
const ATTEMPTS = [
  { analyseUs: 3_000_000, timeoutMs: 12_000 },
  { analyseUs: 12_000_000, timeoutMs: 20_000 },
] as const;

/** What a probe of an address needs. */
export interface ProbeAddressOptions {
  readonly ffprobe: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** The source has an end. */
  readonly isFilm: boolean;
}

/** What is said of a source that has not been looked at: neither picture nor sound, and its planned length. */
export function unknownFacts(label: string, durationSeconds: number): MediaFacts {
  return {
    ...{ path: label, sizeBytes: 0, mtimeMs: 0, demuxer: "", durationSeconds, startSeconds: 0 },
    ...{ audioStreams: [], subtitleStreams: [] },
  };
}

/**
 * Finds out what a source is made of; its length, where it has none, is `durationSeconds`. Throws
 * FfmpegError("source_unavailable") with the class of the failure, and the signal's reason when aborted.
 */
export async function probeAddress(
  address: SourceAddress,
  durationSeconds: number,
  options: ProbeAddressOptions,
): Promise<MediaFacts> {
  const report = await ask(address, options);
  const demuxer = report.format.format_name.split(",")[0]!;
  const audioStreams = listAudio(report);
  const video = chooseVideo(report, demuxer);
  const length = options.isFilm ? (report.format.duration ?? 0) : 0;
  return {
    ...unknownFacts(address.label, length > 0 ? length : durationSeconds),
    ...{ demuxer, startSeconds: report.format.start_time ?? 0 },
    ...{ video, audio: chooseAudio(audioStreams), audioStreams },
  };
}

/** Whether there is something, and all of it is known: pictures without a size have not had a key picture yet. */
function isWhole({ streams }: FfprobeReport): boolean {
  const media = streams.filter(({ codec_type }) => codec_type === "video" || codec_type === "audio");
  return media.length > 0 && media.every(({ width = 0, sample_rate = 0 }) => width > 0 || sample_rate > 0);
}

async function ask(
  address: SourceAddress,
  { ffprobe, clock, signal, isFilm }: ProbeAddressOptions,
): Promise<FfprobeReport> {
  let failure: FfmpegError | undefined;
  for (const { analyseUs, timeoutMs } of ATTEMPTS) {
    const input = addressArguments(address, { isFilm, analyseUs });
    const begunMs = clock.now();
    const result = await runTool({
      binary: ffprobe,
      args: ["-v", "warning", "-show_format", "-show_streams", "-of", "json", ...input],
      ...{ clock, signal, timeoutMs },
    });
    const isDone = result.exit.code === 0 && !result.timedOut;
    const report = isDone ? parseReport(result.stdout.toString()) : undefined;
    if (report && isWhole(report)) return report;
    const isBroken = report !== undefined && clock.now() - begunMs < analyseUs / 1000;
    const ending = isBroken ? "broken" : report ? "half" : result.timedOut ? "silent" : "refused";
    failure = refusal(address, result, ending);
    if (ending !== "half") break;
  }
  throw failure;
}

/** How a probe failed, and what that is called where ffprobe says nothing. */
const ENDINGS = {
  /** It ended before it could be told what it is. */
  broken: { what: "it broke off at once", outcome: "ended" },
  /** Too little of it could be told. */
  half: { what: "too little came to tell what it is", outcome: "stalled" },
  silent: { what: "it said nothing of use in time", outcome: "stalled" },
  refused: { what: "it could not be opened", outcome: undefined },
} as const;

function refusal(
  address: SourceAddress,
  { stderrTail, exit }: ToolResult,
  ending: keyof typeof ENDINGS,
): FfmpegError {
  const stderr = stderrTail.map((line) => withoutSecrets(line, address)).map(asRefused);
  const { what, outcome } = ENDINGS[ending];
  const failure = classify(outcome ? { stderr, outcome } : { stderr, exit });
  const said = stderr.at(-1);
  return new FfmpegError("source_unavailable", said ? `${what}: ${said}` : what, failure);
}

/** At an address of a stream, text that could be taken for a script or subtitles is simply no stream. */
function asRefused(line: string): string {
  return line.replace(/.*Format not on whitelist.*/, "http://: Invalid data found when processing input");
}
