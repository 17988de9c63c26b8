import fc from "fast-check";
import { expect, test } from "vitest";
import { RateWindow } from "./rate-window.ts";

test("a steady rate is told, from the first second on", () => {
  const rate = new RateWindow(500);
  for (let atMs = 540; atMs <= 60_500; atMs += 40) {
    rate.add(atMs, 20_000);
    if (atMs >= 1_500) expect(Math.abs(rate.bps(atMs) / 4_000_000 - 1)).toBeLessThan(0.06);
  }
});

test("what is older than ten seconds is forgotten, bit by bit and at once", () => {
  const rate = new RateWindow(0);
  rate.add(0, 1_000_000);
  expect(rate.bps(0)).toBe(8_000_000);
  expect(rate.bps(4_000)).toBe(2_000_000);
  expect(rate.bps(9_999)).toBeGreaterThan(0);
  expect(rate.bps(10_000)).toBe(0);
  rate.add(10_000, 5_000);
  expect(rate.bps(3_600_000)).toBe(0);
});

test("is never more than all bytes in one second, and never negative", () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 15_000 }), fc.nat({ max: 1e9 })), { maxLength: 30 });
  fc.assert(
    fc.property(steps, (pairs) => {
      const rate = new RateWindow(0);
      let nowMs = 0;
      let total = 0;
      for (const [waitMs, bytes] of pairs) {
        nowMs += waitMs;
        total += bytes;
        rate.add(nowMs, bytes);
        expect(rate.bps(nowMs)).toBeGreaterThanOrEqual(0);
        expect(rate.bps(nowMs)).toBeLessThanOrEqual(total * 8);
      }
    }),
  );
});
