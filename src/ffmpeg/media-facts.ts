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
  /** The sound to play, one of `audioStreams`; undefined when there is only picture. */
  readonly audio?: AudioFacts;
  readonly audioStreams: readonly AudioFacts[];
  readonly title?: string;
}

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
  readonly fieldOrder: "progressive" | "interlaced" | "unknown";
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
  readonly durationSeconds?: number;
}
