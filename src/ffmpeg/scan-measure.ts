import type { Clock } from "../base/clock.ts";
import { inputArguments } from "./input-safety.ts";
import type { MediaFacts, ScanKind, VideoFacts } from "./media-facts.ts";
import { runTool } from "./run.ts";

/** Pictures that are looked at in each window, and where in the file the windows begin. */
const WINDOW_PICTURES = 60;
const WINDOWS = [0.15, 0.5, 0.8] as const;
/** A file as short as this is looked at in one window. */
const SHORT_SECONDS = 20;
const WINDOW_TIMEOUT_MS = 20_000;

/** Codecs that have no fields. */
const NEVER_INTERLACED =
  /^(?:vp[89]|av1|theora|gif|png|apng|h261|h263p?|flv1|wmv[12]|msmpeg4v\d|svq\d|mpeg1video|vp6f?|rv\d0|webp|cfhd)$/;

/** What idet counted in a number of pictures. */
export interface FieldCounts {
  readonly tff: number;
  readonly bff: number;
  readonly progressive: number;
  /** Pictures in which a field is repeated from the one before. */
  readonly repeated: number;
  readonly pictures: number;
}

/** What is needed to look into a file. */
export interface ScanMeasureOptions {
  readonly ffmpeg: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** True for a video stream whose pictures may consist of two fields, whatever it says of itself. */
export function mayBeInterlaced(video: VideoFacts): boolean {
  if (NEVER_INTERLACED.test(video.codec)) return false;
  if (video.fieldOrder === "interlaced") return true;
  // Fields come in the systems of 480, 576 and 1080 lines, with up to 30 pictures a second, and lose some by cropping.
  const { height } = video;
  const rate = video.frameRate ? video.frameRate.num / video.frameRate.den : 25;
  const hasSystem = (height > 400 && height <= 608) || (height > 1000 && height <= 1088);
  return hasSystem && rate > 24.5 && rate < 30.5;
}

/**
 * How the pictures of a file were scanned, seen in a few short windows; undefined when too little moves in them to
 * tell, or nothing could be decoded. Throws the signal's reason when aborted.
 */
export async function measureScan(
  facts: Pick<MediaFacts, "path" | "demuxer" | "durationSeconds">,
  video: VideoFacts,
  options: ScanMeasureOptions,
): Promise<ScanKind | undefined> {
  const starts =
    facts.durationSeconds <= SHORT_SECONDS ? [0] : WINDOWS.map((share) => share * facts.durationSeconds);
  const windows: FieldCounts[] = [];
  for (const start of starts) windows.push(await countFields(facts, video, start, options));
  return judgeFields(sum(windows), video);
}

/** The verdict on what was counted; it takes more to contradict a file than to agree with it. */
export function judgeFields(
  counts: FieldCounts,
  { frameRate, fieldOrder }: Pick<VideoFacts, "frameRate" | "fieldOrder">,
): ScanKind | undefined {
  const { tff, bff, progressive, repeated, pictures } = counts;
  const decided = tff + bff + progressive;
  if (decided < Math.max(8, pictures * 0.1)) return undefined;
  const combed = (tff + bff) / decided;
  const first = tff >= bff ? "tff" : "bff";
  const oneSided = Math.max(tff, bff) >= 4 * Math.min(tff, bff);
  const rate = frameRate ? frameRate.num / frameRate.den : 0;
  // 3:2 pulldown combs two pictures of five and repeats a field in two of five.
  const isNtsc = rate > 29.5 && rate < 30.5;
  if (isNtsc && oneSided && combed > 0.25 && repeated > pictures * 0.25) return `telecined_${first}`;
  if (combed < (fieldOrder === "interlaced" ? 0.15 : 0.3)) return "progressive";
  return oneSided && combed > (fieldOrder === "interlaced" ? 0.4 : 0.85) ? first : undefined;
}

/** Reads idet's last words. */
export function parseIdet(lines: readonly string[]): FieldCounts {
  const numbers = (title: string): Record<string, number> => {
    const line = lines.findLast((each) => each.includes(title)) ?? "";
    return Object.fromEntries(
      [...line.matchAll(/(\w+): *(\d+)/g)].map(([, name, count]) => [name, Number(count)]),
    );
  };
  const fields = numbers("Repeated Fields:");
  const frames = numbers("Single frame detection:");
  return {
    tff: frames.TFF ?? 0,
    bff: frames.BFF ?? 0,
    progressive: frames.Progressive ?? 0,
    repeated: (fields.Top ?? 0) + (fields.Bottom ?? 0),
    pictures: (fields.Neither ?? 0) + (fields.Top ?? 0) + (fields.Bottom ?? 0),
  };
}

async function countFields(
  facts: Pick<MediaFacts, "path" | "demuxer" | "durationSeconds">,
  video: VideoFacts,
  startSeconds: number,
  { ffmpeg, clock, signal }: ScanMeasureOptions,
): Promise<FieldCounts> {
  const result = await runTool({
    binary: ffmpeg,
    args: [
      ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "info"],
      ...(startSeconds > 0 ? ["-ss", startSeconds.toFixed(3)] : []),
      ...inputArguments(facts.path, facts.demuxer),
      ...["-map", `0:${video.index}`, "-vf", "idet", "-frames:v", String(WINDOW_PICTURES), "-f", "null", "-"],
    ],
    clock,
    signal,
    timeoutMs: WINDOW_TIMEOUT_MS,
  });
  return parseIdet(result.stderrTail);
}

function sum(windows: readonly FieldCounts[]): FieldCounts {
  const total = (key: keyof FieldCounts) => windows.reduce((all, counts) => all + counts[key], 0);
  return {
    tff: total("tff"),
    bff: total("bff"),
    progressive: total("progressive"),
    repeated: total("repeated"),
    pictures: total("pictures"),
  };
}
