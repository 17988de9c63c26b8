import type { Clock } from "../base/clock.ts";
import { type AppError, toAppError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Scope } from "../base/scope.ts";
import type { ScreenCue, ScreenSource } from "../error-screens/screen-source.ts";
import { frameCount, type Gop, truncateGop } from "../media/gop.ts";
import { FrameGrid, type HouseFormat } from "../media/house-format.ts";
import { endFrame } from "../media/timed-gop.ts";
import type { LoopSchedule, ScheduleSlot } from "../playout/loop-schedule.ts";
import type { OpenSource, PlayItem } from "../source/source.ts";
import { Splicer } from "../splice/splicer.ts";
import type { ChannelEventSink } from "./events.ts";
import type { ChannelFigures } from "./figures.ts";
import type { LeadBuffer } from "./lead-buffer.ts";
import { Line } from "./line.ts";
import type { ReleaseClock } from "./release-clock.ts";
import { screenCue } from "./screen-cue.ts";
import { Succession } from "./succession.ts";

/** Start-up is over after this, whatever has come of it. */
const STARTUP_MS = 8_000;
/** When less than this of the lead is left, a Gop of a screen goes on air. */
const SCREEN_THRESHOLD_MS = 500;
/** A screen may be needed when no more than this is left until then. */
const ANTICIPATION_MS = 3_000;
/** While a channel starts, its first Gops may each take this long before a screen goes on air. */
const STARTUP_GRACE_MS = 1_000;
/** The next item's source is opened when so much of the current one is left to be fed. */
const PREPARE_AHEAD_MS = 4_000;

/** Pause after a fault of the feeder itself. */
const RECOVERY_MS = 250;
/** Timers may end a little early; this much later there is room for certain. */
const TO_THE_FULL_MS = 1;

/** What a Feeder needs. */
export interface FeederOptions {
  readonly format: HouseFormat;
  readonly schedule: LoopSchedule<PlayItem>;
  readonly open: OpenSource;
  /** What is shown when no source delivers in time. */
  readonly screens: ScreenSource;
  readonly leadMs: number;
  readonly lead: LeadBuffer;
  readonly release: ReleaseClock;
  /** Schedule frame that channel frame 0 stands for. */
  readonly anchorFrame: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: ChannelEventSink;
  readonly figures: ChannelFigures;
}

/**
 * Keeps a channel's lead filled: asks the schedule what comes at the end of the timeline, takes the Gop from
 * that item's player or, when it is not there in time, of a screen, and lets the Splicer place it. The
 * schedule's clock is never held up: what could not be had is over when its time is over.
 */
export class Feeder {
  readonly #options: FeederOptions;
  readonly #scope: Scope;
  readonly #grid: FrameGrid;
  readonly #splicer: Splicer;
  /** Which line is fed, and what is about to take over. */
  readonly succession: Succession;
  /** What was told last to be fed. */
  #fed: { readonly startFrame: number; readonly item: PlayItem } | undefined;
  #starting = true;
  readonly #startedMs: number;
  #lastPushMs: number;
  #last: Gop | undefined;
  /** Channel frame at which the last Gop of a programme was placed. */
  #lastFrame = -1;
  #fault: AppError | undefined;
  #screenFrames = 0;
  #cue: ScreenCue | undefined;
  /** Ends a pause. */
  #wake = () => {};

  constructor(options: FeederOptions, scope: Scope) {
    const { format, schedule, open, anchorFrame, lead, release, clock, random, onEvent } = options;
    this.#options = options;
    this.#scope = scope;
    const grid = new FrameGrid(format);
    this.#grid = grid;
    this.#splicer = new Splicer(format);
    const { gopFrames } = format;
    const airsInMs = (frame: number) => release.timeOf(frame) - clock.now();
    const about = { schedule, open, anchorFrame, gopFrames, grid, airsInMs, clock, random, onEvent };
    const line = new Line({ ...about, owner: this }, scope);
    const parts = { lead, release, grid, splicer: this.#splicer, clock, onEvent };
    const host = {
      programmeFrame: () => this.#lastFrame,
      onCut: (from: number, to: number) => this.#onCut(from, to),
      onChange: () => this.#wake(),
    };
    this.succession = new Succession({ ...parts, ...host }, line, scope);
    this.#startedMs = clock.now();
    this.#lastPushMs = this.#startedMs;
  }

  /** Feeds until the scope closes. */
  async run(): Promise<void> {
    const { leadMs } = this.#options;
    while (!this.#scope.closed) {
      const overMs = this.#leadMs() - leadMs;
      // The lead is a length of time: room in it is made by the clock alone, whenever its Gops leave it.
      if (overMs >= 0) await this.#pause(overMs + TO_THE_FULL_MS);
      else await this.#append().catch((failure: unknown) => this.#recover(failure));
    }
    this.succession.close();
  }

  #leadMs(): number {
    const { lead, release } = this.#options;
    return this.#grid.milliseconds(lead.end - release.position());
  }

  async #append(): Promise<void> {
    const { lead, release, format, clock } = this.#options;
    this.succession.followWallClock();
    const { line } = this.succession;
    const frame = lead.end;
    const { slot, slotFrame } = line.at(frame);
    this.#enter(line, slot);
    const left = slot.item.frames - slotFrame;
    // Up to the next place where the item's own Gops begin, or its end.
    const room = Math.min(left, format.gopFrames - (slotFrame % format.gopFrames));
    // After a freeze of the machine there may be hours to catch up with: for them no source is opened.
    const isOver = release.timeOf(frame + room) <= clock.now() && !this.#starting;
    const gop = isOver ? undefined : await this.#take(line, frame, left);
    if (!gop && !isOver) await this.#waitForCandidate(line);
    if (!gop && !this.#cue && line === this.succession.line) await this.#anticipate();
    // What has taken over meanwhile goes on where the lead ends now.
    if (this.#scope.closed || line !== this.succession.line) return;
    if (!gop) this.#starting = false;
    const chosen = gop ? truncateGop(gop, room) : this.#screen(line, slot, frame, room);
    if (gop) this.#onProgramme(gop, frame);
    const timed = this.#splicer.place(chosen, frame);
    lead.push(timed);
    this.#lastPushMs = clock.now();
    if (this.#leadMs() > STARTUP_GRACE_MS || clock.now() > this.#startedMs + STARTUP_MS)
      this.#starting = false;
    if (endFrame(timed) - frame >= left) line.leave(slot);
    this.succession.pending?.look();
  }

  /** The line's Gop, if it comes in time. */
  async #take(line: Line, frame: number, left: number): Promise<Gop | undefined> {
    const { clock, screens } = this.#options;
    const deadlineMs = this.#deadlineMs();
    const last = this.#last;
    const early = Math.max(0, deadlineMs - ANTICIPATION_MS - clock.now());
    const taking = line.take(frame, deadlineMs);
    // Behind a screen there may be no lead, whose time the next source would have as well.
    const aheadMs = PREPARE_AHEAD_MS + (this.#cue ? this.#options.leadMs - this.#leadMs() : 0);
    if (this.#grid.milliseconds(left) <= aheadMs) line.prepareAfter(line.at(frame).slot);
    const timer = last && clock.after(early, () => void screens.anticipate(last));
    try {
      return await taking;
    } finally {
      timer?.cancel();
    }
  }

  /** What is about to take over may be there before a screen is needed. */
  async #waitForCandidate(line: Line): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const leftMs = this.#deadlineMs() - clock.now();
      if (leftMs <= 0 || !this.succession.pending || line !== this.succession.line || this.#scope.closed)
        return;
      await this.#pause(leftMs);
    }
  }

  /** Lets the first screen become what it should be, as long as the lead lasts. */
  async #anticipate(): Promise<void> {
    const { screens, clock } = this.#options;
    const leftMs = this.#deadlineMs() - clock.now();
    if (this.#last && leftMs > 0) await this.#pause(leftMs, screens.anticipate(this.#last));
  }

  /** What waited from channel frame `from` to `to` will not be on air. */
  #onCut(from: number, to: number): void {
    this.#screenFrames = Math.max(0, this.#screenFrames - (to - from));
    this.#lastFrame = Math.min(this.#lastFrame, from - 1);
  }

  /** A fault of our own must not end the channel: everything is opened anew, a little later. */
  async #recover(failure: unknown): Promise<void> {
    if (this.#scope.closed) return;
    this.#fault = toAppError(failure);
    this.#options.onEvent({ type: "feeding_failed", error: this.#fault });
    this.succession.line.reset();
    this.#fed = undefined;
    await this.#pause(RECOVERY_MS);
  }

  /** Waits until `ms` are over, `enough` resolves, a swap is settled, or the scope closes. */
  async #pause(ms: number, enough?: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => resolve();
    this.#wake = end;
    const timer = this.#options.clock.after(ms, end);
    const { signal } = this.#scope;
    signal.addEventListener("abort", end, { once: true });
    await (enough ? Promise.race([promise, enough]) : promise);
    signal.removeEventListener("abort", end);
    timer.cancel();
  }

  /** Monotonic time at which waiting for a Gop ends and a screen goes on air. */
  #deadlineMs(): number {
    const { lead, release } = this.#options;
    const usedUpMs = release.timeOf(lead.end) - SCREEN_THRESHOLD_MS;
    return this.#starting ? Math.max(usedUpMs, this.#lastPushMs + STARTUP_GRACE_MS) : usedUpMs;
  }

  #enter(line: Line, { item: scheduled, startFrame }: ScheduleSlot<PlayItem>): void {
    const { item } = line.playing({ item: scheduled, startFrame });
    if (this.#fed?.startFrame === startFrame && this.#fed.item === item) return;
    this.#fed = { startFrame, item };
    this.#options.onEvent({ type: "item_started", title: item.title, startFrame });
  }

  /** A Gop of the screen that the state of things asks for. */
  #screen(line: Line, slot: ScheduleSlot<PlayItem>, frame: number, room: number): Gop {
    const { screens, clock, release, onEvent } = this.#options;
    const cue = screenCue({
      isCold: this.#last === undefined,
      fault: this.#fault,
      trouble: line.troubleOf(slot),
      nextItemMs: Math.round(this.#grid.milliseconds(slot.startFrame + slot.item.frames)),
    });
    const { reason, errorCode: failure } = cue;
    const { title } = line.playing(slot).item;
    if (!this.#cue) onEvent({ type: "screen_started", reason, title, failure });
    else if (reason !== this.#cue.reason) onEvent({ type: "screen_changed", reason, failure });
    this.#cue = cue;
    const shownAtMs = clock.wallNow() + this.#grid.milliseconds(frame - release.position());
    const gop = screens.next(cue, { frame, room, shownAtMs });
    this.#screenFrames += frameCount(gop);
    this.#options.figures.onScreen(cue, frame, frameCount(gop), screens.isHolding);
    return gop;
  }

  #onProgramme(gop: Gop, frame: number): void {
    this.#last = gop;
    this.#lastFrame = frame;
    this.#options.figures.onProgramme(gop, frame);
    this.#fault = undefined;
    if (!this.#cue) return;
    this.#cue = undefined;
    this.#options.screens.rest();
    this.#options.onEvent({ type: "screen_ended", frames: this.#screenFrames });
    this.#screenFrames = 0;
  }
}
