import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ManualClock, SystemClock } from "./clock.ts";

describe("ManualClock", () => {
  test("stands still until it is advanced; the wall clock steps alone", async () => {
    const clock = new ManualClock(Date.UTC(2026, 2, 29));
    expect([clock.now(), clock.wallNow()]).toEqual([0, Date.UTC(2026, 2, 29)]);
    await clock.advance(1500);
    expect([clock.now(), clock.wallNow()]).toEqual([1500, Date.UTC(2026, 2, 29) + 1500]);
    clock.stepWall(-10_000);
    expect([clock.now(), clock.wallNow()]).toEqual([1500, Date.UTC(2026, 2, 29) - 8500]);
  });

  test("fires timers in order of their time, then of their making, each at its time", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 50 }), { maxLength: 20 }),
        fc.nat({ max: 60 }),
        async (delays, span) => {
          const clock = new ManualClock();
          const fired: { delay: number; index: number }[] = [];
          delays.forEach((delay, index) => {
            clock.after(delay, () => {
              expect(clock.now()).toBe(delay);
              fired.push({ delay, index });
            });
          });
          await clock.advance(span);
          const due = delays.map((delay, index) => ({ delay, index })).filter(({ delay }) => delay <= span);
          expect(fired).toEqual(due.sort((a, b) => a.delay - b.delay || a.index - b.index));
          expect(clock.pending).toBe(delays.length - due.length);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("timers made while it advances fire within the same advance", async () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const again = () => {
      seen.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    await clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
  });

  test("promise continuations run between timers", async () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    const sleeper = async () => {
      await clock.sleep(5);
      seen.push(`woke at ${clock.now()}`);
      await clock.sleep(5);
      seen.push(`woke at ${clock.now()}`);
    };
    const done = sleeper();
    clock.after(7, () => seen.push("timer at 7"));
    await clock.advance(20);
    await done;
    expect(seen).toEqual(["woke at 5", "timer at 7", "woke at 10"]);
  });

  test("every keeps its grid, and can be cancelled from within", async () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const timer = clock.every(40, () => {
      seen.push(clock.now());
      if (seen.length === 3) timer.cancel();
    });
    await clock.advance(1000);
    expect(seen).toEqual([40, 80, 120]);
    expect(clock.pending).toBe(0);
  });

  test("a cancelled timer does not fire; cancelling twice is harmless", async () => {
    const clock = new ManualClock();
    const timer = clock.after(1, () => expect.unreachable());
    timer.cancel();
    timer.cancel();
    await clock.advance(10);
  });

  test("time never goes back when two advances overlap", async () => {
    const clock = new ManualClock();
    await Promise.all([clock.advance(10), clock.advance(5)]);
    expect(clock.now()).toBeGreaterThanOrEqual(10);
  });
});

describe("sleep", () => {
  test("rejects with the signal's reason when it aborts first, and leaves no timer", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(100, controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  test("rejects at once on a signal that has aborted", async () => {
    const clock = new ManualClock();
    await expect(clock.sleep(100, AbortSignal.abort("no"))).rejects.toBe("no");
    expect(clock.pending).toBe(0);
  });

  test("lets go of the signal when it ends", async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, "removeEventListener");
    const sleeping = clock.sleep(100, signal);
    await clock.advance(100);
    await sleeping;
    expect(remove).toHaveBeenCalledOnce();
  });
});

// The machine's timers, replaced: what is asked of them is what is tested, and nothing waits.
describe("SystemClock", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test("tells monotonic and wall time", () => {
    const clock = new SystemClock();
    expect(clock.wallNow()).toBe(Date.now());
    const before = clock.now();
    vi.setSystemTime(0);
    expect(clock.wallNow()).toBe(0);
    expect(clock.now()).toBe(before);
  });

  test("sleeps, and does not fire what was cancelled", async () => {
    const clock = new SystemClock();
    const seen: string[] = [];
    void clock.sleep(20).then(() => seen.push("woke"));
    clock.after(30, () => expect.unreachable()).cancel();
    await vi.advanceTimersByTimeAsync(19);
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(seen).toEqual(["woke"]);
  });

  test("delays beyond 24.8 days do not fire at once", () => {
    const clock = new SystemClock();
    const year = 365 * 86_400_000;
    let fired = 0;
    clock.after(year, () => fired++);
    const cancelled = clock.after(year, () => expect.unreachable());
    vi.advanceTimersByTime(year - 1);
    expect(fired).toBe(0);
    cancelled.cancel();
    vi.advanceTimersByTime(2);
    expect(fired).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("every leaves out the ticks that a busy event loop missed, and returns to its grid", () => {
    class BusyClock extends SystemClock {
      lostMs = 0;
      override now(): number {
        return super.now() + this.lostMs;
      }
    }
    const clock = new BusyClock();
    const origin = clock.now();
    const seen: number[] = [];
    const timer = clock.every(100, () => {
      seen.push(Math.round(clock.now() - origin));
      if (seen.length === 2) clock.lostMs += 250;
      if (seen.length === 6) timer.cancel();
    });
    vi.advanceTimersByTime(1000);
    expect(seen).toEqual([100, 200, 550, 600, 700, 800]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("an interval is told by how much it comes late", async () => {
  const clock = new ManualClock();
  const lateMs: number[] = [];
  const timer = clock.every(20, (ms) => lateMs.push(ms));
  await clock.advance(40);
  clock.freeze(95);
  await clock.advance(0);
  timer.cancel();
  expect(lateMs).toEqual([0, 0, 75]);
});
