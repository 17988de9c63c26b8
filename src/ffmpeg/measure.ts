import type { Clock } from "../base/clock.ts";
import { probeArguments } from "./input-safety.ts";
import { LineReader } from "./lines.ts";
import { runTool } from "./run.ts";

/** Reads the whole file, so it gets more time than a probe; at disk speed this is some 10 GB. */
const MEASURE_TIMEOUT_MS = 120_000;

/** Which stream of which file to measure. */
export interface MeasureOptions {
  readonly path: string;
  readonly streamIndex: number;
  readonly ffprobe: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Length in seconds of a stream whose file does not state it (a recording that was broken off, a raw stream),
 * from the timestamps of all its packets, or their durations where there are no timestamps. Undefined when the
 * file cannot be read to its end within two minutes or holds nothing. Throws the signal's reason when aborted.
 */
export async function measureDuration(options: MeasureOptions): Promise<number | undefined> {
  const { path, streamIndex, ffprobe, clock, signal } = options;
  let first = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  let total = 0;
  const lines = new LineReader(200, (line) => {
    const [pts = Number.NaN, duration = Number.NaN] = line.split("|").map(Number.parseFloat);
    const seconds = duration > 0 ? duration : 0;
    total += seconds;
    if (Number.isNaN(pts)) return;
    first = Math.min(first, pts);
    end = Math.max(end, pts + seconds);
  });
  const result = await runTool({
    binary: ffprobe,
    args: [
      ...["-v", "error", "-select_streams", String(streamIndex)],
      ...["-show_entries", "packet=pts_time,duration_time:packet_side_data=", "-of", "compact=p=0:nk=1"],
      ...probeArguments(path),
    ],
    clock,
    signal,
    timeoutMs: MEASURE_TIMEOUT_MS,
    onStdout: (chunk) => lines.push(chunk.toString("latin1")),
  });
  lines.end();
  if (result.timedOut) return undefined;
  const length = end > first ? end - first : total;
  return length > 0 ? length : undefined;
}
