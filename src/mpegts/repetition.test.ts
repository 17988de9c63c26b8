import { expect, test } from "vitest";
import { Repetition } from "./repetition.ts";

function watch() {
  const waits: number[] = [];
  return { waits, repetition: new Repetition(500, (waitedMs) => waits.push(waitedMs), 100) };
}

test("a wait beyond the limit is told once, and again after the next occurrence", () => {
  const { waits, repetition } = watch();
  repetition.seen(0);
  for (let now = 0; now <= 1200; now += 100) repetition.tick(now);
  expect(waits).toEqual([600]);
  repetition.seen(1200);
  repetition.tick(1700);
  repetition.tick(1800);
  expect(waits).toEqual([600, 600]);
  expect(repetition).toMatchObject({ maxGapMs: 1200, count: 2 });
});

test("the first one is waited for from the moment it is expected, or not at all", () => {
  const { waits, repetition } = watch();
  repetition.tick(10_000);
  repetition.expect(10_000);
  repetition.expect(10_400);
  repetition.tick(10_501);
  expect(waits).toEqual([501]);
  repetition.seen(10_600);
  repetition.pause();
  repetition.tick(20_000);
  expect(waits).toEqual([501]);
});

test("gaps beyond the aim are counted, but not those that only rounding makes", () => {
  const { repetition } = watch();
  for (const now of [0, 100, 200.04, 300.2, 300.2, 450]) repetition.seen(now);
  expect(repetition.overAim).toBe(2);
  expect(repetition.maxGapMs).toBeCloseTo(149.8);
});
