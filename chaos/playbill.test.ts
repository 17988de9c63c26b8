import { describe, expect, it } from "vitest";
import { rational } from "../src/base/rational.ts";
import { Playbill } from "./playbill.ts";

const A = { file: "a", frames: 30, numbers: { first: 0, fps: rational(30) } };
const B = { file: "b", frames: 60, numbers: { first: 1000, fps: rational(25) } };
const C = { file: "c", frames: 30 };
const bill = new Playbill([A, B, C], 30);
const LOOP = 120;

/** What the channel shows from schedule frame `from` on. */
function shown(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const place = (from + index) % LOOP;
    if (place < 30) return place;
    return place < 90 ? 1000 + Math.floor(((place - 30) * 25) / 30) : -1;
  });
}
/** A moment at which schedule frame `frame` has just begun. */
const at = (frame: number) => ((frame + 0.5) * 1000) / 30;

describe("a playbill", () => {
  it("finds nothing wrong with pictures in their places, at any rate, and where there are none", () => {
    const numbers = shown(10, 3 * LOOP);
    expect(bill.judge(numbers, { endedMs: at(10 + 3 * LOOP - 1) })).toEqual({
      ...{ frames: 3 * LOOP, screens: [], leaps: [], strays: 0, standIns: 0, ahead: 0 },
    });
  });

  it("sees one picture that is missing, and one that is shown twice", () => {
    const numbers = shown(0, LOOP);
    const missing = [...numbers.slice(0, 5), ...numbers.slice(6)];
    expect(bill.judge(missing, { endedMs: at(LOOP - 1) })).toMatchObject({
      leaps: [{ at: 5, by: 1 }],
      ahead: 0,
    });
    const twice = [...numbers.slice(0, 5), ...numbers.slice(4)];
    expect(bill.judge(twice, { endedMs: at(LOOP - 1) })).toMatchObject({
      screens: [{ at: 5, frames: 1 }],
      leaps: [{ at: 6, by: -1 }],
      ahead: 0,
    });
    const still = numbers.map((number, index) => (index > 4 && index < 8 ? numbers[4]! : number));
    expect(bill.judge(still, { endedMs: at(LOOP - 1) })).toMatchObject({
      screens: [{ at: 5, frames: 3 }],
      leaps: [],
      ahead: 0,
    });
  });

  it("counts screens, and knows that the schedule's clock went on beneath them", () => {
    const numbers = shown(0, LOOP).map((number, index) => (index >= 12 && index < 20 ? -1 : number));
    expect(bill.judge(numbers, { endedMs: at(LOOP - 1) })).toMatchObject({
      screens: [{ at: 12, frames: 8, file: "a" }],
      leaps: [],
      ahead: 0,
    });
  });

  it("says how far a channel is from its schedule", () => {
    expect(bill.judge(shown(0, LOOP), { endedMs: at(LOOP + 7) }).ahead).toBe(-8);
    expect(bill.judge([-1, -1], { endedMs: at(20) })).toMatchObject({
      screens: [{ at: 0, frames: 2, file: "a" }],
      ahead: undefined,
    });
  });

  it("does not look at what stands for a broken programme", () => {
    const numbers = shown(0, LOOP).map((number, index) => (index >= 40 && index < 50 ? 7 : number));
    expect(bill.judge(numbers, { endedMs: at(LOOP - 1) }).leaps).not.toEqual([]);
    expect(bill.judge(numbers, { endedMs: at(LOOP - 1), broken: ["b"] })).toMatchObject({
      leaps: [],
      screens: [],
    });
  });

  it("finds the one leap of a schedule that was moved, also out of and into a programme without pictures", () => {
    for (let from = 0; from < LOOP; from++) {
      const numbers = [...shown(from, 45), ...shown(from + 45 + 37, 100)];
      const { leaps, screens, strays, ahead } = bill.judge(numbers, { endedMs: at(from + 144 + 37) });
      expect({ from, strays, screens, leaps: leaps.map(({ by }) => Math.abs(by - 37) <= 1) }).toEqual({
        ...{ from, strays: 0, screens: [], leaps: [true] },
      });
      expect(ahead).toBe(0);
    }
  });

  it("says what is on, for how long, and what comes next", () => {
    expect(bill.at(at(20))).toMatchObject({ programme: A });
    expect(bill.at(at(20)).leftMs).toBeCloseTo(1000 / 3);
    expect(bill.after(C)).toBe(A);
  });
});
