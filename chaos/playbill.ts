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

/** What a row of pictures showed, counted in frames. */
export interface Pictures {
  readonly frames: number;
  /** Pictures without a number where there should be one: an error screen, a still, something broken. */
  readonly screens: number;
  readonly leaps: readonly Leap[];
  /** Pictures with a number that no programme of the channel has at that place, and that no leap explains. */
  readonly strays: number;
  /** By how much the last picture is ahead of the schedule; undefined when no picture told. */
  readonly ahead: number | undefined;
}

/** How a row of pictures is judged. */
export interface JudgeOptions {
  /** Wall-clock time at which the last of them came, in ms since the Unix epoch. */
  readonly endedMs: number;
  /** Files of programmes that are broken: what is shown in their place is not looked at. */
  readonly broken?: readonly string[];
}

/** What a channel shows at every frame of its schedule, and so where each numbered picture belongs. */
export class Playbill {
  readonly programmes: readonly Programme[];
  readonly #schedule: LoopSchedule<Programme>;
  readonly #fps: number;

  /** `fps`: whole frames per second of the house format. */
  constructor(programmes: readonly Programme[], fps: number) {
    this.programmes = programmes;
    this.#schedule = new LoopSchedule(programmes);
    this.#fps = fps;
  }

  /** What is on at a moment, and how long it still is. */
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

  /** Judges the numbers of pictures that came one after the other, −1 for one without a number. */
  judge(numbers: readonly number[], { endedMs, broken = [] }: JudgeOptions): Pictures {
    const leaps: Leap[] = [];
    let [screens, strays] = [0, 0];
    const first = numbers.findIndex((number) => this.#placeOf(number)?.isExact);
    let offset = first < 0 ? this.#firstGuess(numbers) : this.#placeOf(numbers[first]!)!.frame - first;
    if (offset === undefined)
      return { frames: numbers.length, screens: numbers.length, leaps, strays, ahead: undefined };
    for (const [index, number] of numbers.entries()) {
      const due = this.#due(offset + index);
      if (broken.includes(due.programme.file)) continue;
      if (number < 0) screens += due.number === undefined ? 0 : 1;
      else if (due.number === undefined || Math.abs(number - due.number) > due.tolerance) {
        const place = this.#placeOf(number);
        if (!place) strays++;
        else if (!broken.includes(place.programme.file)) {
          const by = this.#signed(place.frame - index - offset);
          leaps.push({ at: index, by });
          offset += by;
        }
      }
    }
    const dueAtEnd = Math.floor((endedMs * this.#fps) / 1000);
    return {
      frames: numbers.length,
      screens,
      leaps,
      strays,
      ahead: this.#signed(offset + numbers.length - 1 - dueAtEnd),
    };
  }

  #firstGuess(numbers: readonly number[]): number | undefined {
    const index = numbers.findIndex((number) => this.#placeOf(number));
    return index < 0 ? undefined : this.#placeOf(numbers[index]!)!.frame - index;
  }

  /** What is due at a schedule frame; the picture of another rate may be the one beside it. */
  #due(frame: number): { programme: Programme; number: number | undefined; tolerance: number } {
    const { item, startFrame } = this.#schedule.at(frame);
    if (!item.numbers) return { programme: item, number: undefined, tolerance: 0 };
    const { first, fps } = item.numbers;
    const number = first + Math.floor(((frame - startFrame) * fps.num) / (fps.den * this.#fps));
    return { programme: item, number, tolerance: this.#isExact(fps) ? 0 : 2 };
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
