import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "./random.ts";

const draw = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

test("is mulberry32", () => {
  expect(draw(0, 1)[0]).toBe(0.26642920868471265);
});

test("the same seed gives the same sequence, within [0, 1); another seed another one", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const first = draw(seed, 20);
      expect(draw(seed, 20)).toEqual(first);
      expect(draw(seed + 1, 20)).not.toEqual(first);
      for (const value of first) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(1);
      }
    }),
  );
});

test("is uniform enough: ten bins of 100,000 draws lie within 3 % of each other", () => {
  const bins = new Array<number>(10).fill(0);
  for (const value of draw(42, 100_000)) bins[Math.floor(value * 10)]! += 1;
  for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(300);
});
