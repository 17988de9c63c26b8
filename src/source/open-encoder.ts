import type { Clock } from "../base/clock.ts";
import { rational, scaleRound } from "../base/rational.ts";
import { chooseAudio } from "../ffmpeg/choose-audio.ts";
import { inputArguments } from "../ffmpeg/input-safety.ts";
import type { MediaFacts } from "../ffmpeg/probe.ts";
import type { HouseFormat } from "../media/house-format.ts";
import type { VideoEncoderName } from "../media/video-encoders.ts";
import { writeCard } from "./cards.ts";
import { colourOf } from "./colour.ts";
import type { EncoderChoice } from "./encoder-choice.ts";
import { encoderCommand, pictureOriginSeconds } from "./encoder-command.ts";
import type { EncoderInput } from "./encoder-input.ts";
import { EncoderSource } from "./encoder-source.ts";
import { gainFor } from "./loudness-gain.ts";
import type { OpenSource, PlayItem } from "./source.ts";

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

/** Plans a file for a channel: its length in house frames, its sound, and its card when it has no picture. */
export async function planItem(
  media: MediaFile,
  format: HouseFormat,
  folder: string,
  preferences: Preferences = {},
): Promise<PlayItem> {
  const { facts } = media;
  const milliseconds = Math.round(facts.durationSeconds * 1000);
  const frames = scaleRound(milliseconds, rational(format.fps.num, format.fps.den * 1000));
  // A last Gop of one picture is left out: beside the next item's first one, both IDR with the same idr_pic_id,
  // it would break H.264 7.4.3.
  const whole = frames % format.gopFrames === 1 ? frames - 1 : frames;
  // What is shorter than a Gop is held as a still: an encoder for every few pictures would never keep up.
  const planned = Math.max(format.gopFrames, whole);
  const card = facts.video ? undefined : await writeCard(folder, `title-${media.id}`, media.title, "");
  const audioStream = chooseAudio(facts.audioStreams, preferences.audioLanguages)?.index;
  const { loudnessTargetLufs } = preferences;
  const loudness = facts.loudness?.find(({ stream }) => stream === audioStream);
  const gain = loudnessTargetLufs === undefined ? undefined : gainFor(loudness, loudnessTargetLufs);
  return {
    mediaId: media.id,
    title: media.title,
    facts,
    frames: planned,
    audioStream,
    gain,
    card,
  };
}

/** What every encoder of a server shares. */
export interface EncoderSurroundings {
  readonly ffmpeg: string;
  /** Working folder, made by `prepareCardFolder`. */
  readonly folder: string;
  readonly clock: Clock;
  /** See `EncoderSourceOptions`. */
  readonly onUnmatched?: (line: string) => void;
  /** Whether this ffmpeg has `zscale` and `tonemap`; default true. */
  readonly canToneMap?: boolean;
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
  return (item, cue) => {
    const { frames } = item;
    const run = (encoder?: VideoEncoderName) => {
      const input = inputOf(item, format, surroundings.canToneMap);
      const command = encoderCommand(input, { frames, ...cue }, format, encoder);
      return new EncoderSource({ ...surroundings, command, frames, format });
    };
    return choice ? choice.open(item, cue.startFrame, run) : run();
  };
}

function inputOf(item: PlayItem, format: HouseFormat, canToneMap?: boolean): EncoderInput {
  const { facts, card, audioStream, gain } = item;
  const fileArguments = inputArguments(facts.path, facts.demuxer);
  if (!facts.video) {
    return { fileArguments, picture: card ?? { kind: "card", lines: [] }, audioStream, gain };
  }
  const delaySeconds = (facts.video.startSeconds ?? facts.startSeconds) - facts.startSeconds;
  const pictureSeconds = facts.video.durationSeconds ?? facts.durationSeconds;
  return {
    fileArguments,
    picture: {
      kind: "stream",
      stream: facts.video.index,
      scan: facts.video.scan ?? (facts.video.fieldOrder === "interlaced" ? "flagged" : "progressive"),
      size: facts.video.rotationDegrees === 0 ? [facts.video.width, facts.video.height] : undefined,
      colour: colourOf(facts.video),
      canToneMap,
      stillSeconds: Math.max(0, facts.durationSeconds - pictureSeconds),
    },
    audioStream,
    gain,
    originSeconds: pictureOriginSeconds(delaySeconds, format.fps),
  };
}
