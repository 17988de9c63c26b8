import { expect, it } from "vitest";
import type { Retry } from "../ffmpeg/failure-row.ts";
import { classify, FAILURE_ROWS } from "../ffmpeg/failures.ts";
import { restartStep, stricter } from "./restart-ladder.ts";

it("retries at once, then with patience, then over the bad spot, then now and then", () => {
  const steps = Array.from({ length: 9 }, (_, index) => restartStep(index + 1, () => 1));
  expect(steps.map((step) => step?.skipGops)).toEqual([0, 0, 1, 2, 4, 8, 16, 0, 0]);
  const delays = steps.flatMap((step) => (step ? [step.delayMs] : []));
  expect(delays[0]).toBe(0);
  expect(delays).toEqual([...delays].sort((a, b) => a - b));
  expect(Math.max(...delays)).toBeLessThanOrEqual(15_000);
});

it("spreads the delays of channels that failed together", () => {
  expect(restartStep(5, () => 0)?.delayMs).toBe(0);
  expect(restartStep(5, () => 0.5)?.delayMs).toBe(1000);
});

const SLOW = { baseMs: 500, capMs: 2000 };

it.each<[string, Retry, number[], number[]]>([
  [
    "usual: the same ladder as without a name",
    { kind: "usual" },
    [0, 0, 1, 2, 4, 8, 16, 0, 0],
    [0, 250, 500],
  ],
  ["step_over: one try, then over it", { kind: "step_over" }, [0, 1, 2, 4, 8, 16], [0, 500, 1000]],
  [
    "backoff: the same place only",
    { kind: "backoff", attempts: 4, backoff: SLOW },
    [0, 0, 0, 0],
    [500, 1000, 2000, 2000],
  ],
  ["never", { kind: "never" }, [], []],
])("%s", (_, retry, skips, delays) => {
  const steps = Array.from({ length: 9 }, (_, index) => restartStep(index + 1, () => 1, retry));
  expect(steps.flatMap((step) => (step ? [step.skipGops] : []))).toEqual(skips);
  expect(steps.slice(0, delays.length).map((step) => step?.delayMs)).toEqual(delays);
});

it("every remedy of a file ends: seven tries at most, and it is given up within 12 s", () => {
  for (const { class: name, remedy } of FAILURE_ROWS) {
    if (remedy.retry.kind === "usual") continue;
    let [tries, waitedMs] = [0, 0];
    for (
      let step = restartStep(1, () => 1, remedy.retry);
      step;
      step = restartStep(++tries + 1, () => 1, remedy.retry)
    ) {
      waitedMs += step.delayMs;
    }
    expect(tries, name).toBeLessThanOrEqual(7);
    if (remedy.scope === "item") expect(waitedMs, name).toBeLessThanOrEqual(12_000);
  }
});

it.each([
  "missing",
  "truncated_mp4",
  "corrupt",
  "truncated",
  "security_block",
  "capability_missing",
  "track_missing",
])("%s: no more than one retry", (name) => {
  const remedy = FAILURE_ROWS.find((row) => row.class === name)!.remedy;
  expect(restartStep(2, () => 1, remedy.retry)).toBeUndefined();
});

it("a killed encoder is replaced at once, as one without a name", () => {
  const { remedy } = classify({ stderr: [], exit: { code: null, signal: "SIGKILL" } })!;
  for (let failures = 1; failures < 9; failures++) {
    expect(restartStep(failures, () => 0.7, remedy.retry)).toEqual(restartStep(failures, () => 0.7));
  }
});

it("in a row of failures the strictest remedy governs", () => {
  const once: Retry = { kind: "backoff", attempts: 1, backoff: SLOW };
  expect(stricter(undefined, undefined)).toBeUndefined();
  expect(stricter(undefined, once)).toBe(once);
  expect(stricter(once, undefined)).toBe(once);
  expect(stricter(once, { kind: "step_over" })).toBe(once);
  expect(stricter({ kind: "usual" }, once)).toBe(once);
  expect(stricter(once, { kind: "never" })).toEqual({ kind: "never" });
});
