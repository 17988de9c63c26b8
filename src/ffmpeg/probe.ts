import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { chooseAudio } from "./choose-audio.ts";
import { classify, type Failure } from "./failures.ts";
import { FfmpegError } from "./ffmpeg-error.ts";
import { type FfprobeReport, parseReport } from "./ffprobe-report.ts";
import { isAcceptedDemuxer, probeArguments } from "./input-safety.ts";
import type { Toolset } from "./locate.ts";
import { measureDuration } from "./measure.ts";
import type { AudioFacts, MediaFacts, VideoFacts } from "./media-facts.ts";
import { explainRefusal, nameRefusal } from "./probe-failure.ts";
import { runTool } from "./run.ts";
import { mayBeInterlaced, measureScan } from "./scan-measure.ts";
import { chooseVideo, listAudio, listSubtitles } from "./stream-facts.ts";

export type { AudioFacts, MediaFacts, VideoFacts } from "./media-facts.ts";

/** Below this mean rate a stated length is not believed: the header of a recording that was broken off. */
const PLAUSIBLE_BPS = 4000;

/** What a probe needs of its surroundings. */
export interface ProbeOptions {
  /** Without ffmpeg, what needs decoding is not measured. */
  readonly toolset: Pick<Toolset, "ffprobe"> & Partial<Pick<Toolset, "ffmpeg">>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Default 30 s. A file that does not state its length is read through, which has a bound of its own. */
  readonly timeoutMs?: number;
}

interface FileOnDisk {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly head: Uint8Array;
}

/**
 * Finds out what is in a media file. Throws AppError("media_unreadable") with one plain sentence that says why
 * and does not repeat the path; its cause is the file system's error where there is one, and it is an FfmpegError
 * when ffprobe gave the reason. Throws the signal's
 * reason when aborted.
 */
export async function probeFile(path: string, options: ProbeOptions): Promise<MediaFacts> {
  const file = await inspect(resolve(path));
  const { report, estimated } = await askFfprobe(file, options);
  const demuxer = report.format.format_name.split(",")[0]!;
  if (!isAcceptedDemuxer(demuxer)) throw unreadable(`Files of the format "${demuxer}" are not accepted.`);
  const video = chooseVideo(report, demuxer);
  const audioStreams = listAudio(report);
  const audio = chooseAudio(audioStreams);
  const main = video ?? audio;
  if (!main) throw unreadable("There is neither picture nor sound in it.");

  const stated = estimated ? undefined : statedDuration(report, [video, audio], file.sizeBytes);
  const durationSeconds = stated ?? (await measure(file.path, main.index, options)) ?? report.format.duration;
  if (durationSeconds === undefined || !(durationSeconds > 0)) {
    throw unreadable("It does not state its length, and it could not be measured: it is empty or too large.");
  }
  const source = { path: file.path, demuxer, durationSeconds };
  return {
    path: file.path,
    sizeBytes: file.sizeBytes,
    mtimeMs: file.mtimeMs,
    demuxer,
    durationSeconds,
    startSeconds: report.format.start_time ?? 0,
    video: video && { ...video, scan: await scanOf(source, video, options) },
    audio,
    audioStreams,
    subtitleStreams: listSubtitles(report),
    title: report.format.tags.title?.trim() || undefined,
  };
}

async function inspect(path: string): Promise<FileOnDisk> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw unreadable("It is not a file.");
    if (stats.size === 0) throw unreadable("The file is empty.");
    await using handle = await open(path, "r");
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return { path, sizeBytes: stats.size, mtimeMs: stats.mtimeMs, head: buffer.subarray(0, bytesRead) };
  } catch (failure) {
    if (failure instanceof AppError) throw failure;
    throw new AppError("media_unreadable", explainSystemError(failure as NodeJS.ErrnoException), {
      cause: failure,
    });
  }
}

function explainSystemError(failure: NodeJS.ErrnoException): string {
  if (failure.code === "ENOENT") return "The file does not exist.";
  if (failure.code === "EACCES" || failure.code === "EPERM") return "The server is not allowed to read it.";
  return `The file cannot be opened: ${failure.message}.`;
}

async function askFfprobe(file: FileOnDisk, { toolset, clock, signal, timeoutMs = 30_000 }: ProbeOptions) {
  const result = await runTool({
    binary: toolset.ffprobe,
    // Warnings are wanted for one of them, see below.
    args: ["-v", "warning", "-show_format", "-show_streams", "-of", "json", ...probeArguments(file.path)],
    clock,
    signal,
    timeoutMs,
  });
  if (result.timedOut) throw unreadable(`Looking into it took longer than ${timeoutMs / 1000} s.`);
  if (result.overflowed) throw unreadable("Its headers are larger than any real file's.");
  if (result.exit.signal)
    throw unreadable(
      `ffprobe crashed on it (${result.exit.signal}).`,
      classify({ stderr: [], exit: result.exit }),
    );
  if (result.exit.code !== 0)
    throw unreadable(explainRefusal(result.stderrTail, file.head), nameRefusal(result.stderrTail, file.head));
  const report = parseReport(result.stdout.toString());
  if (!report) throw unreadable("ffprobe could not tell what it is.");
  // Raw streams and some MP3 files: the guess was 10 % off in tests.
  const estimated = result.stderrTail.some((line) => line.includes("Estimating duration from bitrate"));
  return { report, estimated };
}

function statedDuration(
  report: FfprobeReport,
  streams: readonly (VideoFacts | AudioFacts | undefined)[],
  sizeBytes: number,
): number | undefined {
  const whole = report.format.duration ?? 0;
  const seconds = whole > 0 ? whole : Math.max(...streams.map((stream) => stream?.durationSeconds ?? 0));
  return seconds > 0 && (sizeBytes * 8) / seconds >= PLAUSIBLE_BPS ? seconds : undefined;
}

async function scanOf(
  source: Pick<MediaFacts, "path" | "demuxer" | "durationSeconds">,
  video: VideoFacts,
  { toolset: { ffmpeg }, clock, signal }: ProbeOptions,
): Promise<VideoFacts["scan"]> {
  if (ffmpeg === undefined || !mayBeInterlaced(video)) return undefined;
  return measureScan(source, video, { ffmpeg, clock, signal });
}

function measure(path: string, streamIndex: number, { toolset, clock, signal }: ProbeOptions) {
  return measureDuration({ path, streamIndex, ffprobe: toolset.ffprobe, clock, signal });
}

function unreadable(reason: string, failure?: Failure): AppError {
  return failure
    ? new FfmpegError("media_unreadable", reason, failure)
    : new AppError("media_unreadable", reason);
}
