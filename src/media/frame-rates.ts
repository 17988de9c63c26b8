import { type Rational, rational, toNumber } from "../base/rational.ts";

/** The rates of film and television, by family: a family's members differ by 0.1 % at most. */
const FAMILIES: readonly (readonly Rational[])[] = [
  [rational(24_000, 1001), rational(24)],
  [rational(25)],
  [rational(30_000, 1001), rational(30)],
  [rational(50)],
  [rational(60_000, 1001), rational(60)],
];
const TOLERANCE = 0.01;

/**
 * The commonest rate among a channel's files: the family with the most seconds of media, and in it the member
 * with the most. Rates that belong to no family have no vote; undefined when nobody votes.
 */
export function commonestRate(
  files: readonly { readonly framesPerSecond: number; readonly seconds: number }[],
): Rational | undefined {
  const secondsOf = new Map<Rational, number>();
  for (const { framesPerSecond, seconds } of files) {
    const rate = nearestRate(framesPerSecond);
    if (rate) secondsOf.set(rate, (secondsOf.get(rate) ?? 0) + seconds);
  }
  const total = (family: readonly Rational[]) =>
    family.reduce((sum, rate) => sum + (secondsOf.get(rate) ?? 0), 0);
  const best = FAMILIES.reduce((a, b) => (total(b) > total(a) ? b : a));
  if (total(best) === 0) return undefined;
  return best.reduce((a, b) => ((secondsOf.get(b) ?? 0) > (secondsOf.get(a) ?? 0) ? b : a));
}

function nearestRate(framesPerSecond: number): Rational | undefined {
  const distance = (rate: Rational) => Math.abs(toNumber(rate) - framesPerSecond);
  const nearest = FAMILIES.flat().reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return distance(nearest) <= TOLERANCE * toNumber(nearest) ? nearest : undefined;
}
