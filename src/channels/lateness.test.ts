import { expect, test } from "vitest";
import { Lateness } from "./lateness.ts";

test("knows how late recent ticks came, and forgets old ones", () => {
  const lateness = new Lateness();
  expect(lateness.percentile(0.5)).toBeUndefined();
  for (let ms = 0; ms < 100; ms++) lateness.add(ms);
  lateness.add(-0.2);
  expect([0, 0.5, 0.99, 1].map((share) => lateness.percentile(share))).toEqual([0, 49, 98, 99]);
  for (let tick = 0; tick < 100_000; tick++) lateness.add(1);
  expect([lateness.percentile(0), lateness.percentile(1)]).toEqual([1, 1]);
});
