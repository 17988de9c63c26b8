import type { Clock } from "../base/clock.ts";
import { rational, scaleRound } from "../base/rational.ts";
import { chooseAudio } from "../ffmpeg/choose-audio.ts";
import { inputArguments } from "../ffmpeg/input-safety.ts";
import type { MediaFacts, VideoFacts } from "../ffmpeg/media-facts.ts";
import type { HouseFormat } from "../media/house-format.ts";
import type { VideoEncoderName } from "../media/video-encoders.ts";
import { colourOf } from "./colour.ts";
import { DeferredSource } from "./deferred-source.ts";
import type { EncoderChoice } from "./encoder-choice.ts";
import { encoderCommand, pictureOriginSeconds } from "./encoder-command.ts";
import type { EncoderInput, FilePicture, StillPicture } from "./encoder-input.ts";
import { EncoderSource } from "./encoder-source.ts";
import { gainFor } from "./loudness-gain.ts";
import type { OpenSource, PlayItem, Source } from "./source.ts";

/** A file and its identity, as the library knows it. */
export interface MediaFile {
  readonly id: number;
  readonly title: string;
  readonly facts: MediaFacts;
}

/** What an operator wants of every file. */
export interface Preferences {
  /** ISO 639 codes, the most wanted first; default none. */
  readonly audioLanguages?: readonly string[];
  /** Loudness that all sound is brought to; default as it is in the file. */
  readonly loudnessTargetLufs?: number;
}

/** Plans a file for a channel: its length in house frames, and its sound. */
export function planItem(media: MediaFile, format: HouseFormat, preferences: Preferences = {}): PlayItem {
  const { facts } = media;
  const milliseconds = Math.round(facts.durationSeconds * 1000);
  const frames = scaleRound(milliseconds, rational(format.fps.num, format.fps.den * 1000));
  // A last Gop of one picture is left out: beside the next item's first one, both IDR with the same idr_pic_id,
  // it would break H.264 7.4.3.
  const whole = frames % format.gopFrames === 1 ? frames - 1 : frames;
  // What is shorter than a Gop is held as a still: an encoder for every few pictures would never keep up.
  const planned = Math.max(format.gopFrames, whole);
  const audioStream = chooseAudio(facts.audioStreams, preferences.audioLanguages)?.index;
  const { loudnessTargetLufs } = preferences;
  const loudness = facts.loudness?.find(({ stream }) => stream === audioStream);
  const gain = loudnessTargetLufs === undefined ? undefined : gainFor(loudness, loudnessTargetLufs);
  return { mediaId: media.id, title: media.title, facts, frames: planned, audioStream, gain };
}

/** A painted still, and how it is removed when it is no longer needed. */
export interface PaintedStill {
  readonly picture: StillPicture;
  discard(): Promise<void>;
}

/** What every encoder of a server shares. */
export interface EncoderSurroundings {
  readonly ffmpeg: string;
  /** Working folder, which exists. */
  readonly folder: string;
  readonly clock: Clock;
  /** See `EncoderSourceOptions`. */
  readonly onUnmatched?: (line: string) => void;
  /** Whether this ffmpeg has `zscale` and `tonemap`; default true. */
  readonly canToneMap?: boolean;
  /**
   * Paints what is seen while a file without pictures plays; without it, or where it gives nothing (and has told
   * why), that is one dark colour. Never rejects.
   */
  readonly paintTitle?: (title: string, format: HouseFormat) => Promise<PaintedStill | undefined>;
}

/**
 * Opens items of a channel by encoding their files into its house format: by the encoder that `choice` says,
 * without one in software.
 */
export function openEncoder(
  surroundings: EncoderSurroundings,
  format: HouseFormat,
  choice?: EncoderChoice,
): OpenSource {
  const { paintTitle } = surroundings;
  return (item, cue) => {
    const { frames, title, facts } = item;
    const encode = (encoder: VideoEncoderName | undefined, picture: EncoderInput["picture"]) => {
      const command = encoderCommand(inputOf(item, picture, format), { frames, ...cue }, format, encoder);
      return new EncoderSource({ ...surroundings, command, frames, format });
    };
    const run = (encoder?: VideoEncoderName): Source => {
      if (facts.video) return encode(encoder, filePicture(facts, facts.video, surroundings.canToneMap));
      if (!paintTitle) return encode(encoder, { kind: "plain" });
      return new DeferredSource(async () => {
        const still = await paintTitle(title, format);
        const source = encode(encoder, still?.picture ?? { kind: "plain" });
        return still ? closedWith(source, () => still.discard()) : source;
      });
    };
    return choice ? choice.open(item, cue.startFrame, run) : run();
  };
}

function closedWith(source: Source, alsoClose: () => Promise<void>): Source {
  return { next: () => source.next(), close: () => source.close().then(alsoClose) };
}

function inputOf(item: PlayItem, picture: EncoderInput["picture"], format: HouseFormat): EncoderInput {
  const { facts, audioStream, gain } = item;
  const fileArguments = inputArguments(facts.path, facts.demuxer);
  if (!facts.video) return { fileArguments, picture, audioStream, gain };
  const delaySeconds = (facts.video.startSeconds ?? facts.startSeconds) - facts.startSeconds;
  const originSeconds = pictureOriginSeconds(delaySeconds, format.fps);
  return { fileArguments, picture, audioStream, gain, originSeconds };
}

function filePicture(facts: MediaFacts, video: VideoFacts, canToneMap?: boolean): FilePicture {
  const pictureSeconds = video.durationSeconds ?? facts.durationSeconds;
  return {
    kind: "stream",
    stream: video.index,
    scan: video.scan ?? (video.fieldOrder === "interlaced" ? "flagged" : "progressive"),
    size: video.rotationDegrees === 0 ? [video.width, video.height] : undefined,
    colour: colourOf(video),
    canToneMap,
    stillSeconds: Math.max(0, facts.durationSeconds - pictureSeconds),
  };
}
