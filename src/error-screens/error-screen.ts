import { frameCount, type Gop, type Samples, truncateGop } from "../media/gop.ts";
import { FrameGrid, type HouseFormat } from "../media/house-format.ts";
import type { ErrorScreenConfig, ParsedMessage } from "./message.ts";
import { changesAt } from "./view-of.ts";

/** What a screen was made of. */
export interface ScreenContent {
  readonly message: ParsedMessage;
  readonly config: ErrorScreenConfig;
  readonly format: HouseFormat;
}

/**
 * A screen that is ready to go on air, for as long as one likes, from memory: one Gop of pictures shown again and
 * again, and a sound that runs on the channel's own audio grid, whatever the Gops' lengths and places. So neither
 * repetition nor a cut leaves a seam.
 */
export class ErrorScreen {
  readonly content: ScreenContent;
  /** Its pictures alone: two Gops without sound, to be shown in a loop with stored silence. */
  readonly pictures: readonly Gop[];
  readonly #sound: Samples | undefined;
  readonly #grid: FrameGrid;

  /** `sound`: one period of audio frames, undefined for silence. */
  constructor(content: ScreenContent, pictures: readonly Gop[], sound: Samples | undefined) {
    this.content = content;
    this.pictures = pictures;
    this.#sound = sound;
    this.#grid = new FrameGrid(content.format);
  }

  /** The Gop to be placed at channel frame `frame`, with at most `room` pictures. Its bytes are shared. */
  gopAt(frame: number, room = Number.POSITIVE_INFINITY): Gop {
    // A single picture between two others that begin Gops: theirs are the first of their runs, its is the second.
    const gop = truncateGop(this.pictures[room === 1 ? 1 : 0]!, room);
    return this.#sound ? { ...gop, audio: this.#soundFor(frame, frame + frameCount(gop), this.#sound) } : gop;
  }

  /** When (ms since the epoch) it is out of date if its pictures are of `atMs`; undefined: never. */
  changesAt(atMs: number): number | undefined {
    return changesAt(this.content.message, atMs);
  }

  /** The same sound under other pictures. */
  withPictures(pictures: readonly Gop[]): ErrorScreen {
    return new ErrorScreen(this.content, pictures, this.#sound);
  }

  /** The audio frames of a span, by their numbers on the channel's audio grid. */
  #soundFor(from: number, to: number, { data, offsets, sizes }: Samples): Samples {
    const first = this.#grid.audioFrame(from);
    const count = this.#grid.audioFrame(to) - first;
    const at = (index: number) => (first + index) % offsets.length;
    return {
      data,
      offsets: Uint32Array.from({ length: count }, (_, index) => offsets[at(index)]!),
      sizes: Uint32Array.from({ length: count }, (_, index) => sizes[at(index)]!),
    };
  }
}
