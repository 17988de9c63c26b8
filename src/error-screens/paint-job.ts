import type { ErrorAudioMode } from "../media/screen-modes.ts";
import type { ScreenView } from "./screen-view.ts";

/** Most bytes and pixels of a picture that is shown; the pixels are counted before anything is decoded. */
export const MAX_PICTURE_BYTES = 10 * 2 ** 20;
export const MAX_PICTURE_PIXELS = 40e6;
/** Most bytes of a font file. */
export const MAX_FONT_BYTES = 64 * 2 ** 20;

/** Paints a screen, as a PNG or as the planes that an encoder takes. */
export interface PaintScreenJob {
  readonly kind: "screen";
  readonly view: ScreenView;
  readonly width: number;
  readonly height: number;
  readonly as: "png" | "i420";
  /** Path of the file to write. */
  readonly output: string;
}

/** Decodes a picture that somebody sent and writes it anew, as a PNG that fits into 3840×2160. */
export interface ImportPictureJob {
  readonly kind: "import";
  readonly input: string;
  readonly output: string;
}

/** Computes a sound: some thousand audio frames would hold up the process that channels run in. */
export interface SoundJob {
  readonly kind: "sound";
  readonly mode: ErrorAudioMode;
  /** See `soundPeriod`. */
  readonly levelDbfs: number;
  /** Audio frames that are to come before the period: its own end, again and again. */
  readonly leadingFrames: number;
  /** Path of the file to write: 32-bit floats, little-endian, two channels. */
  readonly output: string;
}

/** What the painting process is told to do, in a JSON file. */
export type PaintJob = PaintScreenJob | ImportPictureJob | SoundJob;

/** First word of the line by which the painting process says that a picture is at fault, not it. */
export const REFUSED = "refused:";
