import { AppError } from "../base/errors.ts";
import { accessUnitShape } from "../codec/h264.ts";
import type { CodecParameters, Gop, Samples } from "../media/gop.ts";
import { sample, sliceSamples } from "../media/gop.ts";
import { AAC_FRAME_SAMPLES, FrameGrid, type HouseFormat } from "../media/house-format.ts";
import type { InitSegment } from "./init-segment.ts";
import type { Fragment, TrackRun } from "./movie-fragment.ts";

/** Where an encoder run stands within its item. */
export interface RunPosition {
  /** Item frame of the first picture of the run. */
  readonly firstFrame: number;
  /** Item number of the first audio frame of the run that counts. */
  readonly firstAudioFrame: number;
  /** Audio frames at the start of the run that are priming and pre-roll, to be dropped. */
  readonly droppedAudioFrames: number;
}

interface PendingVideo {
  readonly firstFrame: number;
  readonly samples: Samples;
  readonly displayOrder: Uint16Array;
}

/** Fragments that may wait for their audio before it is given up and left to silence. */
const MAX_PENDING = 4;

/**
 * Turns the fragments of one encoder run into Gops. ffmpeg closes a fragment with the audio that it has at that
 * moment, which may end before the picture does: a Gop leaves when its audio is complete, or at `finish`.
 * A Gop that breaks the contract of the house format is a `gop_contract` error.
 */
export class GopAssembler {
  readonly #format: HouseFormat;
  readonly #grid: FrameGrid;
  readonly #pending: PendingVideo[] = [];
  #nextFrame: number;
  #audio: { number: number; samples: Samples }[] = [];
  #nextAudioFrame: number;
  #toDrop: number;

  constructor(format: HouseFormat, position: RunPosition) {
    this.#format = format;
    this.#grid = new FrameGrid(format);
    this.#nextFrame = position.firstFrame;
    this.#nextAudioFrame = position.firstAudioFrame;
    this.#toDrop = position.droppedAudioFrames;
  }

  /** Takes the next fragment; returns the Gops that are complete now. */
  push(fragment: Fragment, init: InitSegment): Gop[] {
    if (init.audioSampleRate !== this.#format.audioSampleRate) {
      throw new AppError("gop_contract", `audio at ${init.audioSampleRate} Hz in a channel of 48000 Hz`);
    }
    this.#takeAudio(fragment.audio, init);
    if (fragment.video.samples.sizes.length > 0) this.#takeVideo(fragment.video, init);
    return this.#release(init.parameters, false);
  }

  /** The encoder has ended properly: returns the Gops that are left, whatever audio they have. */
  finish(init: InitSegment): Gop[] {
    return this.#release(init.parameters, true);
  }

  #takeAudio(run: TrackRun, init: InitSegment): void {
    let samples = run.samples;
    const dropped = Math.min(this.#toDrop, samples.sizes.length);
    this.#toDrop -= dropped;
    for (let index = dropped + 1; index < samples.sizes.length; index++) {
      const step = run.decodeTimes[index]! - run.decodeTimes[index - 1]!;
      // The very first (priming) frame carries a stretched duration, and is always dropped.
      if (step !== AAC_FRAME_SAMPLES) {
        throw new AppError("gop_contract", `audio frame of ${step} samples at ${init.audioSampleRate} Hz`);
      }
    }
    samples = sliceSamples(samples, dropped, samples.sizes.length);
    if (samples.sizes.length > 0) this.#audio.push({ number: this.#nextAudioFrame, samples });
    this.#nextAudioFrame += samples.sizes.length;
  }

  #takeVideo(run: TrackRun, init: InitSegment): void {
    const count = run.samples.sizes.length;
    if (count > this.#format.gopFrames) {
      throw new AppError(
        "gop_contract",
        `a group of ${count} pictures where ${this.#format.gopFrames} are allowed`,
      );
    }
    for (let index = 0; index < count; index++) {
      const shape = accessUnitShape(sample(run.samples, index));
      if (!shape.wellFormed || shape.idr !== (index === 0)) {
        throw new AppError(
          "gop_contract",
          `picture ${index} of a group is not what it should be (IDR first, once)`,
        );
      }
    }
    const frameTicks = (init.videoTimescale * this.#format.fps.den) / this.#format.fps.num;
    const displayOrder = displayOrderOf(run, frameTicks, this.#format.reorderFrames);
    this.#pending.push({ firstFrame: this.#nextFrame, samples: run.samples, displayOrder });
    this.#nextFrame += count;
  }

  #release(parameters: CodecParameters, finished: boolean): Gop[] {
    const gops: Gop[] = [];
    for (;;) {
      const video = this.#pending[0];
      if (!video) return gops;
      const endFrame = video.firstFrame + video.displayOrder.length;
      const from = Math.max(0, this.#grid.audioFrame(video.firstFrame) - 1);
      const to = this.#grid.audioFrame(endFrame) + 1;
      if (this.#nextAudioFrame < to && !finished && this.#pending.length < MAX_PENDING) return gops;
      this.#pending.shift();
      gops.push({
        parameters,
        firstFrame: video.firstFrame,
        video: video.samples,
        displayOrder: video.displayOrder,
        ...this.#collectAudio(from, to),
      });
    }
  }

  /** Gathers the audio frames `from` ≤ number < `to` (as far as they exist) into one buffer. */
  #collectAudio(from: number, to: number): Pick<Gop, "firstAudioFrame" | "audio"> {
    const frames: Uint8Array[] = [];
    let first = from;
    for (const { number, samples } of this.#audio) {
      const start = Math.max(0, from - number);
      const end = Math.min(samples.sizes.length, to - number);
      if (start < end && frames.length === 0) first = number + start;
      for (let index = start; index < end; index++) frames.push(sample(samples, index));
    }
    // The next Gop begins its audio two frames before this one's end at the earliest.
    this.#audio = this.#audio.filter(({ number, samples }) => number + samples.sizes.length > to - 3);
    return { firstAudioFrame: first, audio: joinSamples(frames) };
  }
}

/**
 * Order of display from decoding order and composition offsets. Decoding times are taken as the grid they must
 * be on, since ffmpeg stretches the very first sample of a run when it shifts the tracks to start at 0.
 */
function displayOrderOf(run: TrackRun, frameTicks: number, reorderFrames: number): Uint16Array {
  const count = run.samples.sizes.length;
  for (let index = 2; index < count; index++) {
    const step = run.decodeTimes[index]! - run.decodeTimes[index - 1]!;
    if (Math.abs(step - frameTicks) > 0.01 * frameTicks) {
      throw new AppError(
        "gop_contract",
        `picture ${index} of a group comes ${step} ticks after the last one`,
      );
    }
  }
  const places = Array.from(run.compositionOffsets, (offset, index) => index + offset / frameTicks);
  const earliest = Math.min(...places);
  const order = new Uint16Array(count);
  const seen = new Set<number>();
  for (const [index, place] of places.entries()) {
    const nearest = Math.round(place - earliest);
    const onGrid = Math.abs(place - earliest - nearest) < 0.01 && nearest < count && !seen.has(nearest);
    if (!onGrid) throw new AppError("gop_contract", `picture ${index} of a group is not on the frame grid`);
    if (index - nearest > reorderFrames) {
      throw new AppError(
        "gop_contract",
        `picture ${index} of a group is reordered by more than ${reorderFrames}`,
      );
    }
    seen.add(nearest);
    order[index] = nearest;
  }
  return order;
}

function joinSamples(frames: readonly Uint8Array[]): Samples {
  const data = new Uint8Array(frames.reduce((total, frame) => total + frame.length, 0));
  const offsets = new Uint32Array(frames.length);
  const sizes = new Uint32Array(frames.length);
  let position = 0;
  for (const [index, frame] of frames.entries()) {
    data.set(frame, position);
    offsets[index] = position;
    sizes[index] = frame.length;
    position += frame.length;
  }
  return { data, offsets, sizes };
}
