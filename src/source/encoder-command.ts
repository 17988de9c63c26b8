import type { Rational } from "../base/rational.ts";
import { FrameGrid, type HouseFormat } from "../media/house-format.ts";
import { SOFTWARE_ENCODER, type VideoEncoderName } from "../media/video-encoders.ts";
import type { RunPosition } from "../mp4/gop-assembler.ts";
import { bitmapArguments } from "./burn-in.ts";
import type { EncoderInput, EncoderSpan } from "./encoder-input.ts";
import { pictureBranch, pictureWatch, soundBranch, soundWatch } from "./live-chain.ts";
import { fileChain, liveChain, plainChain, stillArguments, stillChain } from "./picture-chain.ts";
import { MUXING_QUEUE, SAFE_INPUT_OPTIONS } from "./safe-run.ts";
import { liveSound, soundChain } from "./sound-chain.ts";
import { frameSeconds } from "./time-base.ts";
import { videoEncoderArguments } from "./video-encoder.ts";

/**
 * The encoder's contract. Every ffmpeg that feeds a channel is started with arguments made here, and nothing
 * but the house format and the encoder's name decides its encoding: parameter sets are therefore byte-identical
 * from run to run of one encoder.
 * Positions are exact because everything is counted in house frames from the start of the item.
 */

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

/**
 * The decoder starts this much before the wanted frame, and at least a second before the Gop of pre-roll: containers
 * find their way to exact positions from there.
 */
const SEEK_EARLY_SECONDS = 2;
/** AAC frames encoded before the wanted one, so that the codec's overlap is real sound when it counts. */
const AUDIO_PREROLL_FRAMES = 2;
/** The encoder's own delay: its first frame is empty. */
const AAC_PRIMING_FRAMES = 1;
/** The arguments of the encoder run that makes an item from `startFrame` to its end. */
export function encoderCommand(
  input: EncoderInput,
  span: EncoderSpan,
  format: HouseFormat,
  encoder: VideoEncoderName = SOFTWARE_ENCODER,
): EncoderCommand {
  const { device, upload, settings } = videoEncoderArguments(encoder, format);
  const grid = new FrameGrid(format);
  if (!(span.startFrame >= 0 && span.startFrame < span.frames)) {
    throw new RangeError(`frame ${span.startFrame} of ${span.frames} is not there`);
  }
  const firstAudioFrame = Math.max(0, grid.audioFrame(span.startFrame) - 1);
  const origin = input.originSeconds ?? 0;
  const sound = {
    start: Math.max(0, firstAudioFrame - AUDIO_PREROLL_FRAMES),
    end: grid.audioFrame(span.frames) + 2,
    offsetSeconds: origin + span.audioPhase / format.audioSampleRate,
  };
  const { burnIn, profile = "usual" } = input;
  const pictures = pictureChain(input, origin, span, format);
  const { live } = input;
  const sounds = live
    ? liveSound(input.audioStream, live, format)
    : soundChain({ stream: input.audioStream, gain: input.gain }, sound, format);
  const shown = [
    pictures,
    ...behind(pictureBranch(pictureWatch(live?.watch, format.fps)), upload, "null"),
  ].join(",");
  const judged = soundBranch(input.audioStream === undefined ? [] : soundWatch(live?.watch));
  const heard = [sounds, ...behind(judged, [], "anull")];
  const graph = `${shown}[v];${heard.join(",")}[a]`;
  return {
    args: [
      ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"],
      ...device,
      ...(input.fileArguments ? (live ? KEEP_GRAPH : seekArguments(span, format)) : []),
      ...(input.fileArguments && profile === "safe" ? SAFE_INPUT_OPTIONS : []),
      ...(input.fileArguments ?? []),
      ...(burnIn?.kind === "bitmap"
        ? bitmapArguments(burnIn, burnIn.zeroSeconds + frameSeconds(span.startFrame, format.fps))
        : []),
      ...(input.picture.kind === "still" ? stillArguments(input.picture.file, format) : []),
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
      ...audioEncoderArguments(format),
      ...["-max_muxing_queue_size", MUXING_QUEUE[profile === "safe" ? "safe" : "usual"]],
      // Sound alone ends with its source: the picture that goes with it has no end.
      ...(live && input.picture.kind !== "stream" ? ["-shortest"] : []),
      ...["-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "pipe:1"],
    ],
    position: {
      firstFrame: span.startFrame,
      firstAudioFrame,
      droppedAudioFrames: AAC_PRIMING_FRAMES + firstAudioFrame - sound.start,
    },
  };
}

/** What comes behind a watch, whose end is a label that a filter has to take. */
function behind(watch: string, filters: readonly string[], nothing: "null" | "anull"): readonly string[] {
  if (watch === "") return filters;
  const [first = nothing, ...rest] = filters;
  return [`${watch}${first}`, ...rest];
}

function pictureChain(input: EncoderInput, origin: number, span: EncoderSpan, format: HouseFormat): string {
  const { picture, fileArguments, burnIn, profile } = input;
  switch (picture.kind) {
    case "stream":
      if (input.live) return liveChain({ ...picture, isPlain: profile === "safe" }, input.live, format);
      return fileChain({ ...picture, isPlain: profile === "safe" }, origin, span, format, burnIn);
    case "still":
      return stillChain(fileArguments ? 1 : 0, span);
    case "plain":
      return plainChain(span, format);
  }
}

/** Without it a change of resolution inside a file would restart the graph, and its frame count. */
const KEEP_GRAPH = ["-reinit_filter", "0"];

function seekArguments(span: EncoderSpan, format: HouseFormat): string[] {
  const common = ["-copyts", "-start_at_zero", ...KEEP_GRAPH];
  const early = Math.max(SEEK_EARLY_SECONDS, frameSeconds(format.gopFrames, format.fps) + 1);
  const seconds = frameSeconds(span.startFrame, format.fps) - early;
  return seconds > 0 ? [...common, "-noaccurate_seek", "-ss", seconds.toFixed(6)] : common;
}

/** The encoder of sound with its settings, which depend on the house format alone. */
export function audioEncoderArguments(format: HouseFormat): string[] {
  const { audioBps, audioSampleRate, audioChannels } = format;
  return [
    ...["-c:a", "aac", "-profile:a", "aac_low", "-b:a", String(audioBps)],
    ...["-ar", String(audioSampleRate), "-ac", String(audioChannels)],
  ];
}
