import type { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { rational } from "../base/rational.ts";
import { ErrorScreen } from "../error-screens/error-screen.ts";
import type { ScreenCue, ScreenPlace, ScreenSource } from "../error-screens/screen-source.ts";
import type { MediaFacts } from "../ffmpeg/probe.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import type { Gop } from "../media/gop.ts";
import { type HouseFormat, houseFormat } from "../media/house-format.ts";
import type { OpenSource, PlayItem, RunProfile } from "../source/source.ts";

/** A small house format of 30 fps and 1 Mbit/s. */
export const format = houseFormat({
  ...{ width: 320, height: 180, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 1_000_000, audioBps: 96_000 },
});
/** Frames of its Gops. */
export const GOP = format.gopFrames;

/** One run of a source. */
export interface Opened {
  readonly title: string;
  readonly startFrame: number;
  readonly profile: RunProfile;
  closed: boolean;
}

/** A source from memory that takes `gopMs` of the clock for each Gop, and fails where it is told to. */
export class Studio {
  readonly clock: ManualClock;
  readonly opened: Opened[] = [];
  /** Time a Gop takes to make. */
  gopMs = 100;
  /** Called before each Gop; what it throws is the source's failure, what it awaits its delay. */
  onGop: (item: PlayItem, frame: number, run: Opened) => void | Promise<void> = () => undefined;
  /** The run that made the Gop with these bytes. */
  readonly madeBy = new WeakMap<Uint8Array, Opened>();

  /** Asked before each Gop: true makes it a short one, and the source end behind it. */
  cut: () => boolean = () => false;

  readonly #format: HouseFormat;

  constructor(clock: ManualClock, house: HouseFormat = format) {
    this.clock = clock;
    this.#format = house;
  }

  readonly open: OpenSource = (item, { startFrame, profile = "usual" }) => {
    const opened = { title: item.title, startFrame, profile, closed: false };
    this.opened.push(opened);
    const { gopFrames } = this.#format;
    // A run's Gops share their parameter sets, and no other run's.
    const { parameters } = syntheticGop({ format: this.#format, frames: 1 });
    let frame = startFrame;
    let isCut = false;
    return {
      next: async () => {
        if (frame >= item.frames || opened.closed) return undefined;
        await this.clock.sleep(this.gopMs);
        await this.onGop(item, frame, opened);
        if (isCut) throw new AppError("encoder_short", "the file ended");
        isCut = this.cut();
        const frames = isCut ? 10 : Math.min(gopFrames, item.frames - frame);
        const gop = syntheticGop({ format: this.#format, firstFrame: frame, frames, seed: frame });
        this.madeBy.set(gop.video.data, opened);
        frame += gopFrames;
        return { ...gop, parameters };
      },
      close: async () => {
        opened.closed = true;
      },
    };
  };
}

/** A film of so many frames. */
export function item(title: string, frames: number): PlayItem {
  return { mediaId: title.length, title, facts: {} as MediaFacts, frames };
}

/** One screen of a house format for every reason, silent unless asked otherwise, with everything that was asked of it. */
export class OneScreen implements ScreenSource {
  readonly cues: ScreenCue[] = [];
  readonly calls: string[] = [];
  isHolding = false;
  readonly #screen: ErrorScreen;

  constructor(house: HouseFormat = format, { sound = false } = {}) {
    const gops = [0, 1].map((seed) =>
      syntheticGop({ format: house, frames: house.gopFrames, seed, silent: true }),
    );
    const content = { message: { title: "" }, config: {}, format: house };
    const period = sound ? syntheticGop({ format: house, frames: 2 * house.gopFrames }).audio : undefined;
    this.#screen = new ErrorScreen(content, gops, period);
  }

  next(cue: ScreenCue, { frame, room }: ScreenPlace): Gop {
    this.cues.push(cue);
    return this.#screen.gopAt(frame, room);
  }

  async anticipate(): Promise<void> {
    this.calls.push("anticipate");
  }

  rest(): void {
    this.calls.push("rest");
  }

  renew(): void {
    this.calls.push("renew");
  }

  async prepare(): Promise<void> {
    this.calls.push("prepare");
  }

  close(): void {
    this.calls.push("close");
  }
}
