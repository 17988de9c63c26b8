import { expect, it } from "vitest";
import { looked, standIn } from "./preferred-source.ts";

it.each([
  [
    "well for long enough",
    60_000,
    [
      [15, true],
      [30, true],
      [60, true],
      [75, true],
    ],
    75,
  ],
  [
    "one bad look begins anew",
    60_000,
    [
      [15, true],
      [60, false],
      [74, true],
      [120, true],
      [134, true],
    ],
    134,
  ],
  [
    "never well",
    60_000,
    [
      [15, false],
      [30, false],
      [600, false],
    ],
    undefined,
  ],
  [
    "a short wait still takes two looks",
    1_000,
    [
      [2, true],
      [4, true],
    ],
    4,
  ],
] as const)("a preferred source: %s", (_, returnAfterMs, looks, due) => {
  let state = standIn(0, returnAfterMs);
  let returned: number | undefined;
  for (const [seconds, isWell] of looks) {
    const outcome = looked(state, isWell, seconds * 1000, returnAfterMs);
    state = outcome.state;
    if (outcome.isDue) returned ??= seconds;
  }
  expect(returned).toBe(due);
});

it.each([
  [1_000, 2_000],
  [20_000, 5_000],
  [600_000, 15_000],
])("with %d ms to wait it is looked at every %d ms", (returnAfterMs, everyMs) => {
  expect(standIn(0, returnAfterMs).nextLookMs).toBe(everyMs);
});
