import type { Rational } from "../base/rational.ts";

/** Raised when the meaning of `MediaFacts` changes, so that facts stored by an earlier version are found again. */
export const MEDIA_FACTS_VERSION = 4;

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
  readonly subtitleStreams: readonly SubtitleFacts[];
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
  /** Timestamp of the first sound, on the same clock as the file's `startSeconds`. */
  readonly startSeconds?: number;
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

/** How subtitles are stored: as text that is to be set, or as pictures. */
export type SubtitleKind = "text" | "bitmap";

/** What a subtitle track is for, wherever it lies. */
export interface SubtitleTraits {
  /** Undefined when it is of a kind that cannot be burnt in. */
  readonly kind?: SubtitleKind;
  /** As in the file or its name, usually ISO 639. */
  readonly language?: string;
  /** Only what is foreign to those who understand the sound: signs, and lines in another language. */
  readonly isForced?: boolean;
  /** The file's own choice. */
  readonly isDefault?: boolean;
  /** Also tells what is to be heard, for those who do not hear it. */
  readonly isHearingImpaired?: boolean;
  /** Somebody talks about the film. */
  readonly isCommentary?: boolean;
}

/** A subtitle stream. */
export interface SubtitleFacts extends SubtitleTraits {
  /** Number of the stream in the file, for `-map 0:<index>`. */
  readonly index: number;
  /** ffmpeg's codec name, for instance "subrip". */
  readonly codec: string;
  readonly title?: string;
}

/** A file with subtitles beside a media file, known by its name. */
export interface SidecarFacts extends SubtitleTraits {
  /** Absolute. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Time of the last change, ms since the Unix epoch. */
  readonly mtimeMs: number;
  readonly kind: "text";
}
