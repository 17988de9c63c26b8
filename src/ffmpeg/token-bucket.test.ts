import fc from "fast-check";
import { expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { TokenBucket } from "./token-bucket.ts";

it("lets as many through in any span of time as the rate allows, and one burst", async () => {
  const waits = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0.2, max: 20, noNaN: true }), waits, async (perSecond, steps) => {
      const clock = new ManualClock();
      const bucket = new TokenBucket(clock, perSecond);
      const taken: number[] = [];
      for (const ms of steps) {
        clock.freeze(ms);
        while (bucket.take()) taken.push(clock.now());
        expect(bucket.waitMs).toBeGreaterThan(0);
        expect(bucket.waitMs).toBeLessThanOrEqual(1000 / perSecond + 1);
      }
      for (const [first, fromMs] of taken.entries()) {
        for (const [index, atMs] of taken.slice(first).entries()) {
          const most = Math.max(1, perSecond) + ((atMs - fromMs) / 1000) * perSecond;
          expect(index + 1).toBeLessThanOrEqual(most + 1e-6);
        }
      }
    }),
    { numRuns: 60 },
  );
});

it("follows another rate at once", () => {
  const clock = new ManualClock();
  const bucket = new TokenBucket(clock, 10);
  for (let taken = 0; taken < 10; taken++) expect(bucket.take()).toBe(true);
  expect(bucket.take()).toBe(false);
  bucket.setRate(1);
  expect(bucket.waitMs).toBe(1000);
  clock.freeze(1000);
  expect([bucket.take(), bucket.take()]).toEqual([true, false]);
});
