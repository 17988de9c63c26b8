import type { Clock } from "../base/clock.ts";
import type { Scope } from "../base/scope.ts";
import type { FrameGrid } from "../media/house-format.ts";
import type { LoopSchedule } from "../playout/loop-schedule.ts";
import type { OpenSource, PlayItem } from "../source/source.ts";
import type { Splicer } from "../splice/splicer.ts";
import { Candidate, type CandidateOptions, playedAt, type SwapHost } from "./candidate.ts";
import type { ChannelEventSink } from "./events.ts";
import type { LeadBuffer } from "./lead-buffer.ts";
import { Line, type LineOptions, type LinePlace, type Substitute } from "./line.ts";
import type { ReleaseClock } from "./release-clock.ts";
import { MOVING, type SwapOutcome, type SwapPlace, type SwapWish } from "./swap.ts";

/** A step of the wall clock beyond this moves the channel to where the schedule now is. */
const WALL_STEP_MS = 2_000;
/** What waits in the lead is replaced no earlier than this: what takes over must get into its stride. */
const SAFETY_MS = 2_000;
/** An encoder's first Gop is likely to be there after this. */
const PREPARATION_MS = 1_500;
/** What is on goes on for so long when nothing is ready where the channel moves to; then it moves all the same. */
const MOVE_PATIENCE_MS = 10_000;

/** What a Succession works with. */
export interface SuccessionParts {
  readonly lead: LeadBuffer;
  readonly release: ReleaseClock;
  readonly grid: FrameGrid;
  readonly splicer: Splicer;
  readonly clock: Clock;
  readonly onEvent: ChannelEventSink;
  /** Channel frame at which the last Gop of a programme begins, whether it still waits or not. */
  programmeFrame(): number;
  /** What waited in the lead from channel frame `from` to `to` was let go. */
  onCut(from: number, to: number): void;
  /** Another line is fed now, or a candidate is settled. */
  onChange(): void;
}

/**
 * Which line a channel feeds, and what is about to take over from it: one candidate at a time, the last wish wins.
 * Moves of the whole channel (another schedule, a wall clock that was set) go before an operator's wishes.
 */
export class Succession {
  readonly #parts: SuccessionParts;
  readonly #scope: Scope;
  readonly #host: SwapHost;
  #line: Line;
  /** What was fed before and is not all on air yet, the oldest first. */
  #earlier: { readonly line: Line; readonly untilFrame: number }[] = [];
  #candidate: Candidate | undefined;
  /** Resolves when the processes of all candidates but the latest are gone, and when those of the latest are too. */
  #clearing: readonly [Promise<void>, Promise<void>] = [Promise.resolve(), Promise.resolve()];

  /** `line` is fed first; the others end with `scope` at the latest. */
  constructor(parts: SuccessionParts, line: Line, scope: Scope) {
    const { lead, clock, release } = parts;
    this.#parts = parts;
    this.#scope = scope;
    this.#line = line;
    this.#host = {
      earliest: (at) => this.#earliest(at),
      end: () => lead.end,
      preparationFrames: () => this.#preparationFrames(),
      playingAt: (frame) => playedAt(this.#line, this.#line.gopFrom(frame)),
      onAirAtMs: (frame) => clock.wallNow() + release.timeOf(frame) - clock.now(),
      adopt: (successor, frame) => this.#adopt(successor, frame),
    };
  }

  /** What is fed. */
  get line(): Line {
    return this.#line;
  }

  /** What has not taken over yet. */
  get pending(): Candidate | undefined {
    return this.#candidate;
  }

  /** What has been or will be fed at channel frame `frame`. */
  lineAt(frame: number): Line {
    return this.#earlier.find(({ untilFrame }) => frame < untilFrame)?.line ?? this.#line;
  }

  /** Where a swap that begins now may take effect, if it takes no longer than usual. */
  placeOf(at: SwapPlace): LinePlace {
    return this.#line.gopFrom(this.#earliest(at) + this.#preparationFrames());
  }

  /**
   * Prepares something else for the rest of a slot, beside what is fed, and lets it take over as soon as it is ready;
   * if it never is, nothing happens. Never rejects.
   */
  swap(wish: SwapWish): Promise<SwapOutcome> {
    const { kind, item, at = "lead", patienceMs, fromFrame } = wish;
    const { options, anchorFrame } = this.#line;
    const fed = this.#line.gopFrom(this.#earliest(at)).slot;
    const slot = wish.slotStart === undefined ? fed : options.schedule.at(wish.slotStart);
    const current = this.#line.playing(slot);
    const { offset, profile } = item ? { offset: 0, profile: "usual" as const } : current;
    const substitute: Substitute = {
      slotStart: slot.startFrame,
      item: item ?? current.item,
      offset: wish.offset ?? offset,
      profile: wish.profile ?? profile,
    };
    const slotStart = wish.slotStart ?? slot.startFrame;
    const about = { kind, at, patienceMs, slotStart, fromFrame };
    return this.#begin({ ...options, anchorFrame, substitute }, about);
  }

  /**
   * Goes over to another schedule, at the place where it is by then: when its Gop is there, and after a while
   * without. Never rejects.
   */
  follow(schedule: LoopSchedule<PlayItem>, open: OpenSource): Promise<SwapOutcome> {
    const { options, anchorFrame } = this.#destination;
    return this.#move({ ...options, anchorFrame, schedule, open, substitute: undefined }, "schedule");
  }

  /** Moves to where the schedule is, when the wall clock has been set. */
  followWallClock(): void {
    const { clock, release, grid, onEvent } = this.#parts;
    const anchorFrame = grid.framesIn(clock.wallNow()) - release.position();
    const { options, anchorFrame: present } = this.#destination;
    const stepMs = grid.milliseconds(anchorFrame - present);
    if (Math.abs(stepMs) <= WALL_STEP_MS) return;
    onEvent({ type: "reanchored", stepMs: Math.round(stepMs) });
    void this.#move({ ...options, anchorFrame: Math.round(anchorFrame) }, "clock");
  }

  /** The channel goes off air. */
  close(): void {
    this.#candidate?.close();
  }

  /** The line that the channel follows, or is about to follow. */
  get #destination(): Line {
    return this.#candidate?.isMove ? this.#candidate.line : this.#line;
  }

  #move(options: LineOptions, kind: "schedule" | "clock"): Promise<SwapOutcome> {
    return this.#begin(options, { kind, at: "lead", patienceMs: MOVE_PATIENCE_MS });
  }

  #begin(
    options: LineOptions,
    wish: Pick<CandidateOptions, "kind" | "at" | "patienceMs" | "slotStart" | "fromFrame">,
  ): Promise<SwapOutcome> {
    const { clock, onEvent } = this.#parts;
    const line = new Line(options, this.#scope);
    const candidate = new Candidate({ ...wish, line, host: this.#host, clock, onEvent });
    if (this.#scope.closed) candidate.close();
    else if (this.#candidate?.isMove && !candidate.isMove) candidate.keep(MOVING);
    else this.#prepare(candidate);
    return candidate.outcome;
  }

  /** Lets a candidate begin, beside one at the most whose processes are still being ended. */
  #prepare(candidate: Candidate): void {
    this.#candidate?.supersede();
    this.#candidate = candidate;
    const [earlier, latest] = this.#clearing;
    this.#clearing = [latest, latest.then(() => candidate.over)];
    void earlier.then(() => candidate.start());
    void candidate.outcome.then(() => {
      if (this.#candidate === candidate) this.#candidate = undefined;
      this.#parts.onChange();
    });
  }

  /** First channel frame from which on what is fed may be replaced; what is over never is. */
  #earliest(at: SwapPlace): number {
    const { lead, release, grid } = this.#parts;
    const position = Math.ceil(release.position());
    const safe = position + Math.ceil(grid.framesIn(SAFETY_MS));
    // A screen is always replaced, and so may the last Gop be: another line's Gops begin elsewhere.
    const from = at === "now" ? safe : Math.max(safe, this.#parts.programmeFrame() + 1);
    return Math.max(Math.min(Math.max(from, lead.start), lead.end), position);
  }

  #preparationFrames(): number {
    return Math.ceil(this.#parts.grid.framesIn(PREPARATION_MS));
  }

  /** Ends the lead at or a little before `frame`, and feeds `line` from there on; returns that frame. */
  #adopt(line: Line, frame: number): number {
    const { lead, release, splicer, onCut, onChange } = this.#parts;
    const fedUntil = lead.end;
    const end = lead.cut(frame, (gop, at) => splicer.place(gop, at));
    if (end < fedUntil) onCut(end, fedUntil);
    line.advance(frame - end);
    // A picture alone cannot stand between two Gops.
    if (line.gopFrom(end).frame - end === 1) line.advance(1);
    const position = release.position();
    this.#earlier = this.#earlier
      .filter(({ untilFrame }) => untilFrame > position && untilFrame < end)
      .concat({ line: this.#line, untilFrame: end });
    void this.#line.close();
    this.#line = line;
    onChange();
    return end;
  }
}
