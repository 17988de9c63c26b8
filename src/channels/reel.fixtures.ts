import { ManualClock } from "../base/clock.ts";
import { seededRandom } from "../base/random.ts";
import { Scope } from "../base/scope.ts";
import { frameCount } from "../media/gop.ts";
import { FrameGrid } from "../media/house-format.ts";
import { endFrame } from "../media/timed-gop.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import type { PlayItem } from "../source/source.ts";
import type { ChannelEvent } from "./events.ts";
import { Feeder } from "./feeder.ts";
import { ChannelFigures } from "./figures.ts";
import { LeadBuffer } from "./lead-buffer.ts";
import { ReleaseClock } from "./release-clock.ts";
import { format, GOP, item, OneScreen, type Opened, Studio } from "./studio.fixtures.ts";

export const grid = new FrameGrid(format);
export const WALL_START = Date.UTC(2026, 0, 1);

/** A span of the timeline as it went on air. */
export interface Aired {
  readonly frame: number;
  readonly frames: number;
  /** Undefined: a screen. */
  readonly run: Opened | undefined;
  readonly itemFrame: number;
}

/** A feeder under a manual clock, with everything that went on air of it. */
export class Reel {
  readonly clock = new ManualClock(WALL_START);
  readonly studio = new Studio(this.clock);
  readonly events: ChannelEvent[] = [];
  readonly aired: Aired[] = [];
  readonly schedule: LoopSchedule<PlayItem>;
  readonly feeder: Feeder;
  readonly lead = new LeadBuffer(0);
  readonly #scope = new Scope();
  readonly #release: ReleaseClock;
  readonly anchorFrame: number;

  constructor(items: readonly PlayItem[], seed = 1) {
    const { clock, lead } = this;
    this.schedule = new LoopSchedule(items);
    const { startFrame } = this.schedule.at(Math.floor(grid.framesIn(clock.wallNow())));
    const itemFrame = Math.floor(grid.framesIn(clock.wallNow())) - startFrame;
    this.anchorFrame = startFrame + Math.floor(itemFrame / GOP) * GOP;
    this.#release = new ReleaseClock(grid, clock, grid.framesIn(clock.wallNow()) - this.anchorFrame);
    this.feeder = new Feeder(
      {
        ...{ format, schedule: this.schedule, open: this.studio.open, screens: new OneScreen() },
        ...{ leadMs: 8000, lead, release: this.#release, anchorFrame: this.anchorFrame },
        ...{ clock, random: seededRandom(seed), onEvent: (event) => this.events.push(event) },
        figures: new ChannelFigures(clock),
      },
      this.#scope,
    );
    const feeding = this.feeder.run();
    this.#scope.defer(() => feeding);
  }

  get succession() {
    return this.feeder.succession;
  }

  get leadMs(): number {
    return grid.milliseconds(this.lead.end - this.#release.position());
  }

  async run(ms: number): Promise<void> {
    for (let done = 0; done < ms; done += 40) {
      await this.clock.advance(40);
      const horizon = this.#release.position() + 15;
      for (let timed = this.lead.take(horizon); timed; timed = this.lead.take(horizon)) {
        const { gop, frame } = timed;
        const run = this.studio.madeBy.get(gop.video.data);
        if (frame !== this.airedEnd) throw new Error(`frame ${frame} on air behind ${this.airedEnd}`);
        this.aired.push({ frame, frames: frameCount(gop), run, itemFrame: gop.firstFrame });
        // ITU-T H.264 7.4.3: two IDR pictures in a row would need different idr_pic_id.
        if (run && endFrame(timed) - frame < 2) throw new Error(`a picture alone at ${frame}`);
      }
    }
  }

  get airedEnd(): number {
    const last = this.aired.at(-1);
    return last ? last.frame + last.frames : 0;
  }

  /** What was aired otherwise than the schedule has it, `[frame, title]`; screens are null. */
  strays(anchorFrame = this.anchorFrame): [number, string | null][] {
    return this.aired.flatMap(({ frame, run, itemFrame }): [number, string | null][] => {
      const slot = this.schedule.at(anchorFrame + frame);
      const isPlanned = run?.title === slot.item.title && itemFrame === anchorFrame + frame - slot.startFrame;
      return isPlanned ? [] : [[frame, run?.title ?? null]];
    });
  }

  types(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** Ends it; nothing may be left. */
  async close(): Promise<void> {
    const closed = this.#scope.close();
    await this.clock.advance(60_000);
    await closed;
    const left = this.studio.opened.filter((run) => !run.closed).length;
    if (left > 0 || this.clock.pending > 0) {
      throw new Error(`${left} sources and ${this.clock.pending} timers are left`);
    }
  }
}

/** A film of ten minutes. */
export const film = () => item("film", 30 * 600);
/** The wish for a new encoder. */
export const RESTART = { kind: "restart", patienceMs: 5000 } as const;
