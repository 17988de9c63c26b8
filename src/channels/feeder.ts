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
import { ItemPlayer } from "./item-player.ts";
import type { LeadBuffer } from "./lead-buffer.ts";
import type { ReleaseClock } from "./release-clock.ts";
import { screenCue } from "./screen-cue.ts";

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
/** A step of the wall clock beyond this moves the channel to where the schedule now is. */
const WALL_STEP_MS = 2_000;

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
  readonly #players = new Map<number, ItemPlayer>();
  #anchorFrame: number;
  #slot: ScheduleSlot<PlayItem> | undefined;
  #starting = true;
  readonly #startedMs: number;
  #lastPushMs: number;
  #last: Gop | undefined;
  #fault: AppError | undefined;
  #screenFrames = 0;
  #cue: ScreenCue | undefined;

  constructor(options: FeederOptions, scope: Scope) {
    this.#options = options;
    this.#scope = scope;
    this.#grid = new FrameGrid(options.format);
    this.#splicer = new Splicer(options.format);
    this.#anchorFrame = options.anchorFrame;
    this.#startedMs = options.clock.now();
    this.#lastPushMs = this.#startedMs;
  }

  /** Feeds until the scope closes. */
  async run(): Promise<void> {
    const { leadMs } = this.#options;
    while (!this.#scope.closed) {
      const overMs = this.#leadMs() - leadMs;
      // The lead is a length of time: room in it is made by the clock alone, whenever its Gops leave it.
      if (overMs >= 0) await this.#rest(overMs + TO_THE_FULL_MS);
      else await this.#append().catch((failure: unknown) => this.#recover(failure));
    }
  }

  /** What is on at channel frame `frame` by the schedule. */
  slotAt(frame: number): ScheduleSlot<PlayItem> {
    return this.#options.schedule.at(this.#anchorFrame + frame);
  }

  #leadMs(): number {
    const { lead, release } = this.#options;
    return this.#grid.milliseconds(lead.end - release.position());
  }

  async #append(): Promise<void> {
    const { lead, release, format, clock } = this.#options;
    this.#followWallClock();
    const frame = lead.end;
    const slot = this.#enter(this.slotAt(frame));
    const itemFrame = this.#anchorFrame + frame - slot.startFrame;
    const left = slot.item.frames - itemFrame;
    // Up to the next place where the item's own Gops begin, or its end.
    const room = Math.min(left, format.gopFrames - (itemFrame % format.gopFrames));
    // After a freeze of the machine there may be hours to catch up with: for them no source is opened.
    const isOver = release.timeOf(frame + room) <= clock.now() && !this.#starting;
    const gop = isOver ? undefined : await this.#take(slot, itemFrame, left);
    if (this.#scope.closed) return;
    if (!gop && !this.#cue) await this.#anticipate();
    if (this.#scope.closed) return;
    if (!gop) this.#starting = false;
    const chosen = gop ? truncateGop(gop, room) : this.#screen(slot, frame, room);
    if (gop) this.#onProgramme(gop);
    const timed = this.#splicer.place(chosen, frame);
    lead.push(timed);
    this.#lastPushMs = clock.now();
    if (this.#leadMs() > STARTUP_GRACE_MS || clock.now() > this.#startedMs + STARTUP_MS)
      this.#starting = false;
    if (endFrame(timed) - frame >= left) this.#leave(slot);
  }

  /** The item's Gop, if it comes in time. */
  async #take(slot: ScheduleSlot<PlayItem>, itemFrame: number, left: number): Promise<Gop | undefined> {
    const player = this.#player(slot, itemFrame);
    if (this.#grid.milliseconds(left) <= PREPARE_AHEAD_MS) {
      this.#player(this.#options.schedule.after(slot), 0);
    }
    const { clock, screens } = this.#options;
    const deadlineMs = this.#deadlineMs();
    const last = this.#last;
    const early = Math.max(0, deadlineMs - ANTICIPATION_MS - clock.now());
    const timer = last && clock.after(early, () => void screens.anticipate(last));
    try {
      return await player.take(itemFrame, deadlineMs);
    } finally {
      timer?.cancel();
    }
  }

  /** Lets the first screen become what it should be, as long as the lead lasts. */
  async #anticipate(): Promise<void> {
    const { screens, clock } = this.#options;
    const leftMs = this.#deadlineMs() - clock.now();
    if (!this.#last || leftMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(leftMs, resolve);
    const onAbort = () => resolve();
    this.#scope.signal.addEventListener("abort", onAbort, { once: true });
    await Promise.race([screens.anticipate(this.#last), promise]);
    this.#scope.signal.removeEventListener("abort", onAbort);
    timer.cancel();
  }

  /** A fault of our own must not end the channel: everything is opened anew, a little later. */
  async #recover(failure: unknown): Promise<void> {
    if (this.#scope.closed) return;
    this.#fault = toAppError(failure);
    this.#options.onEvent({ type: "feeding_failed", error: this.#fault });
    this.#closePlayers();
    await this.#rest(RECOVERY_MS);
  }

  async #rest(ms: number): Promise<void> {
    await this.#options.clock.sleep(ms, this.#scope.signal).catch(() => undefined);
  }

  #closePlayers(): void {
    for (const player of this.#players.values()) void player.close();
    this.#players.clear();
    this.#slot = undefined;
  }

  /** Monotonic time at which waiting for a Gop ends and a screen goes on air. */
  #deadlineMs(): number {
    const { lead, release } = this.#options;
    const usedUpMs = release.timeOf(lead.end) - SCREEN_THRESHOLD_MS;
    return this.#starting ? Math.max(usedUpMs, this.#lastPushMs + STARTUP_GRACE_MS) : usedUpMs;
  }

  #enter(slot: ScheduleSlot<PlayItem>): ScheduleSlot<PlayItem> {
    if (this.#slot?.startFrame !== slot.startFrame) {
      this.#slot = slot;
      this.#options.onEvent({ type: "item_started", title: slot.item.title, startFrame: slot.startFrame });
    }
    return slot;
  }

  #leave(slot: ScheduleSlot<PlayItem>): void {
    void this.#players.get(slot.startFrame)?.close();
    this.#players.delete(slot.startFrame);
  }

  /** The player of a slot; when there is none it is started, at the first Gop that is not over at `itemFrame`. */
  #player(slot: ScheduleSlot<PlayItem>, itemFrame: number): ItemPlayer {
    const existing = this.#players.get(slot.startFrame);
    if (existing) return existing;
    const { format, open, clock, random, onEvent } = this.#options;
    const startFrame = Math.ceil(itemFrame / format.gopFrames) * format.gopFrames;
    const player = new ItemPlayer(
      {
        ...{ item: slot.item, startFrame, gopFrames: format.gopFrames, open, clock, random, onEvent },
        audioPhase: this.#grid.audioPhase(slot.startFrame - this.#anchorFrame),
        urgency: () => (this.#slot?.startFrame === slot.startFrame ? "viewer" : "next"),
        owner: this,
      },
      this.#scope.child(),
    );
    this.#players.set(slot.startFrame, player);
    return player;
  }

  /** A Gop of the screen that the state of things asks for. */
  #screen(slot: ScheduleSlot<PlayItem>, frame: number, room: number): Gop {
    const { screens, clock, release, onEvent } = this.#options;
    const cue = screenCue({
      isCold: this.#last === undefined,
      fault: this.#fault,
      trouble: this.#players.get(slot.startFrame)?.trouble,
      nextItemMs: Math.round(this.#grid.milliseconds(slot.startFrame + slot.item.frames)),
    });
    const { reason, errorCode: failure } = cue;
    if (!this.#cue) onEvent({ type: "screen_started", reason, title: slot.item.title, failure });
    else if (reason !== this.#cue.reason) onEvent({ type: "screen_changed", reason, failure });
    this.#cue = cue;
    const shownAtMs = clock.wallNow() + this.#grid.milliseconds(frame - release.position());
    const gop = screens.next(cue, { frame, room, shownAtMs });
    this.#screenFrames += frameCount(gop);
    return gop;
  }

  #onProgramme(gop: Gop): void {
    this.#last = gop;
    this.#fault = undefined;
    if (!this.#cue) return;
    this.#cue = undefined;
    this.#options.screens.rest();
    this.#options.onEvent({ type: "screen_ended", frames: this.#screenFrames });
    this.#screenFrames = 0;
  }

  /** Moves the timeline's next Gop to where the schedule is, when the wall clock has been set. */
  #followWallClock(): void {
    const { clock, release, lead, schedule, format, onEvent } = this.#options;
    const scheduleNow = this.#grid.framesIn(clock.wallNow());
    const step = scheduleNow - (this.#anchorFrame + release.position());
    const stepMs = this.#grid.milliseconds(step);
    if (Math.abs(stepMs) <= WALL_STEP_MS) return;
    const target = schedule.at(Math.floor(this.#anchorFrame + lead.end + step));
    const itemFrame = Math.floor(this.#anchorFrame + lead.end + step) - target.startFrame;
    const aligned = Math.floor(itemFrame / format.gopFrames) * format.gopFrames;
    this.#anchorFrame = target.startFrame + aligned - lead.end;
    this.#closePlayers();
    onEvent({ type: "reanchored", stepMs: Math.round(stepMs) });
  }
}
