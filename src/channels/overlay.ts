import type { Clock } from "../base/clock.ts";
import type { ScreenCue, ScreenSource } from "../error-screens/screen-source.ts";
import { frameCount, type Gop } from "../media/gop.ts";
import type { FrameGrid, HouseFormat } from "../media/house-format.ts";
import type { TimedGop } from "../media/timed-gop.ts";
import { Splicer } from "../splice/splicer.ts";
import type { ChannelEventSink } from "./events.ts";
import type { ReleaseClock } from "./release-clock.ts";

/** A screen that somebody wants on air in place of whatever is on. */
export interface Announcement {
  readonly cue: ScreenCue;
  /** Monotonic time at which it is over; undefined: when it is ended. */
  readonly untilMs?: number;
}

/** What an overlay works with. */
export interface OverlayParts {
  readonly format: HouseFormat;
  readonly grid: FrameGrid;
  readonly release: ReleaseClock;
  readonly clock: Clock;
  readonly screens: ScreenSource;
  readonly onEvent: ChannelEventSink;
}

/**
 * Lays a screen over what leaves the lead: span for span, so that the programme goes on underneath and is back with
 * the next Gop, at the place where the schedule is by then. No source is touched.
 */
export class Overlay {
  readonly #parts: OverlayParts;
  readonly #splicer: Splicer;
  #announcement: Announcement | undefined;
  #frames = 0;

  constructor(parts: OverlayParts) {
    this.#parts = parts;
    this.#splicer = new Splicer(parts.format);
  }

  /** From the next Gop on; undefined ends what is shown. */
  set(announcement: Announcement | undefined): void {
    this.#announcement = announcement;
  }

  /** What is to be multiplexed in place of a Gop: itself, or Gops of the screen for the same span. */
  lay(timed: TimedGop): readonly TimedGop[] {
    const announcement = this.#current(timed.frame);
    if (!announcement) {
      this.#end();
      return [timed];
    }
    const { reason } = announcement.cue;
    if (this.#frames === 0) this.#parts.onEvent({ type: "screen_started", reason, by: "operator" });
    const laid: TimedGop[] = [];
    const span = frameCount(timed.gop);
    for (let done = 0; done < span; ) {
      const gop = this.#gop(announcement.cue, timed.frame + done, span - done);
      laid.push(this.#splicer.place(gop, timed.frame + done));
      done += frameCount(gop);
    }
    this.#frames += span;
    return laid;
  }

  #current(frame: number): Announcement | undefined {
    const { untilMs = Number.POSITIVE_INFINITY } = this.#announcement ?? {};
    if (this.#parts.release.timeOf(frame) >= untilMs) this.#announcement = undefined;
    return this.#announcement;
  }

  #gop(cue: ScreenCue, frame: number, room: number): Gop {
    const { screens, release, clock, grid } = this.#parts;
    const shownAtMs = clock.wallNow() + grid.milliseconds(frame - release.position());
    return screens.next(cue, { frame, room, shownAtMs });
  }

  #end(): void {
    if (this.#frames === 0) return;
    this.#parts.onEvent({ type: "screen_ended", frames: this.#frames });
    this.#frames = 0;
  }
}
