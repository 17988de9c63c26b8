import { frameCount, type Gop } from "../media/gop.ts";
import { AAC_FRAME_SAMPLES, FrameGrid, type HouseFormat } from "../media/house-format.ts";
import type { LiveRun } from "./live-run.ts";
import type { Cue, PlayItem, Source } from "./source.ts";

/** With less than this until it is needed, a source is not shown as it comes, but gathered until it has its delay. */
const HASTE_MS = 1_500;
/** A run is handed on to the next slot when so little is left of this one. */
const HAND_OVER_MS = 60_000;

/** What a LiveSource is made of. */
export interface LiveSourceOptions {
  readonly item: PlayItem;
  readonly cue: Cue;
  readonly run: LiveRun;
  readonly format: HouseFormat;
  /** The slot before this one, when it plays the same run to its end. */
  readonly before?: LiveSource;
}

/** Where a run's own count lies in an item's: what is added to its frames, and to its audio frames. */
interface Shift {
  readonly frames: number;
  readonly audioFrames: number;
}

/**
 * A slot's part of a live run. What arrives belongs where the run is begun: at the first frame that is still of use. A
 * slot that follows another one of the same item goes on with its run, without a seam.
 */
export class LiveSource implements Source {
  readonly #options: LiveSourceOptions;
  readonly #grid: FrameGrid;
  readonly #given = new AbortController();
  readonly #leave: () => Promise<void>;
  readonly #done = Promise.withResolvers<void>();
  #shift: Shift | undefined;
  #reached: number;

  constructor(options: LiveSourceOptions) {
    this.#options = options;
    this.#grid = new FrameGrid(options.format);
    this.#leave = options.run.use();
    this.#reached = options.cue.startFrame;
    options.run.leftMs = () => this.#leftMs();
  }

  /** Whether the slot that follows may go on with the same run. */
  get canHandOver(): boolean {
    const { item, run } = this.#options;
    return !run.isOver && this.#grid.milliseconds(item.frames - this.#reached) <= HAND_OVER_MS;
  }

  /** The source of the slot that follows, on the same run. */
  successor(cue: Cue): LiveSource {
    return new LiveSource({ ...this.#options, cue, before: this });
  }

  #leftMs(): number {
    const { cue, run } = this.#options;
    return Math.max(0, cue.leftMs?.() ?? 0) + this.#grid.milliseconds(run.bufferedFrames);
  }

  async next(): Promise<Gop | undefined> {
    const { item, run } = this.#options;
    if (this.#reached >= item.frames) return undefined;
    if (!this.#shift) await this.#begin();
    const gop = await run.take(this.#given.signal);
    if (!gop) return undefined;
    this.#shift ??= this.#shiftFrom(gop.firstFrame);
    const placed = {
      ...gop,
      firstFrame: gop.firstFrame + this.#shift.frames,
      firstAudioFrame: gop.firstAudioFrame + this.#shift.audioFrames,
    };
    this.#reached = placed.firstFrame + frameCount(placed);
    if (this.#reached >= item.frames) this.#done.resolve();
    return placed;
  }

  close(): Promise<void> {
    this.#given.abort();
    this.#done.resolve();
    return this.#leave();
  }

  /** Waits for its turn, and until it has as much in hand as it is to be shown later. */
  async #begin(): Promise<void> {
    const { item, run, before, cue } = this.#options;
    if (before) {
      await Promise.race([before.#done.promise, aborted(this.#given.signal)]);
      this.#shift = before.#handedOn();
      if (this.#shift) return;
    }
    await run.arrived(1, this.#given.signal);
    if ((cue.leftMs?.() ?? 0) >= HASTE_MS) return;
    await run.arrived(this.#grid.framesIn(item.live?.delayMs ?? 0), this.#given.signal);
  }

  /** The shift of the slot that follows, when this one was played to its end. */
  #handedOn(): Shift | undefined {
    const { item } = this.#options;
    if (!this.#shift || this.#reached < item.frames) return undefined;
    return {
      frames: this.#shift.frames - item.frames,
      audioFrames: this.#shift.audioFrames - this.#grid.audioFrame(item.frames),
    };
  }

  /** Lays the run's frame `first` where it is still of use. Its sound moves by whole frames, half of one off at most. */
  #shiftFrom(first: number): Shift {
    const { cue, format } = this.#options;
    const start = Math.max(cue.startFrame, cue.neededFrame?.() ?? 0);
    const onGrid = cue.startFrame + Math.ceil((start - cue.startFrame) / format.gopFrames) * format.gopFrames;
    const frames = onGrid - first;
    const samples = (frames * format.audioSampleRate * format.fps.den) / format.fps.num;
    return { frames, audioFrames: Math.round((samples - cue.audioPhase) / AAC_FRAME_SAMPLES) };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
