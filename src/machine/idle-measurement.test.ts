import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { IdleMeasurement } from "./idle-measurement.ts";

function bench() {
  const clock = new ManualClock();
  const state = { idle: true, begun: 0, done: 0, running: 0 };
  const failures: unknown[] = [];
  let outcome: () => void = () => {};
  const measurement = new IdleMeasurement({
    clock,
    isIdle: () => state.idle,
    measure: async (signal) => {
      state.begun++;
      state.running++;
      await clock.sleep(3000, signal).finally(() => state.running--);
      outcome();
      state.done++;
    },
    onFailure: (failure) => failures.push(failure),
  });
  const failWith = (failure: Error) => {
    outcome = () => {
      throw failure;
    };
  };
  return { clock, state, failures, measurement, failWith };
}

describe("a measurement at idle time", () => {
  it("is made once, when nothing has been on air for five seconds", async () => {
    const { clock, state } = bench();
    await clock.advance(4_900);
    expect(state.begun).toBe(0);
    await clock.advance(4_000);
    expect(state).toMatchObject({ begun: 1, done: 1 });
    await clock.advance(60_000);
    expect(state.begun).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it("makes way for a channel at once, and is made up for when all are off air again", async () => {
    const { clock, state, measurement } = bench();
    await clock.advance(6_000);
    expect(state.running).toBe(1);
    state.idle = false;
    measurement.disturb();
    await clock.advance(0);
    expect(state.running).toBe(0);
    await clock.advance(60_000);
    expect(state.begun).toBe(1);
    state.idle = true;
    await clock.advance(10_000);
    expect(state).toMatchObject({ begun: 2, done: 1 });
  });

  it("that fails is told of and not repeated", async () => {
    const { clock, state, failures, failWith } = bench();
    const failure = new Error("no encoder");
    failWith(failure);
    await clock.advance(30_000);
    expect(failures).toEqual([failure]);
    expect(state.begun).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it("leaves nothing running when it is closed", async () => {
    const { clock, state, measurement, failures } = bench();
    await clock.advance(6_000);
    await measurement.close();
    expect(state).toMatchObject({ running: 0, done: 0 });
    expect(clock.pending).toBe(0);
    expect(failures).toEqual([]);
  });
});
