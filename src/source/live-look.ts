import type { Clock } from "../base/clock.ts";
import { rational } from "../base/rational.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { ProgressMeter } from "../ffmpeg/progress.ts";
import { runTool } from "../ffmpeg/run.ts";
import { addressArguments, type SourceAddress } from "../ffmpeg/source-address.ts";
import { newsTo, pictureWatch, soundWatch } from "./live-chain.ts";
import { OutcomeWatch } from "./live-watch.ts";
import type { WatchLimits } from "./source.ts";

/** How much of a source is looked at, at the least, in seconds of media. */
const LOOK_SECONDS = 3;
/** What connecting may take on top of that, in ms. */
const CONNECT_MS = 12_000;
/** What a look may miss of its length: the last pictures are cut off anywhere. */
const TOLERANCE_SECONDS = 1;

/** What a look needs. */
export interface LookOptions {
  readonly ffmpeg: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What would be wrong with it; default nothing but that it does not deliver. */
  readonly limits?: WatchLimits;
}

/**
 * Whether a live source, of which `facts` are known, is well: it delivers for a few seconds, decodes, and shows
 * nothing for which it would be left. Rejects with the signal's reason.
 */
export async function lookAt(
  address: SourceAddress,
  facts: MediaFacts,
  options: LookOptions,
): Promise<boolean> {
  const { ffmpeg, clock, signal, limits } = options;
  const longest = limits ? Math.max(limits.frozenSeconds, limits.blackSeconds, limits.silentSeconds) : 0;
  const seconds = Math.max(LOOK_SECONDS, longest + 2);
  const progress = new ProgressMeter(clock);
  const watch = new OutcomeWatch({ scheme: address.scheme, limits, leftMs: () => Number.POSITIVE_INFINITY });
  const { video, audio } = facts;
  const pictures = pictureWatch(limits, video?.frameRate ?? rational(25), newsTo(1)).join(",");
  const sounds = soundWatch(limits, newsTo(1)).join(",");
  const result = await runTool({
    binary: ffmpeg,
    args: [
      ...["-hide_banner", "-nostdin", "-nostats", "-v", "error", "-progress", "pipe:1"],
      ...addressArguments(address, { isFilm: false, demuxer: facts.demuxer }),
      ...["-t", String(seconds), ...(video ? ["-map", `0:${video.index}`] : [])],
      ...(audio ? ["-map", `0:${audio.index}`] : []),
      ...(video && pictures ? ["-vf", pictures] : []),
      ...(audio && sounds ? ["-af", sounds] : []),
      ...["-f", "null", "-"],
    ],
    ...{ clock, signal, timeoutMs: seconds * 1000 + CONNECT_MS },
  });
  for (const line of result.stdout.toString().split("\n")) {
    progress.take(line);
    watch.take(line);
  }
  const mediaSeconds = progress.outTimeUs / 1e6;
  const isWhole = result.exit.code === 0 && mediaSeconds >= seconds - TOLERANCE_SECONDS;
  return isWhole && watch.look({ nowMs: clock.now(), quietMs: 0, heard: true, mediaSeconds }) === undefined;
}
