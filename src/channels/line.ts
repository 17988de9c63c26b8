import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Scope } from "../base/scope.ts";
import type { Gop } from "../media/gop.ts";
import type { FrameGrid } from "../media/house-format.ts";
import type { LoopSchedule, ScheduleSlot } from "../playout/loop-schedule.ts";
import type { OpenSource, PlayItem, RunProfile } from "../source/source.ts";
import type { ChannelEventSink } from "./events.ts";
import { ItemPlayer } from "./item-player.ts";
import type { ItemTrouble } from "./screen-cue.ts";

/** What is played in one slot in place of what the schedule has there, or otherwise than usual. */
export interface Substitute {
  /** `startFrame` of the slot. */
  readonly slotStart: number;
  /** At least as long as the slot needs it. */
  readonly item: PlayItem;
  /** Its frame that stands where the slot begins; may be negative. */
  readonly offset: number;
  readonly profile: RunProfile;
}

/** What a Line is made of. */
export interface LineOptions {
  readonly schedule: LoopSchedule<PlayItem>;
  readonly open: OpenSource;
  /** Schedule frame that channel frame 0 stands for. */
  readonly anchorFrame: number;
  readonly substitute?: Substitute;
  readonly gopFrames: number;
  readonly grid: FrameGrid;
  /** How long it is until a channel frame is on air, in ms. */
  readonly airsInMs: (frame: number) => number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: ChannelEventSink;
  /** For whom it is, see `Cue`. */
  readonly owner?: object;
}

/** What a line has at a channel frame. */
export interface LinePlace {
  /** Channel frame. */
  readonly frame: number;
  readonly slot: ScheduleSlot<PlayItem>;
  /** Frame of the slot. */
  readonly slotFrame: number;
}

/**
 * A schedule in its place on a channel's timeline, with the players of its slots. It starts nothing until something
 * is asked of it. Several may stand beside each other: the one that is on air and one that is to take over.
 */
export class Line {
  readonly options: LineOptions;
  /** Called when a Gop is there or none will come, while the line waits to take over; its events are its own then. */
  onNews: (() => void) | undefined;
  readonly #scope: Scope;
  readonly #players = new Map<number, ItemPlayer>();
  #anchorFrame: number;
  #wanted: ScheduleSlot<PlayItem> | undefined;
  /** `startFrame` of the slot that Gops are taken of. */
  #taken: number | undefined;

  /** Everything that it starts ends when it is closed, with `scope` at the latest. */
  constructor(options: LineOptions, scope: Scope) {
    this.options = options;
    this.#scope = scope.child();
    this.#anchorFrame = options.anchorFrame;
  }

  /** Schedule frame that channel frame 0 stands for. */
  get anchorFrame(): number {
    return this.#anchorFrame;
  }

  /** Lets everything come `frames` channel frames earlier: a few, after which sound is still in step. */
  advance(frames: number): void {
    this.#anchorFrame += frames;
  }

  /** What is on at channel frame `frame`. */
  at(frame: number): LinePlace {
    const scheduleFrame = this.#anchorFrame + frame;
    const slot = this.options.schedule.at(scheduleFrame);
    return { frame, slot, slotFrame: scheduleFrame - slot.startFrame };
  }

  /** The first place from channel frame `frame` on at which a Gop begins. */
  gopFrom(frame: number): LinePlace {
    const { slot, slotFrame } = this.at(frame);
    const aligned = this.#onGrid(slotFrame);
    if (aligned < slot.item.frames) return { frame: frame + aligned - slotFrame, slot, slotFrame: aligned };
    const after = this.options.schedule.after(slot);
    return { frame: after.startFrame - this.#anchorFrame, slot: after, slotFrame: 0 };
  }

  /** What is played in a slot, which frame of it stands at the slot's begin, and how. */
  playing(slot: ScheduleSlot<PlayItem>): Substitute {
    const { substitute } = this.options;
    if (substitute?.slotStart === slot.startFrame) return substitute;
    return { slotStart: slot.startFrame, item: slot.item, offset: 0, profile: "usual" };
  }

  /** The Gop that begins at channel frame `frame`; undefined when it is not there at monotonic time `deadlineMs`. */
  take(frame: number, deadlineMs: number): Promise<Gop | undefined> {
    const { slot, slotFrame } = this.at(frame);
    this.#taken = slot.startFrame;
    return this.#player(slot, slotFrame).take(slotFrame + this.playing(slot).offset, deadlineMs);
  }

  /** Opens the slot behind `slot`, so that it is ready when it is needed. */
  prepareAfter(slot: ScheduleSlot<PlayItem>): void {
    this.#player(this.options.schedule.after(slot), 0);
  }

  /** Makes ready the first Gop from channel frame `frame` on, and lets go what comes before. */
  want(frame: number): void {
    const { slot, slotFrame } = this.gopFrom(frame);
    if (this.#wanted && this.#wanted.startFrame !== slot.startFrame) this.leave(this.#wanted);
    this.#wanted = slot;
    this.#player(slot, slotFrame).want(slotFrame + this.playing(slot).offset);
  }

  /** Channel frame of the Gop that `want` has made ready; undefined while there is none. */
  get readyFrame(): number | undefined {
    const slot = this.#wanted;
    const frame = slot && this.#players.get(slot.startFrame)?.readyFrame;
    if (!slot || frame === undefined) return undefined;
    return slot.startFrame - this.#anchorFrame + frame - this.playing(slot).offset;
  }

  /** Why what `want` asks for does not come, where that is a failure. */
  get trouble(): ItemTrouble | undefined {
    return this.#wanted && this.troubleOf(this.#wanted);
  }

  /** Why a slot gives no Gop, where that is a failure. */
  troubleOf(slot: ScheduleSlot<PlayItem>): ItemTrouble | undefined {
    return this.#players.get(slot.startFrame)?.trouble;
  }

  /** Where a slot's programme comes from; undefined when it is not being played. */
  placeOf(slot: ScheduleSlot<PlayItem>): PlayItem | undefined {
    return this.#players.get(slot.startFrame)?.place;
  }

  /** A slot is over: its player ends. */
  leave(slot: ScheduleSlot<PlayItem>): void {
    void this.#players.get(slot.startFrame)?.close();
    this.#players.delete(slot.startFrame);
  }

  /** Ends all players; they are opened anew when something is asked for. */
  reset(): void {
    for (const player of this.#players.values()) void player.close();
    this.#players.clear();
    this.#wanted = undefined;
  }

  /** Ends it; resolves when its processes are gone. */
  close(): Promise<void> {
    return this.#scope.close();
  }

  #onGrid(slotFrame: number): number {
    const { gopFrames } = this.options;
    return Math.ceil(slotFrame / gopFrames) * gopFrames;
  }

  /** The player of a slot; when there is none it is started, at the first Gop that is not over at `slotFrame`. */
  #player(slot: ScheduleSlot<PlayItem>, slotFrame: number): ItemPlayer {
    const existing = this.#players.get(slot.startFrame);
    if (existing) return existing;
    const { open, grid, gopFrames, airsInMs, clock, random, owner } = this.options;
    const { item, offset, profile } = this.playing(slot);
    const player = new ItemPlayer(
      {
        ...{ item, gopFrames, open, clock, random, profile, owner },
        urgency: () => (!this.onNews && this.#taken === slot.startFrame ? "viewer" : "next"),
        startFrame: this.#onGrid(slotFrame) + offset,
        audioPhase: grid.audioPhase(slot.startFrame - offset - this.#anchorFrame),
        airsInMs: (frame) => airsInMs(slot.startFrame - offset - this.#anchorFrame + frame),
        onEvent: (event) => {
          if (!this.onNews) this.options.onEvent(event);
        },
        // Not while it is being opened.
        onNews: () => {
          if (this.#players.has(slot.startFrame)) this.onNews?.();
        },
      },
      this.#scope.child(),
    );
    this.#players.set(slot.startFrame, player);
    return player;
  }
}
