import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffDelayMs } from "./backoff.ts";
import { seededRandom } from "./random.ts";

const policy = { baseMs: 200, capMs: 10_000 };

test("the ceiling doubles with each attempt, up to the cap", () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 6, 7, 1000].map((attempt) => backoffDelayMs(policy, attempt, () => 1));
  expect(ceilings).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
});

test("always a number within [0, cap)", () => {
  const bounds = fc.record({ baseMs: fc.nat({ max: 60_000 }), capMs: fc.integer({ min: 1, max: 600_000 }) });
  fc.assert(
    fc.property(bounds, fc.integer(), fc.integer(), (anyPolicy, attempt, seed) => {
      const delay = backoffDelayMs(anyPolicy, attempt, seededRandom(seed));
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThan(anyPolicy.capMs);
    }),
  );
});

test("a base of zero means no delay, however often it failed", () => {
  expect(backoffDelayMs({ baseMs: 0, capMs: 100 }, 5000, () => 0.5)).toBe(0);
});

test("the jitter spreads over the whole range", () => {
  const random = seededRandom(7);
  const delays = Array.from({ length: 1000 }, () => backoffDelayMs(policy, 3, random));
  const quarters = [0, 1, 2, 3].map((n) => delays.filter((delay) => Math.floor(delay / 400) === n).length);
  for (const count of quarters) expect(count).toBeGreaterThan(200);
});
