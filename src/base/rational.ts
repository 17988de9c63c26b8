/** An exact fraction; `den` > 0, lowest terms. Used for frame rates and for moving between time bases. */
export interface Rational {
  readonly num: number;
  readonly den: number;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestCommonDivisor(b, a % b);
}

/** The fraction `num`/`den` in lowest terms. Throws RangeError unless both are safe integers and den > 0. */
export function rational(num: number, den = 1): Rational {
  if (!Number.isSafeInteger(num) || !Number.isSafeInteger(den) || den <= 0) {
    throw new RangeError(`not a rational: ${num}/${den}`);
  }
  const divisor = greatestCommonDivisor(num, den);
  return { num: num / divisor, den: den / divisor };
}

/** a/b as a fraction. */
export function divide(a: Rational, b: Rational): Rational {
  return rational(a.num * b.den, a.den * b.num);
}

/** `value`·`factor` rounded down; exact while the product stays below 2^53. */
export function scaleFloor(value: number, factor: Rational): number {
  return Math.floor((value * factor.num) / factor.den);
}

/** `value`·`factor` rounded to nearest, halves up. */
export function scaleRound(value: number, factor: Rational): number {
  return Math.floor((2 * value * factor.num + factor.den) / (2 * factor.den));
}

/** The fraction as a floating-point number. */
export function toNumber(value: Rational): number {
  return value.num / value.den;
}
