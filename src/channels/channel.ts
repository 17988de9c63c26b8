import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../base/clock.ts";
import { AppError, toAppError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { Scope } from "../base/scope.ts";
import type { ScreenCue, ScreenSource } from "../error-screens/screen-source.ts";
import { FrameGrid, type HouseFormat, isSameHouse } from "../media/house-format.ts";
import { Muxer } from "../mpegts/muxer.ts";
import type { LoopSchedule, ScheduleSlot } from "../playout/loop-schedule.ts";
import type { OpenSource, PlayItem } from "../source/source.ts";
import { MODES } from "../throttle/modes.ts";
import type { ThrottleSettings } from "../throttle/settings.ts";
import type { ThrottleMode } from "../throttle/throttle-mode.ts";
import type { ViewerPace } from "../throttle/viewer-pace.ts";
import { playedAt } from "./candidate.ts";
import type { ChannelEventSink } from "./events.ts";
import { Feeder } from "./feeder.ts";
import { ChannelFigures } from "./figures.ts";
import { LeadBuffer } from "./lead-buffer.ts";
import type { LinePlace } from "./line.ts";
import { type Announcement, Overlay } from "./overlay.ts";
import { RateWatch } from "./rate-watch.ts";
import { ReleaseClock } from "./release-clock.ts";
import type { SelfMeasurement, StreamSampler } from "./self-measurement.ts";
import type { Played, SwapOutcome, SwapPlace, SwapWish } from "./swap.ts";
import { WireRing } from "./wire-ring.ts";

/** Gops that one tick muxes at the most: what a freeze of the machine has made due leaves over several ticks. */
const GOPS_PER_TICK = 4;
/** Gops are multiplexed up to this long before their time, when there is nothing else to do. */
const PREPARE_MS = 500;

/** What a channel is, whether it is on air or not. */
export interface ChannelDefinition {
  readonly id: number;
  readonly number: number;
  readonly name: string;
  readonly format: HouseFormat;
  readonly schedule: LoopSchedule<PlayItem>;
  readonly open: OpenSource;
  /** Opens what is shown while there is no programme; called when the channel goes on air. */
  openScreens(): ScreenSource;
}

/** How channels run: the same for all of them. */
export interface ChannelSettings {
  readonly leadMs: number;
  readonly ringMs: number;
  /** Decoding time of a channel's first frame, in 90 kHz ticks. */
  readonly startTicks: number;
  readonly clock: Clock;
  readonly random: Random;
  /** What examines samples of what is sent; undefined for nothing. */
  readonly measurement?: SelfMeasurement;
}

/** Somebody who reads a channel's ring. */
export interface ChannelReader {
  /** Something may have been released, or time has passed; `nowMs` is the monotonic time of the tick. */
  onRelease(nowMs: number): void;
  /** The channel's throttle settings have changed: `Channel.pace` gives another one. */
  onThrottle(): void;
  /** The channel goes off air; nothing more will come. */
  onOffAir(): void;
}

/**
 * A channel's time on air: from its first viewer until it has lingered after its last one. Sources fill the
 * lead; `tick` lets go into the ring what is due; whoever reads the ring is told. Its bytes are one valid
 * transport stream from the first to the last, whatever happens to the sources.
 */
export class Channel {
  readonly ring: WireRing;
  /** What is counted while it is on air. */
  readonly figures: ChannelFigures;
  /** The lead when it is full. */
  readonly fullLeadMs: number;
  readonly #scope = new Scope();
  readonly #clock: Clock;
  readonly #grid: FrameGrid;
  readonly #lead = new LeadBuffer(0);
  readonly #release: ReleaseClock;
  readonly #muxer: Muxer;
  readonly #feeder: Feeder;
  readonly #readers = new Set<ChannelReader>();
  readonly #onEvent: ChannelEventSink;
  readonly #rateWatch: RateWatch;
  readonly #screens: ScreenSource;
  readonly #overlay: Overlay;
  #definition: ChannelDefinition;
  readonly #sampler: StreamSampler | undefined;
  readonly #beganAt: number;
  #throttle: ThrottleSettings;
  #mode: ThrottleMode;

  /** Goes on air at once, with the Gop in which the schedule stands now. */
  constructor(
    definition: ChannelDefinition,
    settings: ChannelSettings,
    throttle: ThrottleSettings,
    sink: ChannelEventSink,
  ) {
    const { format, schedule } = definition;
    const { clock, random, leadMs, measurement } = settings;
    const grid = new FrameGrid(format);
    this.#definition = definition;
    const figures = new ChannelFigures(clock);
    const open = figures.counting(definition.open);
    const onEvent: ChannelEventSink = (event) => {
      figures.onEvent(event);
      sink(event);
    };
    this.figures = figures;
    this.fullLeadMs = leadMs;
    this.#sampler = measurement?.sampler(figures);
    this.#onEvent = onEvent;
    this.#clock = clock;
    this.#grid = grid;
    this.#throttle = throttle;
    this.#mode = MODES[throttle.mode];
    this.#rateWatch = new RateWatch(clock, onEvent);
    this.ring = new WireRing(Math.ceil(grid.framesIn(settings.ringMs)));
    this.#muxer = new Muxer({ format, serviceName: definition.name, startTicks: settings.startTicks });

    const scheduleNow = grid.framesIn(clock.wallNow());
    const slot = schedule.at(Math.floor(scheduleNow));
    const itemFrame = Math.floor(scheduleNow) - slot.startFrame;
    const anchorFrame = slot.startFrame + Math.floor(itemFrame / format.gopFrames) * format.gopFrames;
    onEvent({ type: "on_air" });
    const screens = definition.openScreens();
    this.#screens = screens;
    this.#scope.defer(() => screens.close());
    const release = new ReleaseClock(grid, clock, scheduleNow - anchorFrame);
    this.#release = release;
    this.#beganAt = release.position();
    this.#overlay = new Overlay({ format, grid, release, clock, screens, onEvent });
    this.#feeder = new Feeder(
      {
        ...{ format, schedule, open, screens, leadMs, anchorFrame, clock, random, onEvent },
        ...{ lead: this.#lead, release, figures },
      },
      this.#scope,
    );
    const feeding = this.#feeder.run();
    this.#scope.defer(() => feeding);
  }

  /** What it is, and which schedule it follows. */
  get definition(): ChannelDefinition {
    return this.#definition;
  }

  /** What is on now by the schedule. */
  get onNow(): ScheduleSlot<PlayItem> {
    const position = Math.floor(this.#release.position());
    return this.#feeder.succession.lineAt(position).at(position).slot;
  }

  /** What is played now, whatever the schedule says. */
  get playing(): Played {
    const position = Math.floor(this.#release.position());
    const line = this.#feeder.succession.lineAt(position);
    return playedAt(line, line.at(position));
  }

  /** Where the programme that is on comes from: the item itself or one of its alternates; undefined before it is played. */
  get place(): PlayItem | undefined {
    const position = Math.floor(this.#release.position());
    const line = this.#feeder.succession.lineAt(position);
    return line.placeOf(line.at(position).slot);
  }

  /** Where a swap that begins now is likely to take effect, if nothing delays it. */
  swapPlace(at: SwapPlace): LinePlace {
    return this.#feeder.succession.placeOf(at);
  }

  /**
   * Prepares something else for the rest of a slot beside what is on, and goes over to it at a Gop boundary as soon as
   * it is ready; when it never is, what is on goes on. The last wish wins. Never rejects.
   */
  swap(wish: SwapWish): Promise<SwapOutcome> {
    return this.#feeder.succession.swap(wish);
  }

  /**
   * Follows another definition's schedule from now on, whose place is taken as soon as there is a Gop for it; name and
   * screens stay until it is on air anew. Throws `house_format_differs`.
   */
  follow(definition: ChannelDefinition): Promise<SwapOutcome> {
    const { format, schedule, open } = definition;
    if (!isSameHouse(format, this.#definition.format)) {
      throw new AppError(
        "house_format_differs",
        `Channel ${definition.number} is on air in another house format; take it off air first.`,
      );
    }
    this.#definition = definition;
    return this.#feeder.succession.follow(schedule, this.figures.counting(open));
  }

  /** Finished media that waits for its time, in frames; negative when the lead is used up. */
  get leadFrames(): number {
    return this.#lead.end - this.#release.position();
  }

  /** Frames whose time has come and that were there, since it went on air; a real number. */
  get airedFrames(): number {
    return Math.max(0, Math.min(this.#release.position(), this.figures.end) - this.#beganAt);
  }

  /** Lets `reader` know of each release, until the returned function is called or the channel goes off air. */
  subscribe(reader: ChannelReader): () => void {
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  }

  /** How its bytes leave. */
  get throttle(): ThrottleSettings {
    return this.#throttle;
  }

  /** Changes how its bytes leave, from the next Gop on; its viewers keep their places. */
  setThrottle(throttle: ThrottleSettings): void {
    if (isDeepStrictEqual(throttle, this.#throttle)) return;
    this.#throttle = throttle;
    this.#mode = MODES[throttle.mode];
    const { mode, targetBps } = throttle;
    // Encoders that are started from now on fit the rate, and so must screens.
    this.#screens.renew();
    this.#onEvent({ type: "throttle_changed", mode, targetBps });
    this.#tell((reader) => reader.onThrottle());
  }

  /** Makes a screen ready that will be announced; resolves when it is, or cannot be had. Never rejects. */
  prepareScreen(cue: ScreenCue): Promise<void> {
    return this.#screens.prepare(cue);
  }

  /** Shows a screen in place of whatever is on, from the next Gop that is multiplexed on; undefined ends that. */
  announce(announcement: Announcement | undefined): void {
    this.#overlay.set(announcement);
  }

  /** The viewer stage for one more viewer. */
  pace(): ViewerPace {
    const { num, den } = this.#grid.fps;
    const conditions = { framesPerSecond: num / den, ringFrames: this.ring.capacityFrames };
    return this.#mode.pace(this.#throttle, conditions);
  }

  /** Lets go what is due now and wakes the readers. */
  tick(): void {
    const position = this.#release.position();
    const horizon = this.#mode.horizon(position);
    for (let muxed = 0; muxed <= GOPS_PER_TICK; muxed++) {
      if (!this.#mux(horizon)) break;
    }
    this.ring.advance(position);
    // Readers are called even when nothing left: they also watch over time (a viewer that takes nothing).
    const nowMs = this.#clock.now();
    this.#tell((reader) => reader.onRelease(nowMs));
  }

  /** Multiplexes the next Gop ahead of its time, if that is near; false when there is nothing to prepare. */
  prepare(): boolean {
    return this.#mux(this.#release.position() + this.#grid.framesIn(PREPARE_MS));
  }

  #mux(horizon: number): boolean {
    const timed = this.#lead.take(horizon);
    if (!timed) return false;
    const constantBps = this.#mode.multiplex === "constant" ? this.#throttle.targetBps : undefined;
    for (const laid of this.#overlay.lay(timed)) {
      const gop = this.#muxer.mux(laid, constantBps);
      if (gop.bps !== undefined) this.#rateWatch.look(gop.bps, this.#throttle.targetBps);
      this.ring.append(gop);
      this.figures.onWire(gop, laid !== timed);
      this.#sampler?.look(laid.gop, gop);
    }
    return true;
  }

  #tell(news: (reader: ChannelReader) => void): void {
    for (const reader of this.#readers) {
      try {
        news(reader);
      } catch (failure) {
        // A viewer's fault is nobody else's.
        this.#readers.delete(reader);
        this.#onEvent({ type: "reader_failed", error: toAppError(failure) });
        reader.onOffAir();
      }
    }
  }

  /** Goes off air; resolves when its processes are gone. */
  async stop(): Promise<void> {
    if (this.#scope.closed) return this.#scope.close();
    for (const reader of this.#readers) reader.onOffAir();
    this.#readers.clear();
    this.#onEvent({ type: "off_air" });
    await this.#scope.close();
  }
}
