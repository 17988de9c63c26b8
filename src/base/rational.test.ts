import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { divide, rational, scaleFloor, scaleRound, toNumber } from "./rational.ts";

const positive = fc.integer({ min: 1, max: 1_000_000 });
const fraction = fc.tuple(positive, positive).map(([num, den]) => rational(num, den));

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n ? quotient - 1n : quotient;
}

test("lowest terms, same value, den above 0", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), positive, (num, den) => {
      const value = rational(num, den);
      expect(value.den).toBeGreaterThan(0);
      expect(BigInt(value.num) * BigInt(den)).toBe(BigInt(num) * BigInt(value.den));
      expect(rational(value.num, value.den)).toEqual(value);
      expect(toNumber(value)).toBeCloseTo(num / den, 12);
    }),
  );
});

describe("refuses what is no fraction of safe integers", () => {
  test.each([
    [1, 0],
    [1, -2],
    [0.5, 1],
    [1, 1.5],
    [Number.NaN, 1],
    [2 ** 53, 1],
    [1, Number.POSITIVE_INFINITY],
  ])("%d/%d", (num, den) => {
    expect(() => rational(num, den)).toThrow(RangeError);
  });

  test("a quotient by zero, and one that is too large", () => {
    expect(() => divide(rational(1), rational(0))).toThrow(RangeError);
    expect(() => divide(rational(2 ** 52 + 1), rational(1, 3))).toThrow(RangeError);
  });
});

test("divide undoes itself", () => {
  fc.assert(
    fc.property(fraction, fraction, (a, b) => {
      const quotient = divide(a, b);
      expect(BigInt(quotient.num) * BigInt(b.num) * BigInt(a.den)).toBe(
        BigInt(quotient.den) * BigInt(b.den) * BigInt(a.num),
      );
    }),
  );
});

test("scaleFloor and scaleRound agree with exact arithmetic, halves up", () => {
  const values = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });
  fc.assert(
    fc.property(values, fraction, (value, factor) => {
      const [num, den] = [BigInt(factor.num), BigInt(factor.den)];
      expect(BigInt(scaleFloor(value, factor))).toBe(floorDivide(BigInt(value) * num, den));
      expect(BigInt(scaleRound(value, factor))).toBe(floorDivide(2n * BigInt(value) * num + den, 2n * den));
    }),
    { numRuns: 500 },
  );
});

test("the product may reach 2^53", () => {
  const factor = rational(90_000 * 1001, 24_000);
  expect(scaleFloor(500_000_000_000, factor)).toBe(1_876_875_000_000_000);
  expect(scaleFloor(500_000_000_001, factor)).toBe(1_876_875_000_003_753);
});
