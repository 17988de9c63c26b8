import type { Clock } from "../base/clock.ts";
import { rational, scaleRound } from "../base/rational.ts";
import { chooseAudio } from "../ffmpeg/choose-audio.ts";
import { inputArguments } from "../ffmpeg/input-safety.ts";
import type { MediaFacts } from "../ffmpeg/probe.ts";
import type { HouseFormat } from "../media/house-format.ts";
import { writeCard } from "./cards.ts";
import { colourOf } from "./colour.ts";
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
  const card = facts.video ? undefined : await writeCard(folder, `title-${media.id}`, media.title, "");
  const audioStream = chooseAudio(facts.audioStreams, preferences.audioLanguages)?.index;
  const { loudnessTargetLufs } = preferences;
  const loudness = facts.loudness?.find(({ stream }) => stream === audioStream);
  const gain = loudnessTargetLufs === undefined ? undefined : gainFor(loudness, loudnessTargetLufs);
  return {
    mediaId: media.id,
    title: media.title,
    facts,
    frames: Math.max(1, frames),
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
  /** Whether this ffmpeg has `zscale` and `tonemap`; default true. */
  readonly canToneMap?: boolean;
}

/** Opens items of a channel by encoding their files into its house format. */
export function openEncoder(surroundings: EncoderSurroundings, format: HouseFormat): OpenSource {
  return (item, cue) => {
    const command = encoderCommand(
      inputOf(item, format, surroundings.canToneMap),
      { frames: item.frames, ...cue },
      format,
    );
    return new EncoderSource({ ...surroundings, command, frames: item.frames, format });
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
      colour: colourOf(facts.video),
      canToneMap,
      stillSeconds: Math.max(0, facts.durationSeconds - pictureSeconds),
    },
    audioStream,
    gain,
    originSeconds: pictureOriginSeconds(delaySeconds, format.fps),
  };
}
