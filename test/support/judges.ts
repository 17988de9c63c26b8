import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { linesOf, run } from "./process.ts";

const TSPROBE = fileURLToPath(new URL("../../../shared/tools/tsprobe.py", import.meta.url));
/** Time that a judge may take beyond the time it was asked to watch. */
const MARGIN_SECONDS = 30;
const WHOLE_FILE_SECONDS = 300;

/** What tsprobe found in one elementary stream; times in ms of the stream's own clock. */
export interface TsProbeStream {
  readonly pes: number;
  /** DTS that do not lie behind their predecessor's. */
  readonly backward: number;
  readonly median_ms: number;
  readonly max_ms: number;
  readonly min_ms: number;
  readonly gaps: number;
  readonly overlaps: number;
}

/** The report of `shared/tools/tsprobe.py`, under its own names; `wall_…` and `http` only for a URL. */
export interface TsProbeReport {
  readonly packets: number;
  readonly bytes: number;
  readonly stream_s: number;
  readonly sync_loss: number;
  readonly tei: number;
  readonly cc_errors: number;
  readonly crc_errors: number;
  readonly discontinuity_indicators: number;
  readonly pat_gap_ms: number;
  readonly pmt_gap_ms: number;
  readonly pmt_changes: number;
  readonly pcr_gap_ms: number;
  readonly pcr_backward: number;
  readonly pcr_jumps_over_1s: number;
  readonly pes_late_vs_pcr: number;
  readonly min_dts_minus_pcr_ms: number | null;
  readonly null_share: number;
  /** By codec and PID: `h264@256`. */
  readonly streams: Readonly<Record<string, TsProbeStream>>;
  readonly max_keyframe_gap_ms?: number;
  readonly mean_bitrate_bps?: number;
  readonly http?: string;
  readonly closed_early?: boolean | "timeout";
  readonly wall_first_byte_ms?: number;
  readonly wall_max_silence_ms?: number;
  readonly wall_bps_windows?: { readonly min: number; readonly median: number; readonly max: number };
  readonly wall_bytes_first_1s?: number;
  readonly wall_jitter_p50_ms?: number;
  readonly wall_jitter_p99_ms?: number;
  readonly wall_jitter_max_ms?: number;
}

/** Whether the independent probe is at hand. */
export const hasTsProbe = existsSync(TSPROBE);

/**
 * Runs the independent transport-stream probe on a file or an http URL. Throws when the probe is missing, when
 * the server refuses, or when nothing comes.
 */
export async function tsprobe(
  source: string,
  options: { readonly seconds?: number; readonly save?: string } = {},
): Promise<TsProbeReport> {
  if (!hasTsProbe) throw new Error(`the judge ${TSPROBE} is missing`);
  const { seconds = 15, save } = options;
  const args = [TSPROBE, "--seconds", String(seconds), ...(save ? ["--save", save] : []), source];
  const result = await run("python3", args, { seconds: seconds + WHOLE_FILE_SECONDS });
  if (result.status !== 0) throw new Error(`tsprobe on ${source}: ${result.stdout}${result.stderr}`);
  return JSON.parse(result.stdout) as TsProbeReport;
}

/**
 * What ffmpeg has to say while it decodes the whole file, at level warning; a sound file yields []. A capture
 * that was cut off anywhere ends in half a picture, of which ffmpeg complains: `trimCapture` it first. Of a leap
 * of the timestamps it says nothing: that is for tsprobe, GStreamer and VLC to tell.
 */
export async function ffmpegDecode(file: string): Promise<string[]> {
  const args = ["-hide_banner", "-nostdin", "-nostats", "-v", "warning", "-i", file];
  const streams = ["-map", "0:v?", "-map", "0:a?", "-f", "null", "-"];
  const result = await run("ffmpeg", [...args, ...streams], { seconds: WHOLE_FILE_SECONDS });
  return [...linesOf(result.stderr), ...unusualEnd("ffmpeg", result)];
}

/** Verdict of a player. */
export interface Playback {
  /** True when it opened the source, showed something, and ended as it should. */
  readonly played: boolean;
  /** What it complained of; [] for a sound stream. */
  readonly complaints: readonly string[];
}

/** mpv's log lines are `[ time][level][module] message`. */
const MPV_FAULT = /^\[[ \d.]+\]\[[wef]\]\[\S+\] *\S/;
/** Waiting for data, and the server's hanging up, are told at level verbose only. */
const MPV_LIVE_FAULT = /\]\[cplayer\] Enter buffering |\]\[lavf\] EOF reached/;

/**
 * Plays with mpv: a URL for `seconds` at its natural pace, a file (its first `seconds`, when given) as fast as it
 * decodes. A live stream's stalls and early end count as complaints.
 */
export async function mpvPlay(
  source: string,
  options: { readonly seconds?: number } = {},
): Promise<Playback> {
  const { seconds } = options;
  const live = /^https?:/.test(source);
  const folder = await mkdtemp(join(tmpdir(), "mpv-judge-"));
  const log = join(folder, "log");
  try {
    const args = [
      ...["--no-config", "--load-scripts=no", "--osc=no", "--ytdl=no", "--no-terminal"],
      ...["--vo=null", "--ao=null", `--log-file=${log}`],
      ...(live ? [] : ["--untimed", "--ao-null-untimed"]),
      ...(seconds === undefined ? [] : [`--length=${seconds}`]),
      ...["--", source],
    ];
    const result = await run("mpv", args, { seconds: (seconds ?? 90) + MARGIN_SECONDS, inRealTime: true });
    const lines = linesOf(await readFile(log, "utf8"));
    const complaints = lines.filter((line) => MPV_FAULT.test(line) || (live && MPV_LIVE_FAULT.test(line)));
    complaints.push(...unusualEnd("mpv", result));
    const shown = lines.some((line) => /\] (AO|VO): /.test(line));
    return { played: shown && result.status === 0 && !result.timedOut, complaints };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One stream as GStreamer names it. */
export interface GstStream {
  readonly kind: "container" | "video" | "audio" | "subtitles" | "unknown";
  /** GStreamer's own words: `H.264 (High Profile)`. */
  readonly description: string;
}

/** Streams that gst-discoverer finds; it reads only as far as it must, so it does not judge the rest. */
export async function gstDiscover(file: string): Promise<GstStream[]> {
  const args = ["-t", String(MARGIN_SECONDS), file];
  const result = await run("gst-discoverer-1.0", args, { seconds: MARGIN_SECONDS + 5 });
  const found = result.stdout.matchAll(/^ +(container|video|audio|subtitles|unknown)(?: #\d+)?: (.*)$/gm);
  const streams = Array.from(found, ([, kind, description]) => ({ kind, description })) as GstStream[];
  if (streams.length > 0) return streams;
  throw new Error(`gst-discoverer found nothing in ${file}: ${result.stdout}${result.stderr}`);
}

/** Has GStreamer demultiplex and decode a whole file or a stream that ends, as fast as it can. */
export async function gstPlay(source: string): Promise<Playback> {
  const uri = /^https?:/.test(source) ? source : pathToFileURL(source).href;
  const args = ["playbin", `uri=${uri}`, "video-sink=fakesink", "audio-sink=fakesink"];
  const env = { ...process.env, GST_DEBUG: "*:2", GST_DEBUG_NO_COLOR: "1" };
  const result = await run("gst-launch-1.0", args, { seconds: WHOLE_FILE_SECONDS, env, inRealTime: true });
  const complaints = linesOf(result.stderr).filter(
    // The one line is said of any file, before it has been read.
    (line) => /\b(WARN|WARNING|ERROR)\b/.test(line) && !line.endsWith("> pad not activated yet"),
  );
  complaints.push(...unusualEnd("gst-launch", result));
  return { played: result.stdout.includes("Got EOS from element"), complaints };
}

/** A line that tells of a program that did not end by itself with status 0; [] when it did. */
export function unusualEnd(
  program: string,
  end: { readonly status: number | null; readonly signal: string | null; readonly timedOut: boolean },
): string[] {
  if (end.timedOut) return [`${program} had to be stopped`];
  return end.status === 0 ? [] : [`${program} ended with ${end.status ?? end.signal}`];
}
