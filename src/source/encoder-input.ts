import type { ScanKind } from "../ffmpeg/media-facts.ts";
import type { BurnIn } from "./burn-in.ts";
import type { SourceColour } from "./colour.ts";
import type { Gain } from "./loudness-gain.ts";
import type { RunProfile, WatchLimits } from "./source.ts";

/** Where pictures and sound of an item come from. */
export interface EncoderInput {
  /** ffmpeg's arguments for the file, up to and with `-i`; undefined when there is no file at all. */
  readonly fileArguments?: readonly string[];
  readonly picture: FilePicture | StillPicture | PlainPicture;
  /** Index of the audio stream in the file; undefined gives silence. */
  readonly audioStream?: number;
  /** How its level is changed; default not at all. */
  readonly gain?: Gain;
  /** Seconds of the file that lie before the item's zero, see `pictureOriginSeconds`. Default 0. */
  readonly originSeconds?: number;
  /** It is read as it comes, without places and without an end. */
  readonly live?: LiveTiming;
  /** Subtitles that are burnt into a video stream of the file. */
  readonly burnIn?: BurnIn;
  /** See `RunProfile`; default `usual`. */
  readonly profile?: RunProfile;
}

/** How a live source is encoded. */
export interface LiveTiming {
  /** Media time for which it is played slower, so that a lead grows again, see `SLOWER`. */
  readonly slowSeconds: number;
  /** What is looked for in its pictures and its sound; default nothing. */
  readonly watch?: WatchLimits;
}

/** A video stream of the file. */
export interface FilePicture {
  readonly kind: "stream";
  readonly stream: number;
  readonly scan: PictureScan;
  /** Width and height of its first pictures; undefined when they are turned on the way in. */
  readonly size?: readonly [number, number];
  readonly colour: SourceColour;
  /** Whether this ffmpeg has `zscale` and `tonemap`; default true. */
  readonly canToneMap?: boolean;
  /** Whether odd pixel formats are converted before anything else is done; default not. */
  readonly isPlain?: boolean;
  /** Seconds that are known to be missing at the picture's end, to be shown as a still. */
  readonly stillSeconds: number;
}

/**
 * How the pictures were scanned, as measured, or as each picture says of itself ("flagged").
 */
export type PictureScan = ScanKind | "flagged";

/** A still that was painted ahead. */
export interface StillPicture {
  readonly kind: "still";
  /** Path of one picture of the house's size: planar 4:2:0 of 8 bits in BT.709, narrow range, nothing else. */
  readonly file: string;
}

/** One dark colour: what is seen with sound when nothing can be painted. */
export interface PlainPicture {
  readonly kind: "plain";
}

/** Part of an item: `frames` is the item's whole length, the run starts at `startFrame`. */
export interface EncoderSpan {
  readonly frames: number;
  /** The run's Gops are counted from here. */
  readonly startFrame: number;
  /** Samples by which the item's audio frames begin later than its picture, −512 … 512. */
  readonly audioPhase: number;
}
