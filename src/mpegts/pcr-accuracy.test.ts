import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { PcrAccuracy } from "./pcr-accuracy.ts";

const PACKETS = 20;
const TICKS = 540_000; // 20 ms

function judge(
  count: number,
  errorAt: (index: number) => number,
  bytesAt = (index: number) => index * PACKETS * 188,
) {
  const accuracy = new PcrAccuracy();
  for (let index = 0; index < count; index++) accuracy.push(bytesAt(index), index * TICKS + errorAt(index));
  return accuracy.result();
}

test("exact PCRs at constant rate, also rounded to whole ticks", () => {
  expect(judge(1000, () => 0)).toMatchObject({ constantRate: true, errors: 0 });
  const random = seededRandom(1);
  const rounded = judge(1000, () => Math.round(random() - 0.5));
  expect(rounded.constantRate).toBe(true);
  expect(rounded.errors).toBe(0);
  expect(rounded.worstNs).toBeLessThan(60);
});

test("single wrong PCRs are counted and measured, and do not taint the others", () => {
  const result = judge(640, (index) => (index % 100 === 50 ? 135_000 : 0));
  expect(result).toMatchObject({ constantRate: true, errors: 6 });
  expect(result.worstNs).toBeCloseTo(5_000_000, -3);
});

test("PCRs that all waver by microseconds are wrong, not a varying rate", () => {
  const random = seededRandom(2);
  const result = judge(640, () => Math.round((random() - 0.5) * 270));
  expect(result.constantRate).toBe(true);
  expect(result.errors).toBeGreaterThan(400);
});

test("a varying rate, steps of the rate and too few PCRs are not judged", () => {
  const random = seededRandom(3);
  let bytes = 0;
  expect(
    judge(
      640,
      () => 0,
      () => (bytes += 188 * Math.ceil(random() * 40)),
    ).constantRate,
  ).toBe(false);
  expect(
    judge(
      640,
      () => 0,
      (index) => (index < 320 ? index : 2 * index - 320) * 3760,
    ).constantRate,
  ).toBe(false);
  expect(judge(15, () => 0).constantRate).toBeUndefined();
  expect(judge(16, () => 0).constantRate).toBe(true);
});
