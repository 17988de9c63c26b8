import { isDeepStrictEqual } from "node:util";
import { divide, type Rational, rational, scaleRound } from "../base/rational.ts";

/** Samples per AAC-LC frame and channel (ISO/IEC 14496-3 4.5.2.1.1). */
export const AAC_FRAME_SAMPLES = 1024;

/** Ticks per second of PTS and DTS (ISO/IEC 13818-1 2.4.3.7). */
export const TIMESTAMP_HZ = 90_000;

/**
 * The one format in which every source of a channel delivers: what makes splicing possible. Two encoders that
 * are given equal house formats write byte-identical parameter sets.
 */
export interface HouseFormat {
  /** Pixels, even. */
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly fps: Rational;
  /** Frames in a full group of pictures (about one second). */
  readonly gopFrames: number;
  /** Frames by which DTS runs ahead of PTS at the most: the reorder depth D of every encoder. */
  readonly reorderFrames: number;
  /** Peak rate of the video elementary stream in bit/s. */
  readonly videoPeakBps: number;
  /** Mean rate of the AAC-LC elementary stream in bit/s. */
  readonly audioBps: number;
  /** Samples per second and channel of the audio. */
  readonly audioSampleRate: 48_000;
  readonly audioChannels: 2;
}

/** What an operator chooses of a house format. */
export interface HouseFormatChoice {
  readonly width: number;
  readonly height: number;
  readonly fps: Rational;
  readonly gopSeconds: number;
  /** Rate of the whole transport stream that video, audio and overhead must fit into, in bit/s. */
  readonly totalBps: number;
  readonly audioBps: number;
}

const PACKET_BITS = 188 * 8;
const PAYLOAD_BYTES = 184;
/** PAT and PMT every 67 ms at the most often, and an SDT a second. */
const TABLES_BPS = 31 * PACKET_BITS;
/** PES header, access unit delimiter and PCR of a picture, and half a packet of stuffing behind it, in bytes. */
const PICTURE_OVERHEAD_BYTES = 19 + 6 + 8 + PAYLOAD_BYTES / 2;
/** PES and ADTS header of an audio frame, in bytes. */
const AUDIO_HEADER_BYTES = 21;
/** Slower pictures than this need a packet of their own for the PCR between two of them. */
const PCR_PER_PICTURE_FPS = 25.7;
/** What the encoder's buffer allows a single second beyond the mean. */
const RATE_MARGIN = 0.95;
const LEAST_VIDEO_BPS = 50_000;

/**
 * Derives the full house format: GOP length in frames, and the video peak with which picture, sound and all of
 * the transport stream's overhead fit the total rate in every second. Throws RangeError when nothing is left.
 */
export function houseFormat(choice: HouseFormatChoice): HouseFormat {
  return {
    width: choice.width,
    height: choice.height,
    fps: choice.fps,
    gopFrames: Math.max(1, Math.round((choice.gopSeconds * choice.fps.num) / choice.fps.den)),
    reorderFrames: 1,
    videoPeakBps: videoPeak(choice),
    audioBps: choice.audioBps,
    audioSampleRate: 48_000,
    audioChannels: 2,
  };
}

/** The same house format for another total rate in bit/s. Throws RangeError when nothing is left for video. */
export function withTotalRate(format: HouseFormat, totalBps: number): HouseFormat {
  return { ...format, videoPeakBps: videoPeak({ ...format, totalBps }) };
}

/** Whether sources of both may follow each other on one channel: everything is equal but the rates. */
export function isSameHouse(a: HouseFormat, b: HouseFormat): boolean {
  const apart = (Object.keys(a) as (keyof HouseFormat)[]).filter((key) => !isDeepStrictEqual(a[key], b[key]));
  return apart.every((key) => key === "videoPeakBps" || key === "audioBps");
}

type RateChoice = Pick<HouseFormatChoice, "totalBps" | "audioBps" | "fps">;

function videoPeak(choice: RateChoice): number {
  const videoPeakBps = videoBudget(choice);
  if (videoPeakBps >= LEAST_VIDEO_BPS) return videoPeakBps;
  const { totalBps, audioBps } = choice;
  throw new RangeError(`${totalBps} bit/s leave no room for video beside ${audioBps} bit/s audio`);
}

/** Rate of the video elementary stream that is left beside sound and overhead, in bit/s. */
function videoBudget({ totalBps, audioBps, fps }: RateChoice): number {
  const rate = fps.num / fps.den;
  const audioFrames = 48_000 / AAC_FRAME_SAMPLES;
  const audioBytes = audioBps / 8 / audioFrames + AUDIO_HEADER_BYTES;
  // The encoder's frames vary around the mean: some need a packet more.
  const audioPackets = Math.ceil(audioBytes / PAYLOAD_BYTES) + 0.25;
  const clockPackets = rate < PCR_PER_PICTURE_FPS ? rate * (Math.ceil(PCR_PER_PICTURE_FPS / rate) - 1) : 0;
  const fixed =
    TABLES_BPS +
    (clockPackets + audioPackets * audioFrames) * PACKET_BITS +
    rate * PICTURE_OVERHEAD_BYTES * 8;
  return Math.floor((totalBps * RATE_MARGIN - fixed) * (PAYLOAD_BYTES / 188));
}

/** Converts video frame numbers, audio frame numbers and 90 kHz ticks of one channel into each other, exactly. */
export class FrameGrid {
  readonly fps: Rational;
  readonly #ticksPerFrame: Rational;
  readonly #audioFramesPerFrame: Rational;
  readonly #samplesPerFrame: Rational;
  readonly #ticksPerAudioFrame: Rational;

  constructor(format: Pick<HouseFormat, "fps" | "audioSampleRate">) {
    this.fps = format.fps;
    this.#ticksPerFrame = divide(rational(TIMESTAMP_HZ), format.fps);
    this.#audioFramesPerFrame = divide(rational(format.audioSampleRate, AAC_FRAME_SAMPLES), format.fps);
    this.#samplesPerFrame = divide(rational(format.audioSampleRate), format.fps);
    this.#ticksPerAudioFrame = rational(AAC_FRAME_SAMPLES * TIMESTAMP_HZ, format.audioSampleRate);
  }

  /** Start of video frame `frame` in 90 kHz ticks. */
  ticks(frame: number): number {
    return scaleRound(frame, this.#ticksPerFrame);
  }

  /** Number of the audio frame whose start lies nearest to the start of video frame `frame`. */
  audioFrame(frame: number): number {
    return scaleRound(frame, this.#audioFramesPerFrame);
  }

  /**
   * How far audio frame `audioFrame(frame)` begins after video frame `frame`, in samples: −512 … 512. Sound that
   * is encoded from this much later into an item that begins at `frame` is exactly in step with its picture.
   */
  audioPhase(frame: number): number {
    return this.audioFrame(frame) * AAC_FRAME_SAMPLES - scaleRound(frame, this.#samplesPerFrame);
  }

  /** Start of audio frame `audioFrame` in 90 kHz ticks. */
  audioTicks(audioFrame: number): number {
    return scaleRound(audioFrame, this.#ticksPerAudioFrame);
  }

  /** Duration of `frames` video frames in ms. */
  milliseconds(frames: number): number {
    return (frames * 1000 * this.fps.den) / this.fps.num;
  }

  /** Video frames that have begun after `ms`, as a real number. */
  framesIn(ms: number): number {
    return (ms * this.fps.num) / (1000 * this.fps.den);
  }
}
