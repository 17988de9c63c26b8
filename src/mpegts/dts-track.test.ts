import fc from "fast-check";
import { expect, test } from "vitest";
import { DtsTrack } from "./dts-track.ts";

/** The same figures from a list of all steps, as tsprobe makes them. */
function fromList(steps: readonly number[]) {
  const sorted = [...steps].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  return {
    median,
    min: sorted[0],
    max: sorted.at(-1),
    gaps: steps.filter((step) => median !== 0 && step > 1.5 * median + 90).length,
    overlaps: steps.filter((step) => step > 0 && step < 0.5 * median - 90).length,
  };
}

test("figures equal those of the whole list of steps", () => {
  const step = fc.oneof(fc.constantFrom(3600, 1920, 3003), fc.integer({ min: -9000, max: 20_000 }));
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), (steps) => {
      const track = new DtsTrack();
      let dts = 10_000_000;
      track.push(dts);
      for (const each of steps) {
        dts += each;
        track.push(dts);
      }
      expect(track.summary()).toEqual(fromList(steps));
      expect(track.backward).toBe(steps.filter((each) => each <= 0).length);
    }),
  );
});

test("once the step is known, each fault is told when it comes", () => {
  const track = new DtsTrack();
  for (let frame = 0; frame < 20; frame++) expect(track.push(frame * 3600)).toBe("ok");
  expect(track.push(21 * 3600)).toBe("gap");
  expect(track.push(21 * 3600 + 900)).toBe("overlap");
  expect(track.push(20 * 3600)).toBe("backward");
  track.forget();
  expect(track.push(1)).toBe("ok");
});

test("memory is bounded, however many different steps there are", () => {
  const track = new DtsTrack();
  let dts = 0;
  for (let index = 0; index < 200_000; index++) {
    dts = (dts + 3000 + (index % 1201)) % 2 ** 33;
    track.push(dts);
  }
  expect(track.summary().median).toBeCloseTo(3600, -2);
  expect(track.summary()).toMatchObject({ min: 3000, max: 4200, gaps: 0, overlaps: 0 });
});
