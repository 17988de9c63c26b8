import { frameCount, type Gop } from "../media/gop.ts";
import type { Source } from "./source.ts";

/** Finished pictures that may wait, in frames of the house: beyond it the source is held back. */
export interface LiveRunOptions {
  readonly capacityFrames: number;
}

/**
 * One run of a live source, read all the time: what has arrived waits here, up to a bound, until it is asked for. It
 * ends with the last of its users.
 */
export class LiveRun {
  /** How much of what has arrived is still to be shown, in ms; its latest user says so. */
  leftMs: () => number = () => 0;
  readonly #source: Source;
  readonly #capacityFrames: number;
  readonly #buffer: Gop[] = [];
  #bufferedFrames = 0;
  #users = 0;
  #failure: { readonly thrown: unknown } | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(source: Source, { capacityFrames }: LiveRunOptions) {
    this.#source = source;
    this.#capacityFrames = capacityFrames;
    void this.#read();
  }

  /** Frames that have arrived and were not taken. */
  get bufferedFrames(): number {
    return this.#bufferedFrames;
  }

  /** It has failed, or was closed: nothing more arrives. */
  get isOver(): boolean {
    return this.#failure !== undefined || this.#isClosed;
  }

  /** Resolves when so many frames have arrived, nothing more comes, or `given` aborts. */
  async arrived(frames: number, given: AbortSignal): Promise<void> {
    const wanted = Math.min(frames, this.#capacityFrames);
    while (this.#bufferedFrames < wanted && !this.isOver && !given.aborted) await this.#change(given);
  }

  /** The next Gop in the run's own count; undefined when it is closed or `given` aborts. Throws what ended the run. */
  async take(given: AbortSignal): Promise<Gop | undefined> {
    await this.arrived(1, given);
    if (given.aborted) return undefined;
    const gop = this.#buffer.shift();
    if (gop) {
      this.#bufferedFrames -= frameCount(gop);
      this.#wake();
      return gop;
    }
    if (this.#failure) throw this.#failure.thrown;
    return undefined;
  }

  /** One more user; the returned function ends its use, and the run with the last one. */
  use(): () => Promise<void> {
    this.#users++;
    let isUsing = true;
    return async () => {
      if (!isUsing) return;
      isUsing = false;
      this.#users--;
      if (this.#users > 0) return;
      this.#isClosed = true;
      this.#buffer.length = 0;
      this.#bufferedFrames = 0;
      this.#wake();
      this.#closing ??= this.#source.close();
      await this.#closing;
    };
  }

  async #read(): Promise<void> {
    try {
      while (!this.#isClosed) {
        const gop = await this.#source.next();
        if (!gop || this.#isClosed) break;
        this.#buffer.push(gop);
        this.#bufferedFrames += frameCount(gop);
        this.#wake();
        while (this.#bufferedFrames >= this.#capacityFrames && !this.#isClosed) await this.#changed.promise;
      }
      this.#isClosed = true;
    } catch (thrown) {
      this.#failure = { thrown };
    }
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  async #change(given: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = () => resolve();
    given.addEventListener("abort", onAbort, { once: true });
    await Promise.race([this.#changed.promise, promise]);
    given.removeEventListener("abort", onAbort);
  }
}
