import type { Clock } from "../base/clock.ts";
import { inputArguments } from "./input-safety.ts";
import type { LoudnessFacts, MediaFacts } from "./media-facts.ts";
import { runTool } from "./run.ts";

/** Sound is decoded some hundred times faster than it plays; a file that takes longer keeps its own level. */
const TIMEOUT_MS = 600_000;

/** Which sound to measure, and with what. */
export interface LoudnessOptions {
  readonly ffmpeg: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Measures a whole audio stream as it will be heard, in stereo at 48 kHz (EBU R 128). Where that fails or takes longer
 * than ten minutes, the result has no figures. Throws the signal's reason when aborted.
 */
export async function measureLoudness(
  { path, demuxer }: Pick<MediaFacts, "path" | "demuxer">,
  stream: number,
  { ffmpeg, clock, signal }: LoudnessOptions,
): Promise<LoudnessFacts> {
  const filters =
    "aresample=48000,aformat=sample_fmts=fltp:channel_layouts=stereo,ebur128=peak=true:framelog=verbose";
  const result = await runTool({
    binary: ffmpeg,
    args: [
      ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "info", ...inputArguments(path, demuxer)],
      ...["-map", `0:${stream}`, "-af", filters, "-f", "null", "-"],
    ],
    clock,
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  return { stream, ...(result.exit.code === 0 ? parseSummary(result.stderrTail) : {}) };
}

/** Reads the summary of `ebur128`; empty when there is none. Digital silence has no figures either. */
export function parseSummary(lines: readonly string[]): Omit<LoudnessFacts, "stream"> {
  const summary = lines.slice(lines.findLastIndex((line) => line.includes("Summary:")));
  const figure = (pattern: RegExp) => {
    const value = Number.parseFloat(summary.map((line) => pattern.exec(line)?.[1]).find(Boolean) ?? "");
    return Number.isFinite(value) ? value : undefined;
  };
  const integratedLufs = figure(/^\s*I:\s*(-?[\d.]+) LUFS/);
  const truePeakDb = figure(/^\s*Peak:\s*(-?[\d.]+) dBFS/);
  return integratedLufs === undefined || truePeakDb === undefined ? {} : { integratedLufs, truePeakDb };
}
