import type { Clock } from "../base/clock.ts";
import { rational, scaleRound } from "../base/rational.ts";
import { chooseAudio } from "../ffmpeg/choose-audio.ts";
import { chooseSubtitle, type SubtitleSettings } from "../ffmpeg/choose-subtitle.ts";
import { inputArguments } from "../ffmpeg/input-safety.ts";
import type { AudioFacts, MediaFacts, SidecarFacts, VideoFacts } from "../ffmpeg/media-facts.ts";
import { addressArguments, withoutSecrets } from "../ffmpeg/source-address.ts";
import type { HouseFormat } from "../media/house-format.ts";
import type { VideoEncoderName } from "../media/video-encoders.ts";
import type { BurnIn } from "./burn-in.ts";
import type { BurnInChoice } from "./burn-in-choice.ts";
import { colourOf } from "./colour.ts";
import { DeferredSource } from "./deferred-source.ts";
import type { EncoderChoice } from "./encoder-choice.ts";
import { encoderCommand, pictureOriginSeconds } from "./encoder-command.ts";
import type { EncoderInput, FilePicture, StillPicture } from "./encoder-input.ts";
import { EncoderSource } from "./encoder-source.ts";
import { ENDLESS_FRAMES } from "./live-chain.ts";
import type { LiveRunning } from "./live-watch.ts";
import { gainFor } from "./loudness-gain.ts";
import type { Cue, OpenSource, PlayItem, Source } from "./source.ts";
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

/** Plans a file for a channel: its length in house frames, its sound, and its subtitles. */
export function planItem(media: MediaFile, format: HouseFormat, preferences: Preferences = {}): PlayItem {
  const { facts } = media;
  const milliseconds = Math.round(facts.durationSeconds * 1000);
  const frames = scaleRound(milliseconds, rational(format.fps.num, format.fps.den * 1000));
  // A last Gop of one picture is left out: beside the next item's first one, both IDR with the same idr_pic_id,
  // it would break H.264 7.4.3.
  const whole = frames % format.gopFrames === 1 ? frames - 1 : frames;
  // What is shorter than a Gop is held as a still: an encoder for every few pictures would never keep up.
  const planned = Math.max(format.gopFrames, whole);
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
  };
}

/** A painted still, and how it is removed when it is no longer needed. */
export interface PaintedStill {
  readonly picture: StillPicture;
  /** Never rejects: it belongs to the end of a source. */
  discard(): Promise<void>;
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
  /** Working folder, which exists. */
  readonly folder: string;
  readonly clock: Clock;
  /** See `EncoderSourceOptions`. */
  readonly onUnmatched?: (line: string) => void;
  /** Whether this ffmpeg has `zscale` and `tonemap`; default true. */
  readonly canToneMap?: boolean;
  /** Whether and how subtitles are burnt in; default not at all. */
  readonly burnIn?: BurnInChoice;
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
  return (item, cue) => openRun(surroundings, format, choice, item, cue);
}

/**
 * One run. With `running` the item is live: the run is judged by it, its Gops are counted from its own beginning, and
 * it ends only when the source does.
 */
export function openRun(
  surroundings: EncoderSurroundings,
  format: HouseFormat,
  choice: EncoderChoice | undefined,
  item: PlayItem,
  cue: Cue,
  running?: LiveRunning,
): Source {
  const { paintTitle } = surroundings;
  const { title, facts, address } = item;
  const frames = running ? ENDLESS_FRAMES : item.frames;
  const timing = running && { slowSeconds: running.slowSeconds, watch: item.live?.watch };
  const { startFrame, audioPhase, profile = "usual" } = cue;
  const encode = (input: EncoderInput, encoder?: VideoEncoderName) => {
    const span = { frames, startFrame, audioPhase };
    const command = encoderCommand({ ...input, profile, live: timing }, span, format, encoder);
    const conceal = address && ((line: string) => withoutSecrets(line, address));
    const source = { isDistant: address !== undefined, conceal, live: running?.watch };
    return new EncoderSource({ ...surroundings, command, frames, format, ...source });
  };
  const { burnIn, canToneMap } = surroundings;
  const run = (encoder?: VideoEncoderName): Source => {
    const { video } = facts;
    if (video) {
      const film = (subtitle?: PreparedSubtitle) =>
        encode(filmInput(item, video, format, canToneMap, subtitle), encoder);
      return burnIn ? burnIn.open(item, cue, film) : film();
    }
    if (!paintTitle) return encode(soundInput(item, { kind: "plain" }), encoder);
    return new DeferredSource(async () => {
      const still = await paintTitle(title, format);
      const source = encode(soundInput(item, still?.picture ?? { kind: "plain" }), encoder);
      return still ? closedWith(source, () => still.discard()) : source;
    });
  };
  return choice ? choice.open(item, cue, run) : run();
}

function closedWith(source: Source, alsoClose: () => Promise<void>): Source {
  return { next: () => source.next(), close: () => source.close().then(alsoClose) };
}

function soundInput(item: PlayItem, picture: EncoderInput["picture"]): EncoderInput {
  const { audioStream, gain } = item;
  return { fileArguments: argumentsOf(item), picture, audioStream, gain };
}

/** A file that stands in for a live source is played over and over. */
function argumentsOf({ facts, address, live }: PlayItem): string[] {
  const { path, demuxer } = facts;
  if (address) return addressArguments(address, { isFilm: !live, demuxer });
  return [...(live ? ["-stream_loop", "-1"] : []), ...inputArguments(path, demuxer)];
}

function filmInput(
  item: PlayItem,
  video: VideoFacts,
  format: HouseFormat,
  canToneMap?: boolean,
  subtitle?: PreparedSubtitle,
): EncoderInput {
  const { facts } = item;
  const zeroSeconds = runZero(item, video);
  const delaySeconds = (video.startSeconds ?? facts.startSeconds) - zeroSeconds;
  const originSeconds = pictureOriginSeconds(delaySeconds, format.fps);
  const pictureSeconds = video.durationSeconds ?? facts.durationSeconds;
  const picture: FilePicture = {
    kind: "stream",
    stream: video.index,
    scan: video.scan ?? (video.fieldOrder === "interlaced" ? "flagged" : "progressive"),
    size: video.rotationDegrees === 0 ? [video.width, video.height] : undefined,
    colour: colourOf(video),
    canToneMap,
    stillSeconds: Math.max(0, facts.durationSeconds - pictureSeconds),
  };
  return {
    ...soundInput(item, picture),
    originSeconds,
    burnIn:
      item.subtitle &&
      subtitle &&
      burnInOf(video, subtitle, zeroSeconds - facts.startSeconds + originSeconds),
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
