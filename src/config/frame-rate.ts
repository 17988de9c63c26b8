import { type Rational, rational, toNumber } from "../base/rational.ts";

/** Nominal rates whose NTSC variant runs slower by 1000/1001 (23.976 for 24, 29.97 for 30, and so on). */
const NTSC_NOMINALS = [24, 30, 48, 60, 120];

/** Half of what the last written digit of 23.98 or 29.97 stands for. */
const WRITTEN_PRECISION = 0.005;

/** What `house_format.fps` amounts to: the written rate, or with "auto" the media's own, or else 30. */
export function frameRateChoice(choice: number | "auto", commonest: () => Rational | undefined): Rational {
  return choice === "auto" ? (commonest() ?? rational(30)) : parseFrameRate(choice);
}

/**
 * The exact rate that a person means by a decimal number: 23.976 and 23.98 are 24000/1001, 29.97 is 30000/1001,
 * 59.94 is 60000/1001; whole numbers are themselves, other decimals count to the thousandth. Throws RangeError
 * unless positive and finite.
 */
export function parseFrameRate(value: number): Rational {
  if (!Number.isFinite(value) || value < 0.001) throw new RangeError(`not a frame rate: ${value}`);
  if (Number.isInteger(value)) return rational(value);
  for (const nominal of NTSC_NOMINALS) {
    const ntsc = rational(nominal * 1000, 1001);
    if (Math.abs(toNumber(ntsc) - value) < WRITTEN_PRECISION) return ntsc;
  }
  return rational(Math.round(value * 1000), 1000);
}
