import { expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import { commonestRate } from "./frame-rates.ts";

const minutes = (framesPerSecond: number, count: number) => ({ framesPerSecond, seconds: count * 60 });

it.each([
  [[minutes(25, 90), minutes(23.976, 60)], rational(25)],
  // 24 and 23.976 stand together against 25, and the commoner of the two is taken.
  [[minutes(25, 90), minutes(24000 / 1001, 60), minutes(24, 40)], rational(24_000, 1001)],
  [[minutes(29.97, 1)], rational(30_000, 1001)],
  [[minutes(59.94, 1), minutes(60, 2)], rational(60)],
  // Rates of no family (a screen capture, a slide show) have no vote.
  [[minutes(12.5, 500), minutes(50, 1)], rational(50)],
  [[minutes(7, 10)], undefined],
  [[], undefined],
])("%j gives %j", (files, expected) => {
  expect(commonestRate(files)).toEqual(expected);
});
