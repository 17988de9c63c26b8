import type { Rational } from "../base/rational.ts";

/** Raised when the meaning of `MediaFacts` changes, so that facts stored by an earlier version are found again. */
export const MEDIA_FACTS_VERSION = 3;

/** What a probe found out about one media file; plain data that survives JSON. */
export interface MediaFacts {
  /** Absolute. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Time of the last change, ms since the Unix epoch. */
  readonly mtimeMs: number;
  /** The one demuxer name to force when the file is opened, see `inputArguments`. */
  readonly demuxer: string;
  /** Length of the whole file; greater than 0. */
  readonly durationSeconds: number;
  /** Timestamp at which the file begins; may be negative. */
  readonly startSeconds: number;
  /** The picture to play; undefined when there is only sound (covers are not pictures). */
  readonly video?: VideoFacts;
  /** The sound to play where nobody prefers another, one of `audioStreams`; undefined when there is only picture. */
  readonly audio?: AudioFacts;
  readonly audioStreams: readonly AudioFacts[];
  readonly title?: string;
  /** Of the audio streams that were measured, see `measureLoudness`. */
  readonly loudness?: readonly LoudnessFacts[];
}

/** How loud an audio stream is; without figures where it is silent or could not be measured. */
export interface LoudnessFacts {
  /** Number of the stream in the file. */
  readonly stream: number;
  /** Integrated loudness (EBU R 128). */
  readonly integratedLufs?: number;
  /** Highest true peak in dBTP. */
  readonly truePeakDb?: number;
}

/**
 * How pictures were scanned: whole, in two fields with the top or the bottom one first, or as film of 24 pictures
 * that 3:2 pulldown spread over the fields of 30.
 */
export type ScanKind = "progressive" | "tff" | "bff" | "telecined_tff" | "telecined_bff";

/** A video stream, as it is coded. */
export interface VideoFacts {
  /** Number of the stream in the file, for `-map 0:<index>`. */
  readonly index: number;
  /** ffmpeg's codec name, for instance "h264". */
  readonly codec: string;
  /** Timestamp of the first picture, on the same clock as the file's `startSeconds`. */
  readonly startSeconds?: number;
  readonly profile?: string;
  /** Pixels, before any rotation. */
  readonly width: number;
  readonly height: number;
  /** Width to height of one pixel; 1/1 when the file does not say. */
  readonly sampleAspectRatio: Rational;
  /** Clockwise turn that shows the picture upright: 0, 90, 180 or 270. ffmpeg applies it by itself. */
  readonly rotationDegrees: number;
  /** Mean frame rate. */
  readonly frameRate?: Rational;
  /** Lowest rate with which all timestamps can be written (`r_frame_rate`): fields for some interlaced video. */
  readonly realFrameRate?: Rational;
  readonly pixelFormat?: string;
  /** Bits per component. */
  readonly bitDepth?: number;
  /** What the file says. */
  readonly fieldOrder: "progressive" | "interlaced" | "unknown";
  /** What was seen in its pictures; undefined when it was not measured, or nothing could be told. */
  readonly scan?: ScanKind;
  readonly durationSeconds?: number;
  /** Names as ffmpeg writes them ("tv", "bt709", "smpte2084"). */
  readonly colorRange?: string;
  readonly colorSpace?: string;
  readonly colorTransfer?: string;
  readonly colorPrimaries?: string;
  /** Brightest light that an HDR source says it holds, in cd/m². */
  readonly peakNits?: number;
}

/** An audio stream. */
export interface AudioFacts {
  /** Number of the stream in the file, for `-map 0:<index>`. */
  readonly index: number;
  readonly codec: string;
  readonly profile?: string;
  readonly sampleRate: number;
  readonly channels: number;
  /** For instance "stereo" or "5.1(side)". */
  readonly channelLayout?: string;
  /** As in the file, usually ISO 639-2. */
  readonly language?: string;
  /** The file's own choice. */
  readonly isDefault?: boolean;
  /** Somebody talks about the film. */
  readonly isCommentary?: boolean;
  /** Somebody tells what is to be seen, for those who do not see it. */
  readonly isDescription?: boolean;
  readonly durationSeconds?: number;
}
