import { describe, expect, test } from "vitest";
import { DEFAULT_POLICY, decide } from "../../bin/restart-policy.js";

const SERVING = {
  ...{ code: null, signal: null, serves: true, wasReady: true, isStopping: false },
  ...{ restartsMs: [], nowMs: 1_000_000 },
};
const always = (value: number) => () => value;

describe("a server that has ended", () => {
  test.each([
    ["was killed", { signal: "SIGKILL" }, "restart"],
    ["crashed", { signal: "SIGSEGV" }, "restart"],
    ["ran out of heap", { signal: "SIGABRT" }, "restart"],
    ["ran out of heap (told as a status)", { code: 134 }, "restart"],
    ["had a fault that nothing caught", { code: 1 }, "restart"],
    ["had a fault before it was ready", { code: 1, wasReady: false }, "restart"],
    ["ended in order", { code: 0 }, "end"],
    ["was told to end", { code: 0, isStopping: true }, "end"],
    ["took too long to end and was killed", { signal: "SIGKILL", isStopping: true }, "end"],
    ["was told twice", { code: 130, isStopping: true }, "end"],
    ["was interrupted itself during its start", { code: 130, wasReady: false }, "end"],
    ["was told to end before it could hear", { signal: "SIGTERM" }, "end"],
    ["has a configuration that is not valid", { code: 2, wasReady: false }, "end"],
    ["finds its port taken, after it has been on air", { code: 2 }, "restart"],
    ["is no server: another verb", { code: 1, serves: false }, "end"],
    ["is no server, and crashed", { signal: "SIGSEGV", serves: false }, "end"],
  ] as const)("%s", (_, ending, step) => {
    expect(decide({ ...SERVING, ...ending }, DEFAULT_POLICY, always(0)).step).toBe(step);
  });
});

describe("restarts", () => {
  const decided = (restartsMs: readonly number[], random = 0.999_999) =>
    decide({ ...SERVING, signal: "SIGKILL", restartsMs }, DEFAULT_POLICY, always(random));
  const recent = (count: number) => Array.from({ length: count }, (_, index) => SERVING.nowMs - 1000 * index);

  test("wait longer each time, up to a bound", () => {
    const waits = Array.from({ length: DEFAULT_POLICY.maxRestarts }, (_, count) => decided(recent(count)));
    expect(waits.map((each) => each.step === "restart" && Math.round(each.delayMs))).toEqual([
      ...[250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000],
    ]);
  });

  test("wait any time up to that, so that many servers do not come back together", () => {
    expect(decided(recent(3), 0)).toEqual({ step: "restart", delayMs: 0 });
    expect(decided(recent(3), 0.5)).toEqual({ step: "restart", delayMs: 1000 });
  });

  test("end when there were too many in the window, and only in the window", () => {
    const { maxRestarts, windowMs } = DEFAULT_POLICY;
    expect(decided(recent(maxRestarts - 1)).step).toBe("restart");
    expect(decided(recent(maxRestarts)).step).toBe("give_up");
    expect(decided(recent(maxRestarts).map((atMs) => atMs - windowMs))).toMatchObject({ step: "restart" });
  });

  test("can be forbidden", () => {
    const never = { ...DEFAULT_POLICY, maxRestarts: 0 };
    expect(decide({ ...SERVING, signal: "SIGKILL" }, never, always(0))).toEqual({ step: "give_up" });
  });
});
