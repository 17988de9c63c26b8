import { type Rational, rational } from "../base/rational.ts";
import type { FfprobeReport, FfprobeStream } from "./ffprobe-report.ts";
import type { AudioFacts, SubtitleFacts, SubtitleKind, VideoFacts } from "./media-facts.ts";

/** Codecs that are pictures by nature; beside a real video stream, or alone in a sound file, they are a cover. */
const STILL_CODECS = new Set(["mjpeg", "png", "bmp", "gif", "tiff", "webp", "jpegls", "jpeg2000"]);
const SOUND_DEMUXERS = /^(mp3|flac|ogg|wav|w64|aiff|au|caf|amr|aac|ac3|eac3|dts|ape|wv|tta|tak|mpc8?|dsf)$/;

/** The stream to show: a real video stream, the file's default first; covers and thumbnails never. */
export function chooseVideo(report: FfprobeReport, demuxer: string): VideoFacts | undefined {
  const moving = report.streams.filter(
    (stream) =>
      isKnown(stream, "video") &&
      (stream.width ?? 0) > 0 &&
      (stream.height ?? 0) > 0 &&
      !stream.disposition.attached_pic &&
      !stream.disposition.timed_thumbnails &&
      !(STILL_CODECS.has(stream.codec_name!) && SOUND_DEMUXERS.test(demuxer)),
  );
  const real = moving.filter((stream) => !STILL_CODECS.has(stream.codec_name!));
  const candidates = real.length > 0 ? real : moving;
  const chosen = candidates.find((stream) => stream.disposition.default) ?? candidates[0];
  return chosen && videoFacts(chosen);
}

/** All sound that can be decoded, in the file's order. */
export function listAudio(report: FfprobeReport): AudioFacts[] {
  return playableAudio(report).map(audioFacts);
}

/** All subtitles, in the file's order, also those that cannot be burnt in. */
export function listSubtitles(report: FfprobeReport): SubtitleFacts[] {
  return report.streams.filter((stream) => isKnown(stream, "subtitle")).map(subtitleFacts);
}

function playableAudio(report: FfprobeReport): FfprobeStream[] {
  return report.streams.filter(
    (stream) => isKnown(stream, "audio") && (stream.sample_rate ?? 0) > 0 && (stream.channels ?? 0) > 0,
  );
}

function isKnown(stream: FfprobeStream, type: string): boolean {
  return stream.codec_type === type && known(stream.codec_name) !== undefined;
}

function videoFacts(stream: FfprobeStream): VideoFacts {
  return {
    index: stream.index,
    codec: stream.codec_name!,
    startSeconds: stream.start_time,
    profile: known(stream.profile),
    width: stream.width!,
    height: stream.height!,
    sampleAspectRatio: parseRatio(stream.sample_aspect_ratio) ?? rational(1),
    rotationDegrees: rotation(stream),
    frameRate: parseRatio(stream.avg_frame_rate),
    realFrameRate: parseRatio(stream.r_frame_rate),
    pixelFormat: known(stream.pix_fmt),
    bitDepth: bitDepth(stream),
    fieldOrder: fieldOrder(stream.field_order),
    durationSeconds: duration(stream),
    colorRange: known(stream.color_range),
    colorSpace: known(stream.color_space),
    colorTransfer: known(stream.color_transfer),
    colorPrimaries: known(stream.color_primaries),
    peakNits: peakNits(stream),
  };
}

function audioFacts(stream: FfprobeStream): AudioFacts {
  return {
    index: stream.index,
    codec: stream.codec_name!,
    startSeconds: stream.start_time,
    profile: known(stream.profile),
    sampleRate: stream.sample_rate!,
    channels: stream.channels!,
    channelLayout: known(stream.channel_layout),
    language: languageOf(stream),
    isDefault: stream.disposition.default === 1,
    isCommentary: stream.disposition.comment === 1 || COMMENTARY.test(stream.tags.title ?? ""),
    isDescription: stream.disposition.visual_impaired === 1,
    durationSeconds: duration(stream),
  };
}

const SUBTITLE_KINDS: Readonly<Record<string, SubtitleKind>> = {
  ...{ subrip: "text", ass: "text", ssa: "text", mov_text: "text", webvtt: "text", text: "text" },
  ...{ hdmv_pgs_subtitle: "bitmap", dvd_subtitle: "bitmap", dvb_subtitle: "bitmap", xsub: "bitmap" },
};

function subtitleFacts({ index, codec_name, disposition, tags }: FfprobeStream): SubtitleFacts {
  const title = known(tags.title?.trim());
  return {
    index,
    codec: codec_name!,
    kind: SUBTITLE_KINDS[codec_name!],
    title,
    language: languageOf({ tags }),
    isForced: disposition.forced === 1 || FORCED.test(title ?? ""),
    isDefault: disposition.default === 1,
    isHearingImpaired: disposition.hearing_impaired === 1 || HEARING_IMPAIRED.test(title ?? ""),
    isCommentary: disposition.comment === 1 || COMMENTARY.test(title ?? ""),
  };
}

function languageOf({ tags }: Pick<FfprobeStream, "tags">): string | undefined {
  return tags.language === "und" ? undefined : known(tags.language);
}

/** Titles of subtitles whose disposition says nothing. */
const FORCED = /\bforced\b|\berzwungen/i;
const HEARING_IMPAIRED = /\bSDH\b|\bCC\b|hard of hearing|hearing impaired/i;

/** Titles of commentaries whose disposition says nothing; they are far more common than those that do. */
const COMMENTARY = /\bcommentary\b|\bkommentar\b|\bcommentaires?\b/i;

function known(value: string | undefined): string | undefined {
  return value === undefined || value === "" || value === "unknown" || value === "none" ? undefined : value;
}

/** Reads "30000/1001" or "64:45"; undefined for "0/0", "0:1" and the like. */
export function parseRatio(value: string | undefined): Rational | undefined {
  const match = /^(\d+)[/:](\d+)$/.exec(value ?? "");
  const [num, den] = [Number(match?.[1]), Number(match?.[2])];
  return num > 0 && den > 0 ? rational(num, den) : undefined;
}

/** ffprobe counts anticlockwise. */
function rotation(stream: FfprobeStream): number {
  const anticlockwise = stream.side_data_list.find((data) => data.rotation !== undefined)?.rotation ?? 0;
  return ((4 - (((Math.round(anticlockwise / 90) % 4) + 4) % 4)) % 4) * 90;
}

/** The brightest pixel (CTA-861 MaxCLL) where it is told, else what the mastering display could show. */
function peakNits(stream: FfprobeStream): number | undefined {
  const told = stream.side_data_list
    .map((data) => data.max_content)
    .find((nits) => nits !== undefined && nits > 0);
  const display = stream.side_data_list.map((data) => parseRatio(data.max_luminance)).find(Boolean);
  return told ?? (display && display.num / display.den);
}

function bitDepth(stream: FfprobeStream): number | undefined {
  if (stream.bits_per_raw_sample) return stream.bits_per_raw_sample;
  const format = known(stream.pix_fmt);
  if (!format) return undefined;
  const written = /(?:p0|p|gray|x2rgb|x2bgr)(9|10|12|14|16)(?:le|be)?$/.exec(format);
  return written ? Number(written[1]) : 8;
}

function fieldOrder(value: string | undefined): VideoFacts["fieldOrder"] {
  if (value === "progressive") return "progressive";
  return /^[tb][tb]$/.test(value ?? "") ? "interlaced" : "unknown";
}

/** Matroska states the length of a stream in a tag ("00:42:10.123000000"), the others in its header. */
function duration(stream: FfprobeStream): number | undefined {
  if (stream.duration !== undefined && stream.duration > 0) return stream.duration;
  const match = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(stream.tags.duration ?? "");
  const seconds = match ? Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]) : 0;
  return seconds > 0 ? seconds : undefined;
}
