import type { Clock } from "../base/clock.ts";
import { toAppError } from "../base/errors.ts";
import { redactText } from "../base/redact.ts";
import type { ScreenCue } from "../error-screens/screen-source.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import { frameCount, type Gop } from "../media/gop.ts";
import { ScreenReason } from "../media/screen-modes.ts";
import { mediaBytes, type WireGop } from "../mpegts/wire-gop.ts";
import type { Cue, OpenSource, PlayItem, Source } from "../source/source.ts";
import type { ChannelEvent } from "./events.ts";
import type { StreamSample } from "./self-measurement.ts";

/** Frames of a screen that stands in for the programme, on their way to the air. */
interface StandIn {
  readonly from: number;
  readonly to: number;
  readonly cue: ScreenCue;
  /** They repeat the programme's last picture. */
  readonly isHeld: boolean;
}

/** A screen that is shown because a channel has only just begun is no failure for so long, in ms. */
const LOADING_MS = 8_000;
/** What is said in place of an attempt: nothing was started, and nothing has failed anew. */
const NO_ATTEMPT: readonly string[] = ["source_suspended"];
/** Failures and samples that are kept until somebody takes them. */
const MOST_KEPT = 100;

/** A run of a source that failed. */
export interface SourceFailure {
  /** Monotonic time, ms. */
  readonly atMs: number;
  /** Class of ffmpeg's failure, or the error's code. */
  readonly class: string;
  /** Path, or address without secrets. */
  readonly source: string;
  readonly title: string;
}

/** One run of a source: what it has made, and how long it was waited for and held back. Times in ms. */
export class SourceRun {
  readonly item: PlayItem;
  /** House frames it has given since its first Gop, which is how long it took to begin and no measure of its speed. */
  frames = 0;
  isEnded = false;
  #begun = false;
  #readMs = 0;
  #heldMs = 0;
  #reading = true;
  #sinceMs: number;

  constructor(item: PlayItem, nowMs: number) {
    this.item = item;
    this.#sinceMs = nowMs;
  }

  /** Path, or address without secrets. */
  get source(): string {
    return redactText(this.item.facts.path ?? this.item.title);
  }

  /** How long Gops of it have been waited for, up to now. */
  readMs(nowMs: number): number {
    return this.#readMs + (this.#begun && this.#reading && !this.isEnded ? nowMs - this.#sinceMs : 0);
  }

  /** How long Gops of it have lain ready for somebody to take them, up to now. */
  heldMs(nowMs: number): number {
    return this.#heldMs + (this.#begun && !this.#reading && !this.isEnded ? nowMs - this.#sinceMs : 0);
  }

  asked(nowMs: number): void {
    this.#heldMs = this.heldMs(nowMs);
    this.#reading = true;
    this.#sinceMs = nowMs;
  }

  gave(gop: Gop, nowMs: number): void {
    if (this.#begun) this.frames += frameCount(gop);
    this.#readMs = this.readMs(nowMs);
    this.#begun = true;
    this.#reading = false;
    this.#sinceMs = nowMs;
  }

  end(nowMs: number): void {
    this.#readMs = this.readMs(nowMs);
    this.#heldMs = this.heldMs(nowMs);
    this.isEnded = true;
  }
}

/** What is counted on a channel while it is on air, where it arises. Plain fields; whoever wants to know reads them. */
export class ChannelFigures {
  /** Monotonic time at which it went on air, ms. */
  readonly startedMs: number;
  /** Frames of a programme that were due and were not aired, because of a failure. */
  droppedFrames = 0;
  /** Frames that were repeated in place of ones that were due. */
  duplicatedFrames = 0;
  /** Runs of sources that were started because one before had failed. */
  restarts = 0;
  /** Multiplexed so far: bytes without stuffing, frames, and the channel frame up to which. */
  mediaBytes = 0;
  mediaFrames = 0;
  end = 0;
  /** The run that the last Gop of a programme came from. */
  run: SourceRun | undefined;
  /** The screen that stands in for the programme, and since when; undefined while the programme is on. */
  screen: { readonly cue: ScreenCue; readonly sinceMs: number } | undefined;
  /** Samples of the stream that were examined, left out for want of time, and found faulty. */
  samples = 0;
  samplesSkipped = 0;
  samplesFaulty = 0;
  /** Screens that were fed and are not on air yet, in their order. */
  readonly #standIns: StandIn[] = [];
  #failures: SourceFailure[] = [];
  #faulty: StreamSample[] = [];
  readonly #clock: Clock;
  readonly #runs = new WeakMap<Gop, SourceRun>();
  /** Media whose run has failed and not been started again. */
  readonly #failed = new Map<number, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedMs = clock.now();
  }

  /** `open`, with everything that is opened counted. */
  counting(open: OpenSource): OpenSource {
    return (item, cue) => this.#open(open, item, cue);
  }

  /** A Gop of a programme is fed, from channel frame `frame` on. */
  onProgramme(gop: Gop, frame: number): void {
    this.#cut(frame);
    this.run = this.#runs.get(gop);
  }

  /** `frames` of a screen are fed in place of the programme; `isHeld`: they repeat its last picture. */
  onScreen(cue: ScreenCue, frame: number, frames: number, isHeld: boolean): void {
    this.#cut(frame);
    if (cue.reason === ScreenReason.OFF_AIR) {
      this.run = undefined;
      return;
    }
    const isBeginning = this.#clock.now() - this.startedMs <= LOADING_MS;
    if (cue.reason === ScreenReason.LOADING && isBeginning) return;
    this.#standIns.push({ from: frame, to: frame + frames, cue, isHeld });
  }

  /** A piece is multiplexed; `isWanted`: somebody wants a screen in place of whatever was fed. */
  onWire(gop: WireGop, isWanted: boolean): void {
    this.mediaBytes += mediaBytes(gop);
    this.mediaFrames += gop.frames;
    this.end = gop.frame + gop.frames;
    let shown: ScreenCue | undefined;
    for (let next = this.#standIns[0]; next && next.from < this.end; next = this.#standIns[0]) {
      if (next.to <= this.end) this.#standIns.shift();
      else this.#standIns[0] = { ...next, from: this.end };
      if (isWanted) continue;
      const frames = Math.min(next.to, this.end) - next.from;
      this.droppedFrames += frames;
      if (next.isHeld) this.duplicatedFrames += frames;
      shown = next.cue;
    }
    this.screen = shown && { cue: shown, sinceMs: this.screen?.sinceMs ?? this.#clock.now() };
  }

  /** What happens on the channel. */
  onEvent(event: ChannelEvent): void {
    if (event.type !== "item_given_up") return;
    // What is tried again when it comes round is not a restart.
    for (const [mediaId, title] of this.#failed) if (title === event.title) this.#failed.delete(mediaId);
  }

  /** A sample was examined. */
  onSample(sample: StreamSample): void {
    this.samples++;
    if (sample.findings.length === 0) return;
    this.samplesFaulty++;
    if (this.#faulty.length < MOST_KEPT) this.#faulty.push(sample);
  }

  /** The failures since the last call. */
  takeFailures(): readonly SourceFailure[] {
    const taken = this.#failures;
    if (taken.length > 0) this.#failures = [];
    return taken;
  }

  /** The faulty samples since the last call. */
  takeFaulty(): readonly StreamSample[] {
    const taken = this.#faulty;
    if (taken.length > 0) this.#faulty = [];
    return taken;
  }

  /** What is fed from a frame on takes the place of what was to be there. */
  #cut(frame: number): void {
    while ((this.#standIns.at(-1)?.from ?? -1) >= frame) this.#standIns.pop();
  }

  #open(open: OpenSource, item: PlayItem, cue: Cue): Source {
    const isRestart = this.#failed.delete(item.mediaId);
    if (isRestart) this.restarts++;
    const clock = this.#clock;
    const run = new SourceRun(item, clock.now());
    const fail = (thrown: unknown) => {
      if (!run.isEnded) this.#fail(run, isRestart, thrown);
      run.end(clock.now());
      return thrown;
    };
    let source: Source;
    try {
      source = open(item, cue);
    } catch (thrown) {
      throw fail(thrown);
    }
    return {
      ...source,
      next: async () => {
        run.asked(clock.now());
        try {
          const gop = await source.next();
          if (!gop) run.end(clock.now());
          else if (!run.isEnded) run.gave(gop, clock.now());
          if (gop) this.#runs.set(gop, run);
          return gop;
        } catch (thrown) {
          throw fail(thrown);
        }
      },
      close: () => {
        run.end(clock.now());
        return source.close();
      },
    };
  }

  #fail({ item, source }: SourceRun, isRestart: boolean, thrown: unknown): void {
    const error = toAppError(thrown, "encoder_failed");
    const failure = error instanceof FfmpegError ? error.failure?.class : undefined;
    const isAttempt = !NO_ATTEMPT.includes(error.code);
    if (isAttempt || isRestart) this.#failed.set(item.mediaId, item.title);
    if (!isAttempt) {
      if (isRestart) this.restarts--;
      return;
    }
    if (this.#failures.length >= MOST_KEPT) this.#failures.shift();
    const { title } = item;
    this.#failures.push({ atMs: this.#clock.now(), class: failure ?? error.code, source, title });
  }
}
