import { expect, it } from "vitest";
import { restartStep } from "./restart-ladder.ts";

it("retries at once, then with patience, then over the bad spot, and ends", () => {
  const steps = Array.from({ length: 9 }, (_, index) => restartStep(index + 1, () => 1));
  expect(steps.map((step) => step?.skipGops)).toEqual([0, 0, 1, 2, 4, 8, 16, undefined, undefined]);
  const delays = steps.flatMap((step) => (step ? [step.delayMs] : []));
  expect(delays[0]).toBe(0);
  expect(delays).toEqual([...delays].sort((a, b) => a - b));
  expect(Math.max(...delays)).toBeLessThanOrEqual(4000);
});

it("spreads the delays of channels that failed together", () => {
  expect(restartStep(5, () => 0)?.delayMs).toBe(0);
  expect(restartStep(5, () => 0.5)?.delayMs).toBe(1000);
});
