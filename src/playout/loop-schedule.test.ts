import fc from "fast-check";
import { expect, it } from "vitest";
import { LoopSchedule } from "./loop-schedule.ts";

const lengths = fc.array(fc.integer({ min: 1, max: 500_000 }), { minLength: 1, maxLength: 40 });

it("has exactly one item at every frame, each for its length, in order, for ever", () => {
  fc.assert(
    fc.property(lengths, fc.nat(2 ** 46), (all, frame) => {
      const items = all.map((frames, index) => ({ frames, index }));
      const schedule = new LoopSchedule(items);
      let slot = schedule.at(frame);
      expect(slot.startFrame).toBeLessThanOrEqual(frame);
      expect(slot.startFrame + slot.item.frames).toBeGreaterThan(frame);
      for (let step = 0; step < items.length + 1; step++) {
        const next = schedule.after(slot);
        expect(next.startFrame).toBe(slot.startFrame + slot.item.frames);
        expect(next.item.index).toBe((slot.item.index + 1) % items.length);
        slot = next;
      }
    }),
  );
});

it("begins its rounds at the Unix epoch, and stands before it too", () => {
  const schedule = new LoopSchedule([{ frames: 10 }, { frames: 5 }]);
  expect(schedule.at(0)).toEqual({ item: { frames: 10 }, startFrame: 0 });
  expect(schedule.at(14).startFrame).toBe(10);
  expect(schedule.at(15).startFrame).toBe(15);
  expect(schedule.at(-1).startFrame).toBe(-5);
});

it("refuses what has no length", () => {
  expect(() => new LoopSchedule([])).toThrow(RangeError);
  expect(() => new LoopSchedule([{ frames: 0 }])).toThrow(RangeError);
});
