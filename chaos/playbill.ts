import type { Rational } from "../src/base/rational.ts";
import { LoopSchedule } from "../src/playout/loop-schedule.ts";

/** One programme of a channel, in its place of the loop. */
export interface Programme {
  readonly file: string;
  /** Length in house frames. */
  readonly frames: number;
  /** The number in its first picture, and how many pictures it has in a second; absent where it has no pictures. */
  readonly numbers?: { readonly first: number; readonly fps: Rational };
}

/** A place where the pictures do not follow one another. */
export interface Leap {
  /** Index of the picture behind it. */
  readonly at: number;
  /** By how many frames the schedule's clock leaps; negative: back. */
  readonly by: number;
}

/**
 * Pictures without a number, one after the other, where there should be one: a screen, something broken, or the
 * picture before them that stands still.
 */
export interface ScreenRun {
  /** Index of the first one. */
  readonly at: number;
  readonly frames: number;
  /** The programme that was due. */
  readonly file: string;
}

/** What a row of pictures showed. */
export interface Pictures {
  readonly frames: number;
  readonly screens: readonly ScreenRun[];
  readonly leaps: readonly Leap[];
  /** Pictures with a number that no programme of the channel has. */
  readonly strays: number;
  /** Pictures without a number in the place of a programme that is broken. */
  readonly standIns: number;
  /** By how many frames the last picture is ahead of the schedule; undefined when no picture told. */
  readonly ahead: number | undefined;
}

/** A picture without a number: its index, the schedule frame that was due, and how exactly that is known. */
interface Blank {
  readonly at: number;
  readonly due: number;
  readonly slack: number;
}

/** How a row of pictures is judged. */
export interface JudgeOptions {
  /** Wall-clock time at which the last of them came, in ms since the Unix epoch. */
  readonly endedMs: number;
  /** Files of programmes that are broken: what is shown in their place is not looked at. */
  readonly broken?: readonly string[];
}

/** A picture of another rate than the house's stands for more than one place, or for none. */
const ROUGH_FRAMES = 2;

/** What is known of a channel's pictures. */
export interface Bill {
  /** In the order of the schedule. */
  readonly programmes: readonly Programme[];
  /** What is on at a moment, and how long it still is. */
  at(wallMs: number): { readonly programme: Programme; readonly leftMs: number };
  after(programme: Programme): Programme;
  /** Judges the numbers of pictures that came one after the other, −1 for one without a number. */
  judge(numbers: readonly number[], options: JudgeOptions): Pictures;
}

/** A channel that shows what arrives: no picture has a place in the schedule, and only screens can be told. */
export class LiveBill implements Bill {
  readonly programmes: readonly Programme[];
  readonly #programme: Programme;

  constructor(file: string) {
    this.#programme = { file, frames: Number.POSITIVE_INFINITY };
    this.programmes = [this.#programme];
  }

  at() {
    return { programme: this.#programme, leftMs: Number.POSITIVE_INFINITY };
  }

  after(): Programme {
    return this.#programme;
  }

  judge(numbers: readonly number[]): Pictures {
    const screens: { at: number; frames: number; file: string }[] = [];
    for (const [at, number] of numbers.entries()) {
      if (number >= 0) continue;
      const last = screens.at(-1);
      if (last && last.at + last.frames === at) last.frames++;
      else screens.push({ at, frames: 1, file: this.#programme.file });
    }
    return { frames: numbers.length, screens, leaps: [], strays: 0, standIns: 0, ahead: undefined };
  }
}

/** What a channel shows at every frame of its schedule, and so where each numbered picture belongs. */
export class Playbill implements Bill {
  readonly programmes: readonly Programme[];
  readonly #schedule: LoopSchedule<Programme>;
  readonly #fps: number;

  /** `fps`: whole frames per second of the house format. */
  constructor(programmes: readonly Programme[], fps: number) {
    this.programmes = programmes;
    this.#schedule = new LoopSchedule(programmes);
    this.#fps = fps;
  }

  at(wallMs: number): { readonly programme: Programme; readonly leftMs: number } {
    const frame = Math.floor((wallMs * this.#fps) / 1000);
    const { item, startFrame } = this.#schedule.at(frame);
    return { programme: item, leftMs: ((startFrame + item.frames - frame) * 1000) / this.#fps };
  }

  /** The programme that follows another one. */
  after(programme: Programme): Programme {
    const index = this.programmes.indexOf(programme);
    return this.programmes[(index + 1) % this.programmes.length]!;
  }

  judge(numbers: readonly number[], { endedMs, broken = [] }: JudgeOptions): Pictures {
    const places = numbers.map((number) => this.#placeOf(number));
    const first = places.findIndex((place) => place);
    const leaps: Leap[] = [];
    const blanks: Blank[] = [];
    const dueAtEnd = Math.floor((endedMs * this.#fps) / 1000);
    let strays = 0;
    let standIns = 0;
    let offset = first < 0 ? dueAtEnd - numbers.length + 1 : places[first]!.frame - first;
    // A place that another rate tells of may be a picture off, until one of the house rate puts it right.
    let isRough = first >= 0 && !places[first]!.isExact;
    for (const [index, number] of numbers.entries()) {
      const place = places[index];
      const due = this.#due(offset + index);
      if (broken.includes(due.file) || (place && broken.includes(place.programme.file))) {
        if (number < 0) standIns++;
      } else if (number < 0 || (place?.isExact && number === numbers[index - 1]))
        blanks.push({ at: index, due: offset + index, slack: isRough ? ROUGH_FRAMES : 0 });
      else if (!place) strays++;
      else {
        const by = this.#signed(place.frame - index - offset);
        if (Math.abs(by) > (place.isExact && !isRough ? 0 : ROUGH_FRAMES)) leaps.push({ at: index, by });
        else if (!place.isExact) continue;
        offset += by;
        isRough = !place.isExact;
      }
    }
    const ahead = this.#signed(offset + numbers.length - 1 - dueAtEnd);
    const screens = this.#screens(blanks, leaps);
    return { frames: numbers.length, screens, leaps, strays, standIns, ahead: first < 0 ? undefined : ahead };
  }

  /** Those runs of pictures without a number for which no programme without pictures accounts. */
  #screens(blanks: readonly Blank[], leaps: readonly Leap[]): ScreenRun[] {
    const runs: { at: number; frames: number; file: string }[] = [];
    for (const { at, due, slack } of blanks) {
      // The schedule may have leapt before, into a programme that shows nothing of it.
      const leap = leaps.find((each) => each.at > at);
      if (this.#isBlank(due, slack) || (leap && this.#isBlank(due + leap.by, ROUGH_FRAMES))) continue;
      const { file } = this.#due(due);
      const last = runs.at(-1);
      if (last && last.at + last.frames === at && last.file === file) last.frames++;
      else runs.push({ at, frames: 1, file });
    }
    return runs;
  }

  /** Whether a programme without pictures is due at a schedule frame, or at one so near. */
  #isBlank(frame: number, slack: number): boolean {
    return [frame - slack, frame, frame + slack].some((near) => !this.#due(near).numbers);
  }

  /** What is due at a schedule frame. */
  #due(frame: number): Programme {
    return this.#schedule.at(frame).item;
  }

  /** Where in the loop a number belongs. */
  #placeOf(number: number): { programme: Programme; frame: number; isExact: boolean } | undefined {
    let start = 0;
    for (const programme of this.programmes) {
      if (programme.numbers) {
        const { first, fps } = programme.numbers;
        const frame = Math.round(((number - first) * fps.den * this.#fps) / fps.num);
        if (frame >= 0 && frame < programme.frames)
          return { programme, frame: start + frame, isExact: this.#isExact(fps) };
      }
      start += programme.frames;
    }
    return undefined;
  }

  #isExact(fps: Rational): boolean {
    return fps.num === this.#fps * fps.den;
  }

  /** The shorter way round the loop. */
  #signed(frames: number): number {
    const loop = this.#schedule.loopFrames;
    const forward = ((frames % loop) + loop) % loop;
    return forward > loop / 2 ? forward - loop : forward;
  }
}
