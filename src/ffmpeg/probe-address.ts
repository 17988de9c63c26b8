import type { Clock } from "../base/clock.ts";
import { chooseAudio } from "./choose-audio.ts";
import { classify } from "./failures.ts";
import { FfmpegError } from "./ffmpeg-error.ts";
import { type FfprobeReport, parseReport } from "./ffprobe-report.ts";
import type { MediaFacts } from "./media-facts.ts";
import { runTool, type ToolResult } from "./run.ts";
import { addressArguments, type SourceAddress, withoutSecrets } from "./source-address.ts";
import { chooseVideo, listAudio } from "./stream-facts.ts";

/** How long a source may take to say what it is made of, in ms. */
const PROBE_MS = 20_000;
/** How much is listened to, in µs of media: key pictures are seconds apart, seldom more. */
const ANALYSE_US = [3_000_000, 12_000_000] as const;

/** What a probe of an address needs. */
export interface ProbeAddressOptions {
  readonly ffprobe: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** The source has an end. */
  readonly isFilm: boolean;
  /** Default 20 s. */
  readonly timeoutMs?: number;
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
  const video = isWhole(report) ? chooseVideo(report, demuxer) : undefined;
  if (!video && audioStreams.length === 0) {
    const failure = classify({ stderr: [], outcome: "stalled" });
    throw new FfmpegError("source_unavailable", "there is neither picture nor sound in it", failure);
  }
  const length = options.isFilm ? (report.format.duration ?? 0) : 0;
  return {
    ...unknownFacts(address.label, length > 0 ? length : durationSeconds),
    ...{ demuxer, startSeconds: report.format.start_time ?? 0 },
    ...{ video, audio: chooseAudio(audioStreams), audioStreams },
  };
}

/** Whether every picture has a size: where it has not, no key picture has come. */
function isWhole({ streams }: FfprobeReport): boolean {
  return streams.every(({ codec_type, width = 0 }) => codec_type !== "video" || width > 0);
}

async function ask(
  address: SourceAddress,
  { ffprobe, clock, signal, isFilm, timeoutMs = PROBE_MS }: ProbeAddressOptions,
): Promise<FfprobeReport> {
  let report: FfprobeReport | undefined;
  for (const analyseUs of ANALYSE_US) {
    const input = addressArguments(address, { isFilm, analyseUs });
    const result = await runTool({
      binary: ffprobe,
      args: ["-v", "warning", "-show_format", "-show_streams", "-of", "json", ...input],
      ...{ clock, signal, timeoutMs },
    });
    report = result.exit.code === 0 && !result.timedOut ? parseReport(result.stdout.toString()) : undefined;
    if (report && isWhole(report)) return report;
    if (!report) throw refusal(address, result, timeoutMs);
  }
  return report!;
}

function refusal(
  address: SourceAddress,
  { stderrTail, timedOut, exit }: ToolResult,
  timeoutMs: number,
): FfmpegError {
  const stderr = stderrTail.map((line) => withoutSecrets(line, address));
  const failure = timedOut ? classify({ stderr, outcome: "stalled" }) : classify({ stderr, exit });
  const what = timedOut ? `it said nothing of use for ${timeoutMs / 1000} s` : "it could not be opened";
  const said = stderr.at(-1);
  return new FfmpegError("source_unavailable", said ? `${what}: ${said}` : what, failure);
}
