import type { Rational } from "../base/rational.ts";
import type { FilePicture } from "./encoder-input.ts";
import { FLICKS } from "./time-base.ts";

/** Five pictures of 30000/1001 a second, in which 3:2 pulldown has spread four of film: 117,717,600 flicks. */
const CYCLE = (FLICKS * 5 * 1001) / 30_000;
/** Cycles before the wanted one, so that the first compared with nothing before it is not seen. */
const CYCLES_EARLY = 2;

/** Where a run's clock begins, in flicks. */
export interface RunOrigin {
  /** The item's zero on the file's clock. */
  readonly item: number;
  /** The run's zero, counted from the item's. */
  readonly run: number;
}

/**
 * The filters that set a file's clock to the run's zero and make whole pictures of fields. Which picture of a
 * cycle is a repetition is judged for each cycle alone, and cycles are counted from the item's zero: film comes out
 * the same from whatever Gop a run begins.
 */
export function wholePictures(
  { stream, scan, size }: Pick<FilePicture, "stream" | "scan" | "size">,
  origin: RunOrigin,
  fps: Rational,
): string[] {
  const clockFrom = (start: number) => `[0:${stream}]settb=1/${FLICKS},setpts=PTS-${origin.item + start}`;
  if (scan === "progressive") return [clockFrom(origin.run)];
  // What works on fields cannot follow a change of size inside a file: such pictures are brought to the first size.
  // While nothing changes, the filter hands them on untouched.
  const sized = size ? [`scale=w=${size[0]}:h=${size[1]}:interl=-1`] : [];
  if (scan === "telecined_tff" || scan === "telecined_bff") {
    const start = Math.max(0, Math.floor(origin.run / CYCLE) - CYCLES_EARLY) * CYCLE;
    return [
      clockFrom(start),
      ...sized,
      "fps=fps=30000/1001:start_time=0",
      `settb=1/${FLICKS}`,
      `fieldmatch=order=${scan.slice(-3)}:combmatch=full`,
      // What no match could make whole: pictures shot as video in between.
      "bwdif=mode=send_frame:deint=interlaced",
      "decimate",
      `settb=1/${FLICKS}`,
      `setpts=PTS-${origin.run - start}`,
    ];
  }
  const mode = fps.num / fps.den > 40 ? "send_field" : "send_frame";
  const fields = scan === "flagged" ? "deint=interlaced" : `parity=${scan}:deint=all`;
  return [clockFrom(origin.run), ...sized, `bwdif=mode=${mode}:${fields}`];
}
