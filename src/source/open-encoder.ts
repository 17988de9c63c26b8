import type { Clock } from "../base/clock.ts";
import { rational, scaleRound } from "../base/rational.ts";
import { chooseAudio } from "../ffmpeg/choose-audio.ts";
import { chooseSubtitle, type SubtitleSettings } from "../ffmpeg/choose-subtitle.ts";
import { inputArguments } from "../ffmpeg/input-safety.ts";
import type { AudioFacts, MediaFacts, SidecarFacts, VideoFacts } from "../ffmpeg/media-facts.ts";
import type { HouseFormat } from "../media/house-format.ts";
import type { VideoEncoderName } from "../media/video-encoders.ts";
import type { BurnIn } from "./burn-in.ts";
import type { BurnInChoice } from "./burn-in-choice.ts";
import { writeCard } from "./cards.ts";
import { colourOf } from "./colour.ts";
import type { EncoderChoice } from "./encoder-choice.ts";
import { encoderCommand, pictureOriginSeconds } from "./encoder-command.ts";
import type { EncoderInput } from "./encoder-input.ts";
import { EncoderSource } from "./encoder-source.ts";
import { gainFor } from "./loudness-gain.ts";
import type { OpenSource, PlayItem } from "./source.ts";
import { itemSubtitle, type PreparedSubtitle } from "./subtitle-files.ts";

/** A file and its identity, as the library knows it. */
export interface MediaFile {
  readonly id: number;
  readonly title: string;
  readonly facts: MediaFacts;
  /** Subtitle files beside it. */
  readonly sidecars?: readonly SidecarFacts[];
}

/** What an operator wants of every file. */
export interface Preferences {
  /** ISO 639 codes, the most wanted first; default none. */
  readonly audioLanguages?: readonly string[];
  /** Loudness that all sound is brought to; default as it is in the file. */
  readonly loudnessTargetLufs?: number;
  /** Subtitles that are burnt in; default none. */
  readonly subtitles?: SubtitleSettings;
}

/**
 * Plans a file for a channel: its length in house frames, its sound, its subtitles, and its card when it has no
 * picture.
 */
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
  const audio = chooseAudio(facts.audioStreams, preferences.audioLanguages);
  const audioStream = audio?.index;
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
    subtitle: facts.video && preferences.subtitles && subtitleOf(media, audio, preferences.subtitles),
    card,
  };
}

/** Files that lie beside a film come first: somebody has put them there. */
function subtitleOf(
  { facts, sidecars = [] }: MediaFile,
  audio: AudioFacts | undefined,
  settings: SubtitleSettings,
) {
  const track = chooseSubtitle([...sidecars, ...facts.subtitleStreams], audio, settings);
  return track && itemSubtitle(facts, track);
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
  /** Whether and how subtitles are burnt in; default not at all. */
  readonly burnIn?: BurnInChoice;
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
    const encode = (encoder?: VideoEncoderName, subtitle?: PreparedSubtitle) => {
      const input = inputOf(item, format, surroundings.canToneMap, subtitle);
      const command = encoderCommand(input, { frames, ...cue }, format, encoder);
      return new EncoderSource({ ...surroundings, command, frames, format });
    };
    const { burnIn } = surroundings;
    const run = (encoder?: VideoEncoderName) =>
      burnIn ? burnIn.open(item, cue.startFrame, (subtitle) => encode(encoder, subtitle)) : encode(encoder);
    return choice ? choice.open(item, cue.startFrame, run) : run();
  };
}

function inputOf(
  item: PlayItem,
  format: HouseFormat,
  canToneMap?: boolean,
  subtitle?: PreparedSubtitle,
): EncoderInput {
  const { facts, card, audioStream, gain } = item;
  const fileArguments = inputArguments(facts.path, facts.demuxer);
  if (!facts.video) {
    return { fileArguments, picture: card ?? { kind: "card", lines: [] }, audioStream, gain };
  }
  const zeroSeconds = runZero(item, facts.video);
  const delaySeconds = (facts.video.startSeconds ?? facts.startSeconds) - zeroSeconds;
  const originSeconds = pictureOriginSeconds(delaySeconds, format.fps);
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
    originSeconds,
    burnIn:
      item.subtitle &&
      subtitle &&
      burnInOf(facts.video, subtitle, zeroSeconds - facts.startSeconds + originSeconds),
  };
}

/**
 * The timestamp that a run counts from: the start of the file, but where timestamps may jump (ffmpeg's
 * AVFMT_TS_DISCONT) that of the streams that it reads.
 */
function runZero({ facts, audioStream }: PlayItem, video: VideoFacts): number {
  if (!JUMPING_DEMUXERS.has(facts.demuxer)) return facts.startSeconds;
  const audio = facts.audioStreams.find(({ index }) => index === audioStream);
  const starts = [video, audio].flatMap((stream) => stream?.startSeconds ?? []);
  return Math.max(facts.startSeconds, Math.min(...starts));
}

const JUMPING_DEMUXERS: ReadonlySet<string> = new Set(["mpegts", "mpeg"]);

function burnInOf(video: VideoFacts, { file, kind, plain }: PreparedSubtitle, zeroSeconds: number): BurnIn {
  const { width, height, sampleAspectRatio, rotationDegrees } = video;
  const upright = (width * sampleAspectRatio.num) / (height * sampleAspectRatio.den);
  const isTurned = rotationDegrees % 180 !== 0;
  return {
    ...{ kind, file, plain, zeroSeconds },
    coded: isTurned ? [height, width] : [width, height],
    aspect: isTurned ? 1 / upright : upright,
  };
}
