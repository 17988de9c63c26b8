import type { Clock, Timer } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { type LocateOptions, locateFfmpeg, type Toolset } from "./locate.ts";

/** How often ffmpeg is looked for while it is missing. */
export const LOOK_AGAIN_MS = 5_000;

/** ffmpeg is missing or of no use, and why; or it is there again. */
export type ToolsNews =
  | { readonly type: "missing"; readonly problem: AppError }
  | { readonly type: "found"; readonly toolset: Toolset };

/** What `FfmpegTools` needs beside the places to look. */
export interface ToolsOptions extends Omit<LocateOptions, "signal"> {
  /** Takes every change after the first look. Must not throw. */
  readonly onNews: (news: ToolsNews) => void;
}

/**
 * ffmpeg and ffprobe over the time of a server: they may be missing at its start, moved away, updated or repaired
 * while it runs. Whoever cannot start them says so (`doubt`); while they are missing they are looked for every
 * five seconds. A healthy ffmpeg is never looked at without a doubt.
 */
export class FfmpegTools {
  readonly #options: ToolsOptions;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #toolset: Toolset | undefined;
  #problem: AppError | undefined;
  readonly #waiting = new Set<() => void>();
  #looking: Promise<void> | undefined;
  #next: Timer | undefined;

  private constructor(options: ToolsOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Looks for the first time. What is wrong with the tools becomes `problem`; throws what else goes wrong. */
  static async open(options: ToolsOptions, signal?: AbortSignal): Promise<FfmpegTools> {
    const tools = new FfmpegTools(options);
    try {
      tools.#there(await locateFfmpeg({ ...options, signal }));
    } catch (failure) {
      if (!isAboutTools(failure)) throw failure;
      tools.#missing(failure);
    }
    return tools;
  }

  /** The tools as they were found last; undefined when they never were. */
  get toolset(): Toolset | undefined {
    return this.#toolset;
  }

  /** Why they cannot be used now (`ffmpeg_missing`, `ffmpeg_unsuitable`); undefined when they can. */
  get problem(): AppError | undefined {
    return this.#problem;
  }

  /** Resolves when they are there, or when the signal aborts. */
  async found(signal: AbortSignal): Promise<void> {
    if (!this.#problem || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#waiting.add(wake);
    signal.addEventListener("abort", wake, { once: true });
    await promise;
    this.#waiting.delete(wake);
    signal.removeEventListener("abort", wake);
  }

  /** Somebody could not start them, or they crashed: they are looked at again. */
  doubt(): void {
    if (!this.#problem) this.#look();
  }

  /** Ends looking; resolves when no process of it is left. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(new AppError("interrupted", "The server is shutting down."));
    this.#next?.cancel();
    await this.#looking;
  }

  #look(): void {
    if (this.#closing.signal.aborted) return;
    this.#looking ??= this.#locate().finally(() => {
      this.#looking = undefined;
    });
  }

  async #locate(): Promise<void> {
    const { signal } = this.#closing;
    try {
      const toolset = await locateFfmpeg({ ...this.#options, signal });
      const isNews = this.#problem !== undefined;
      this.#there(toolset);
      if (isNews) this.#options.onNews({ type: "found", toolset });
    } catch (failure) {
      if (signal.aborted) return;
      // What says nothing of the tools (no process can be started at all) changes nothing.
      const problem = isAboutTools(failure) ? failure : this.#problem;
      if (!problem) return;
      const isNews = this.#problem === undefined;
      this.#missing(problem);
      if (isNews) this.#options.onNews({ type: "missing", problem });
    }
  }

  #there(toolset: Toolset): void {
    this.#toolset = toolset;
    this.#problem = undefined;
    for (const wake of this.#waiting) wake();
  }

  #missing(problem: AppError): void {
    this.#problem = problem;
    this.#next = this.#clock.after(LOOK_AGAIN_MS, () => this.#look());
  }
}

function isAboutTools(failure: unknown): failure is AppError {
  return (
    failure instanceof AppError && (failure.code === "ffmpeg_missing" || failure.code === "ffmpeg_unsuitable")
  );
}
