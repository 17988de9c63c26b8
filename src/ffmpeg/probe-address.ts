import type { Clock } from "../base/clock.ts";
import { chooseAudio } from "./choose-audio.ts";
import { classify } from "./failures.ts";
import { FfmpegError } from "./ffmpeg-error.ts";
import { parseReport } from "./ffprobe-report.ts";
import type { MediaFacts } from "./media-facts.ts";
import { runTool } from "./run.ts";
import { addressArguments, type SourceAddress, withoutSecrets } from "./source-address.ts";
import { chooseVideo, listAudio } from "./stream-facts.ts";

/** How long a source may take to say what it is made of, in ms. */
const PROBE_MS = 15_000;

/** What a probe of an address needs. */
export interface ProbeAddressOptions {
  readonly ffprobe: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** The source has an end. */
  readonly isFilm: boolean;
  /** Default 15 s. */
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
  { ffprobe, clock, signal, isFilm, timeoutMs = PROBE_MS }: ProbeAddressOptions,
): Promise<MediaFacts> {
  const input = addressArguments(address, { isFilm });
  const result = await runTool({
    binary: ffprobe,
    args: ["-v", "warning", "-show_format", "-show_streams", "-of", "json", ...input],
    ...{ clock, signal, timeoutMs },
  });
  const stderr = result.stderrTail.map((line) => withoutSecrets(line, address));
  const fail = (what: string, outcome?: "stalled") => {
    const said = stderr.at(-1);
    const failure = classify({ stderr, exit: result.timedOut ? undefined : result.exit, outcome });
    return new FfmpegError("source_unavailable", said ? `${what}: ${said}` : what, failure);
  };
  if (result.timedOut) throw fail(`it said nothing of use for ${timeoutMs / 1000} s`, "stalled");
  const report = result.exit.code === 0 ? parseReport(result.stdout.toString()) : undefined;
  if (!report) throw fail("it could not be opened");
  const demuxer = report.format.format_name.split(",")[0]!;
  const video = chooseVideo(report, demuxer);
  const audioStreams = listAudio(report);
  const known = video && video.width > 0 ? video : undefined;
  if (!known && audioStreams.length === 0) throw fail("there is neither picture nor sound in it", "stalled");
  const length = isFilm ? report.format.duration : undefined;
  return {
    ...unknownFacts(address.label, length && length > 0 ? length : durationSeconds),
    demuxer,
    startSeconds: report.format.start_time ?? 0,
    video: known,
    audio: chooseAudio(audioStreams),
    audioStreams,
  };
}
