import type { Rational } from "../base/rational.ts";
import { AAC_FRAME_SAMPLES, FrameGrid, type HouseFormat } from "../media/house-format.ts";
import { SOFTWARE_ENCODER, type VideoEncoderName } from "../media/video-encoders.ts";
import type { RunPosition } from "../mp4/gop-assembler.ts";
import { videoEncoderArguments } from "./video-encoder.ts";

/**
 * The encoder's contract. Every ffmpeg that feeds a channel is started with arguments made here, and nothing
 * but the house format and the encoder's name decides its encoding: parameter sets are therefore byte-identical
 * from run to run of one encoder.
 * Positions are exact because everything is counted in house frames from the start of the item.
 */

/** Where pictures and sound of an item come from. */
export interface EncoderInput {
  /** ffmpeg's arguments for the file, up to and with `-i`; undefined when there is no file at all. */
  readonly fileArguments?: readonly string[];
  readonly picture: FilePicture | CardPicture;
  /** Index of the audio stream in the file; undefined gives silence. */
  readonly audioStream?: number;
  /** Seconds of the file that lie before the item's zero, see `pictureOriginSeconds`. Default 0. */
  readonly originSeconds?: number;
}

/** A video stream of the file. */
export interface FilePicture {
  readonly kind: "stream";
  readonly stream: number;
  readonly interlaced: boolean;
  /** Seconds that are known to be missing at the picture's end, to be shown as a still. */
  readonly stillSeconds: number;
}

/** A still with lines of text, each in a file of the working folder (never inside the filter graph). */
export interface CardPicture {
  readonly kind: "card";
  readonly lines: readonly CardLine[];
}

/** One line of a card. */
export interface CardLine {
  /** Name of a UTF-8 file in the working folder: letters, digits, `-` and `.` only. */
  readonly textFile: string;
  /** Height of the letters as a share of the picture's height. */
  readonly size: number;
  /** Vertical place of the line's middle as a share of the picture's height. */
  readonly middle: number;
  readonly colour: string;
}

/** Part of an item: `frames` is the item's whole length, the run starts at `startFrame`. */
export interface EncoderSpan {
  readonly frames: number;
  /** A multiple of the house format's gopFrames. */
  readonly startFrame: number;
  /** Samples by which the item's audio frames begin later than its picture, −512 … 512. */
  readonly audioPhase: number;
}

/** What to start, and where the first Gop of its output belongs. */
export interface EncoderCommand {
  readonly args: readonly string[];
  readonly position: RunPosition;
}

/**
 * Where to put the zero of an item in its file, whose first picture comes `delaySeconds` after its start: so that
 * the pictures' own grid meets the channel's. Less than a frame; without it every picture of a transport stream
 * whose sound starts first would be shown up to half a frame too early or too late.
 */
export function pictureOriginSeconds(delaySeconds: number, fps: Rational): number {
  return Math.max(0, delaySeconds) % frameSeconds(1, fps);
}

/** Name of the font file that must lie in the working folder of an encoder with a card. */
export const CARD_FONT_FILE = "card-font.ttf";

/** A time base in which every usual frame rate has whole numbers, so that no rounding can move a frame. */
const FLICKS = 705_600_000;
/** The decoder starts this much before the wanted frame: containers find their way to exact positions from there. */
const SEEK_EARLY_SECONDS = 2;
/** AAC frames encoded before the wanted one, so that the codec's overlap is real sound when it counts. */
const AUDIO_PREROLL_FRAMES = 2;
/** The encoder's own delay: its first frame is empty. */
const AAC_PRIMING_FRAMES = 1;
/** A file may end this much before its stated length; the rest is a still and silence. */
const TOLERATED_SHORTFALL_SECONDS = 1;
const CARD_BACKGROUND = "0x14181f";

/** The arguments of the encoder run that makes an item from `startFrame` to its end. */
export function encoderCommand(
  input: EncoderInput,
  span: EncoderSpan,
  format: HouseFormat,
  encoder: VideoEncoderName = SOFTWARE_ENCODER,
): EncoderCommand {
  const { device, upload, settings } = videoEncoderArguments(encoder, format);
  const grid = new FrameGrid(format);
  if (span.startFrame % format.gopFrames !== 0 || span.startFrame >= span.frames) {
    throw new RangeError(`frame ${span.startFrame} of ${span.frames} does not begin a Gop`);
  }
  const firstAudioFrame = Math.max(0, grid.audioFrame(span.startFrame) - 1);
  const audioStart = Math.max(0, firstAudioFrame - AUDIO_PREROLL_FRAMES);
  const audioEnd = grid.audioFrame(span.frames) + 2;
  const origin = input.originSeconds ?? 0;
  const audioOffset = origin + span.audioPhase / format.audioSampleRate;
  const graph = [
    `${[pictureChain(input.picture, origin, span, format), ...upload].join(",")}[v]`,
    `${audioChain(input.audioStream, audioStart, audioEnd, audioOffset, format)}[a]`,
  ].join(";");
  return {
    args: [
      ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"],
      ...["-progress", "pipe:3", "-stats_period", "0.5"],
      ...device,
      ...(input.fileArguments ? seekArguments(span, format) : []),
      ...(input.fileArguments ?? []),
      ...[
        "-filter_complex",
        graph,
        "-map",
        "[v]",
        "-map",
        "[a]",
        "-map_metadata",
        "-1",
        "-map_chapters",
        "-1",
      ],
      ...settings,
      ...audioEncoder(format),
      ...["-max_muxing_queue_size", "4096"],
      ...["-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "pipe:1"],
    ],
    position: {
      firstFrame: span.startFrame,
      firstAudioFrame,
      droppedAudioFrames: AAC_PRIMING_FRAMES + firstAudioFrame - audioStart,
    },
  };
}

function seekArguments(span: EncoderSpan, format: HouseFormat): string[] {
  // Without reinit_filter 0 a change of resolution inside a file would restart the graph, and its frame count.
  const common = ["-copyts", "-start_at_zero", "-reinit_filter", "0"];
  const seconds = frameSeconds(span.startFrame, format.fps) - SEEK_EARLY_SECONDS;
  return seconds > 0 ? [...common, "-noaccurate_seek", "-ss", seconds.toFixed(6)] : common;
}

function pictureChain(
  picture: FilePicture | CardPicture,
  originSeconds: number,
  span: EncoderSpan,
  format: HouseFormat,
): string {
  const { width, height, fps, gopFrames } = format;
  const rate = `${fps.num}/${fps.den}`;
  const frames = span.frames - span.startFrame;
  const finish = [
    "format=yuv420p",
    "setsar=1",
    "setfield=mode=prog",
    "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
  ];
  if (picture.kind === "card") {
    const source = `color=c=${CARD_BACKGROUND}:s=${width}x${height}:r=${rate}`;
    return [source, ...picture.lines.map(drawLine), `trim=end_frame=${frames}`, ...finish].join(",");
  }
  // One Gop of pictures before the wanted frame keeps `fps` away from its own start, where halves round
  // differently; the input's clock is counted from there.
  const preroll = span.startFrame > 0 ? gopFrames : 0;
  const origin = Math.round((originSeconds + frameSeconds(span.startFrame - preroll, fps)) * FLICKS);
  const shape = `${width}/${height}`;
  return [
    `[0:${picture.stream}]settb=1/${FLICKS},setpts=PTS-${origin}`,
    ...(picture.interlaced
      ? [`bwdif=mode=${toRate(fps) > 40 ? "send_field" : "send_frame"}:deint=interlaced`]
      : []),
    `fps=fps=${rate}:start_time=0`,
    `tpad=stop_mode=clone:stop_duration=${(TOLERATED_SHORTFALL_SECONDS + picture.stillSeconds).toFixed(3)}`,
    `trim=start_frame=${preroll}:end_frame=${preroll + frames}`,
    "setpts=PTS-STARTPTS",
    `scale=w='max(2,if(gt(dar,${shape}),${width},trunc(${height}*dar/2)*2))'` +
      `:h='max(2,if(gt(dar,${shape}),trunc(${width}/dar/2)*2,${height}))':flags=bicubic` +
      ":out_color_matrix=bt709:out_range=tv",
    `pad=w=${width}:h=${height}:x='trunc((ow-iw)/4)*2':y='trunc((oh-ih)/4)*2':eval=frame`,
    ...finish,
  ].join(",");
}

function audioChain(
  stream: number | undefined,
  start: number,
  end: number,
  offsetSeconds: number,
  format: HouseFormat,
): string {
  const rate = format.audioSampleRate;
  const length = `atrim=end_sample=${(end - start) * AAC_FRAME_SAMPLES}`;
  const shape = `aformat=sample_fmts=fltp:sample_rates=${rate}:channel_layouts=stereo`;
  if (stream === undefined) return `anullsrc=r=${rate}:cl=stereo,${shape},${length}`;
  const seconds = ((start * AAC_FRAME_SAMPLES) / rate + offsetSeconds).toFixed(6);
  return [
    `[0:${stream}]atrim=start=${seconds}`,
    `asetpts=PTS-${seconds}/TB`,
    `aresample=${rate}:async=1:first_pts=0`,
    shape,
    `apad=whole_len=${(end - start) * AAC_FRAME_SAMPLES}`,
    length,
  ].join(",");
}

function drawLine(line: CardLine): string {
  const options = [
    `fontfile=${CARD_FONT_FILE}`,
    `textfile=${line.textFile}`,
    "expansion=none",
    `fontcolor=${line.colour}`,
    `fontsize=h*${line.size}`,
    "x=(w-text_w)/2",
    `y=h*${line.middle}-text_h/2`,
  ];
  return `drawtext=${options.join(":")}`;
}

function audioEncoder(format: HouseFormat): string[] {
  const { audioBps, audioSampleRate, audioChannels } = format;
  return [
    ...["-c:a", "aac", "-profile:a", "aac_low", "-b:a", String(audioBps)],
    ...["-ar", String(audioSampleRate), "-ac", String(audioChannels)],
  ];
}

function frameSeconds(frame: number, fps: Rational): number {
  return (frame * fps.den) / fps.num;
}

function toRate(fps: Rational): number {
  return fps.num / fps.den;
}
