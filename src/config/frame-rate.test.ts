import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rational, toNumber } from "../base/rational.ts";
import { frameRateChoice, parseFrameRate } from "./frame-rate.ts";

describe("parseFrameRate", () => {
  test.each([
    [23.976, 24_000, 1001],
    [23.98, 24_000, 1001],
    [24, 24, 1],
    [25, 25, 1],
    [29.97, 30_000, 1001],
    [29.970_029_97, 30_000, 1001],
    [30, 30, 1],
    [47.952, 48_000, 1001],
    [50, 50, 1],
    [59.94, 60_000, 1001],
    [60, 60, 1],
    [119.88, 120_000, 1001],
    [12.5, 25, 2],
    [14.985, 2997, 200],
  ])("%d is %d/%d", (value, num, den) => {
    expect(parseFrameRate(value)).toEqual({ num, den });
  });

  test("stays within the precision of what was written", () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 120, noNaN: true }), (value) => {
        expect(Math.abs(toNumber(parseFrameRate(value)) - value)).toBeLessThanOrEqual(0.005);
      }),
    );
  });

  test.each([0, -25, 1e-9, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d", (value) => {
    expect(() => parseFrameRate(value)).toThrow(RangeError);
  });
});

test("auto takes the commonest rate of the media, or 30 when there is none", () => {
  expect(frameRateChoice("auto", () => rational(24_000, 1001))).toEqual(rational(24_000, 1001));
  expect(frameRateChoice("auto", () => undefined)).toEqual(rational(30));
  expect(frameRateChoice(29.97, () => rational(25))).toEqual(rational(30_000, 1001));
});
