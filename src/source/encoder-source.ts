import type { Clock } from "../base/clock.ts";
import { type ChildExit, FfmpegChild } from "../ffmpeg/child.ts";
import type { LiveOutcome } from "../ffmpeg/failure-row.ts";
import { classify, classifyLine, type Evidence } from "../ffmpeg/failures.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import { frameCount, type Gop } from "../media/gop.ts";
import type { HouseFormat } from "../media/house-format.ts";
import { FragmentReader } from "../mp4/fragment-reader.ts";
import { GopAssembler } from "../mp4/gop-assembler.ts";
import type { EncoderCommand } from "./encoder-command.ts";
import type { Source } from "./source.ts";
import { LOOK_PERIOD_MS, STALL_MS, StallWatch } from "./stall-watch.ts";

/** Makes ffmpeg say how far it is, where `FfmpegChild` listens. */
const PROGRESS_ARGUMENTS = ["-progress", "pipe:3", "-stats_period", "0.5"];

/** What an encoder run needs. */
export interface EncoderSourceOptions {
  readonly ffmpeg: string;
  readonly command: EncoderCommand;
  /** The item's length: fewer frames than this from the run is a failure. Infinity for a live source. */
  readonly frames: number;
  readonly format: HouseFormat;
  /** Working folder. */
  readonly folder: string;
  readonly clock: Clock;
  /** Takes, at the end of the run, what ffmpeg said and no row of the table of failures knows. */
  readonly onUnmatched?: (line: string) => void;
  /** See `ChildOptions`. */
  readonly conceal?: (line: string) => string;
  /** What it reads comes over a network: that nothing comes is then laid to the source. */
  readonly isDistant?: boolean;
  /** The source is live: what is expected of it. */
  readonly live?: LiveWatch;
}

/** What can be told of a live source while it is read. */
export interface LiveSigns {
  /** Monotonic time of the look. */
  readonly nowMs: number;
  /** How long nothing has come out of the encoder. */
  readonly quietMs: number;
  /** Something has come out of this run. */
  readonly heard: boolean;
  /** How much the run has made, in seconds of media. */
  readonly mediaSeconds: number;
}

/** Judges a live source. */
export interface LiveWatch {
  /** What is wrong with it, if anything; asked several times a second while a Gop is waited for. */
  look(signs: LiveSigns): LiveOutcome | undefined;
  /** Takes a line that a filter has written. */
  take(line: string): void;
}

/**
 * One run of ffmpeg as a source. Nothing is read from it between calls of `next`, so the pipe holds the encoder
 * back when the channel has enough; a stall is therefore judged only while a call waits.
 */
export class EncoderSource implements Source {
  readonly #options: EncoderSourceOptions;
  readonly #child: FfmpegChild;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #reader = new FragmentReader();
  readonly #assembler: GopAssembler;
  readonly #stalls: StallWatch;
  readonly #ready: Gop[] = [];
  #position: number;
  #shortcoming: FfmpegError | undefined;
  #ended = false;
  #closing: Promise<void> | undefined;

  constructor(options: EncoderSourceOptions) {
    this.#options = options;
    this.#position = options.command.position.firstFrame;
    this.#assembler = new GopAssembler(options.format, options.command.position);
    this.#child = new FfmpegChild({
      binary: options.ffmpeg,
      args: [...PROGRESS_ARGUMENTS, ...options.command.args],
      cwd: options.folder,
      clock: options.clock,
      progress: true,
      conceal: options.conceal,
      onProgressLine: options.live && ((line) => options.live?.take(line)),
    });
    this.#stalls = new StallWatch(options.format, this.#child.progress);
    this.#chunks = this.#child.stdout[Symbol.asyncIterator]();
  }

  /** The encoder's process id, undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  async next(): Promise<Gop | undefined> {
    this.#stalls.begin(this.#options.clock.now());
    while (this.#ready.length === 0 && !this.#ended) {
      const chunk = await this.#read();
      if (chunk) this.#take(chunk);
      else await this.#finish();
    }
    const gop = this.#ready.shift();
    if (gop) this.#position = gop.firstFrame + frameCount(gop);
    else if (this.#shortcoming) throw this.#shortcoming;
    return gop;
  }

  close(): Promise<void> {
    this.#ended = true;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#child.kill();
    const { onUnmatched } = this.#options;
    if (!onUnmatched) return;
    for (const line of this.#child.stderrTail) if (!classifyLine(line)) onUnmatched(line);
  }

  #take(chunk: Uint8Array): void {
    this.#stalls.onBytes(this.#options.clock.now());
    for (const fragment of this.#reader.push(chunk)) {
      this.#stalls.onMedia();
      this.#accept(this.#assembler.push(fragment, this.#reader.init!));
    }
  }

  /** The next bytes, undefined at the end; throws `encoder_stalled`. */
  #read(): Promise<Uint8Array | undefined> {
    const { clock, live } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
    const watch = clock.every(LOOK_PERIOD_MS, (lateMs) => {
      const failure = live ? this.#judge(live, lateMs) : this.#stall(lateMs);
      if (!failure) return;
      void this.#child.killNow();
      reject(failure);
    });
    this.#chunks.next().then(
      (result) => resolve(result.done ? undefined : result.value),
      (failure) => reject(this.#failure("encoder_failed", "the encoder's output broke off", {}, failure)),
    );
    return promise.finally(() => watch.cancel());
  }

  #stall(lateMs: number): FfmpegError | undefined {
    const complaint = this.#stalls.look(this.#options.clock.now(), lateMs);
    const ending: LiveOutcome | undefined = this.#options.isDistant ? "stalled" : undefined;
    return complaint === undefined
      ? undefined
      : this.#failure("encoder_stalled", complaint, { outcome: ending });
  }

  #judge(live: LiveWatch, lateMs: number): FfmpegError | undefined {
    const nowMs = this.#options.clock.now();
    const { quietMs, hasStarted } = this.#stalls.signs(nowMs, lateMs);
    const mediaSeconds = this.#child.progress.outTimeUs / 1e6;
    const outcome = live.look({ nowMs, quietMs, heard: hasStarted, mediaSeconds });
    return outcome && this.#unfit(outcome);
  }

  /** The output has ended: everything was delivered, or there is a reason why not. */
  async #finish(): Promise<void> {
    const { clock, frames } = this.#options;
    // An encoder that has closed its output has nothing more to do.
    const patience = clock.after(STALL_MS, () => void this.#child.killNow());
    const exit = await this.#child.exited;
    patience.cancel();
    this.#ended = true;
    // After a death the last Gop may lack its sound: it is left to the next run, which makes it whole.
    const proper = exit.code === 0;
    if (proper && this.#reader.init) this.#accept(this.#assembler.finish(this.#reader.init));
    const reached = this.#reached();
    if (reached >= frames) return;
    if (this.#options.live) {
      this.#shortcoming = this.#unfit("ended", exit);
      return;
    }
    const where = `at frame ${reached} of ${frames}`;
    this.#shortcoming = proper
      ? this.#failure("encoder_short", `the file ended ${where}`, { short: true })
      : this.#failure("encoder_failed", `the encoder ended ${where} (${describeExit(exit)})`, { exit });
  }

  /** Item frame up to which everything has been delivered or is ready. */
  #reached(): number {
    const last = this.#ready.at(-1);
    return last ? last.firstFrame + frameCount(last) : this.#position;
  }

  /** Where the file ended too soon its last Gop is a stump; without it what follows begins on a Gop boundary. */
  #accept(gops: readonly Gop[]): void {
    const { frames, format } = this.#options;
    for (const gop of gops) {
      const end = gop.firstFrame + frameCount(gop);
      if (frameCount(gop) >= format.gopFrames || end >= frames) this.#ready.push(gop);
    }
  }

  /** What is seen of a live source says more than what ffmpeg said; how it went away, ffmpeg knows best. */
  #unfit(outcome: LiveOutcome, exit?: ChildExit): FfmpegError {
    const isAway = outcome === "ended" || outcome === "stalled";
    const stderr = isAway ? this.#child.stderrTail : [];
    const said = this.#child.spawnError?.message ?? stderr.at(-1);
    const failure = classify({ stderr: said ? [...stderr, said] : stderr, exit, outcome });
    return new FfmpegError(
      "source_unavailable",
      said ? `${OUTCOMES[outcome]}: ${said}` : OUTCOMES[outcome],
      failure,
    );
  }

  #failure(
    code: "encoder_failed" | "encoder_stalled" | "encoder_short",
    detail: string,
    ending: Omit<Evidence, "stderr"> = {},
    cause?: unknown,
  ): FfmpegError {
    const { spawnError, stderrTail } = this.#child;
    const last = spawnError?.message ?? stderrTail.slice(-3).join(" | ");
    const failure = classify({ stderr: spawnError ? [spawnError.message] : stderrTail, ...ending });
    return new FfmpegError(code, last ? `${detail}: ${last}` : detail, failure, { cause });
  }
}

const OUTCOMES: Readonly<Record<LiveOutcome, string>> = {
  ended: "the stream ended",
  stalled: "nothing comes any more",
  black: "the picture stays black",
  frozen: "the picture stands still",
  silent: "the sound stays silent",
};

function describeExit(exit: ChildExit): string {
  if (exit.signal) return `signal ${exit.signal}`;
  return exit.code === null ? "not started" : `exit code ${exit.code}`;
}
