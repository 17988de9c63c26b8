import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../base/errors.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import { film, grid, RESTART, Reel } from "./reel.fixtures.ts";
import { GOP, item, type Opened } from "./studio.fixtures.ts";
import type { SwapOutcome } from "./swap.ts";

describe("a move", () => {
  it("to an edited schedule changes nothing where both are the same, and goes on where it is", async () => {
    const [a, b, c] = [item("a", 25 * GOP), item("bb", 20 * GOP), item("ccc", 20 * GOP)];
    const reel = new Reel([a, b]);
    await reel.run(10_000);
    const edited = new LoopSchedule([c, b, a]);
    const swapping = reel.succession.follow(edited, reel.studio.open);
    await reel.run(60_000);
    const outcome = (await swapping) as Extract<SwapOutcome, { outcome: "swapped" }>;
    expect(outcome.outcome).toBe("swapped");
    expect(reel.types()).not.toContain("screen_started");
    const anchorFrame = reel.succession.line.anchorFrame;
    // A few frames at the most, so that a Gop can end there.
    expect(Math.abs(anchorFrame - reel.anchorFrame)).toBeLessThanOrEqual(3);
    for (const { frame, run, itemFrame } of reel.aired) {
      const [schedule, anchor] =
        frame < outcome.frame ? [reel.schedule, reel.anchorFrame] : [edited, anchorFrame];
      const slot = schedule.at(anchor + frame);
      expect([run?.title, itemFrame]).toEqual([slot.item.title, anchor + frame - slot.startFrame]);
    }
    await reel.close();
  });

  it("after a step of the wall clock costs no screen, and ends where the schedule is", async () => {
    const reel = new Reel([item("a", 1234), item("b", 999), item("c", 1802)]);
    await reel.run(15_000);
    reel.clock.stepWall(3_600_000 + 37_123);
    await reel.run(25_000);
    expect(reel.types().filter((type) => type === "reanchored" || type === "swapped")).toEqual([
      "reanchored",
      "swapped",
    ]);
    expect(reel.types()).not.toContain("screen_started");
    expect(reel.aired.every(({ run }) => run !== undefined)).toBe(true);
    const anchor = reel.succession.line.anchorFrame;
    expect(
      Math.abs(grid.milliseconds(anchor) - grid.milliseconds(reel.anchorFrame) - 3_637_123),
    ).toBeLessThan(150);
    await reel.close();
  });

  it("is made without anything ready when that takes too long, and comes back by itself", async () => {
    const reel = new Reel([item("a", 3000), item("b", 3000)]);
    await reel.run(15_000);
    let broken = true;
    const [old] = reel.studio.opened;
    reel.studio.onGop = (_, __, run) => {
      if (broken && run !== old) throw new AppError("encoder_failed", "no");
    };
    reel.clock.stepWall(50_000);
    // On air goes on what was on.
    await reel.run(10_000);
    expect(reel.types()).not.toContain("screen_started");
    await reel.run(15_000);
    expect(reel.types()).toContain("screen_started");
    broken = false;
    await reel.run(40_000);
    expect(reel.types()).toContain("screen_ended");
    await reel.close();
  });

  it("goes before an operator's wish", async () => {
    const reel = new Reel([film()]);
    await reel.run(10_000);
    const moving = reel.succession.follow(new LoopSchedule([item("g", 3000)]), reel.studio.open);
    expect(await reel.succession.swap(RESTART)).toMatchObject({ reason: { class: "moving" } });
    await reel.run(3_000);
    expect(await moving).toMatchObject({ outcome: "swapped", to: { title: "g" } });
    const wish = reel.succession.swap({ ...RESTART, kind: "item", item: item("other", 3000) });
    void reel.succession.follow(reel.schedule, reel.studio.open);
    expect(await wish).toMatchObject({ outcome: "superseded" });
    await reel.run(3_000);
    await reel.close();
  });
});

describe("whatever happens", () => {
  const step = fc.record({
    kind: fc.constantFrom("restart", "profile", "item", "now", "follow", "step", "death"),
    afterMs: fc.integer({ min: 0, max: 6_000 }),
    patienceMs: fc.integer({ min: 500, max: 8_000 }),
    fate: fc.constantFrom("well", "dies", "hangs", "slow"),
  });

  it("the timeline has no gap, nobody's processes are left, and the schedule is kept", async () => {
    const frames = fc.integer({ min: GOP, max: 700 }).filter((count) => count % GOP !== 1);
    await fc.assert(
      fc.asyncProperty(
        fc.array(frames, { minLength: 1, maxLength: 4 }),
        fc.array(step, { minLength: 1, maxLength: 12 }),
        async (lengths, steps) => {
          const items = lengths.map((length, index) => item("x".repeat(index + 1), length));
          const reel = new Reel(items);
          const outcomes: Promise<SwapOutcome>[] = [];
          const never = new Promise<void>(() => {});
          const fates = new Map<Opened, string>();
          let fate = "well";
          let deaths = 0;
          reel.studio.onGop = async (_, __, run) => {
            if (!fates.has(run)) {
              fates.set(run, fate);
              fate = "well";
            }
            if (deaths > 0 && deaths--) throw new AppError("encoder_failed", "SIGKILL");
            if (fates.get(run) === "dies") throw new AppError("encoder_failed", "no");
            if (fates.get(run) === "hangs") await never;
            if (fates.get(run) === "slow") await reel.clock.sleep(700);
          };
          await reel.run(9_000);
          for (const each of steps) {
            fate = each.fate;
            const { patienceMs } = each;
            const at = each.kind === "now" ? "now" : "lead";
            const { slot } = reel.succession.placeOf(at);
            const slotStart = slot.startFrame;
            if (each.kind === "step") reel.clock.stepWall(each.afterMs * 1000 - 3_000_000);
            else if (each.kind === "death") deaths = 2;
            else if (each.kind === "follow")
              outcomes.push(reel.succession.follow(new LoopSchedule(items.toReversed()), reel.studio.open));
            else if (each.kind === "item")
              outcomes.push(
                reel.succession.swap({
                  kind: "item",
                  item: item("other", slot.item.frames),
                  slotStart,
                  patienceMs,
                }),
              );
            else if (each.kind === "profile")
              outcomes.push(reel.succession.swap({ kind: "profile", profile: "safe", patienceMs }));
            else outcomes.push(reel.succession.swap({ kind: "restart", at, patienceMs }));
            await reel.run(each.afterMs);
          }
          await reel.run(10_000);
          await reel.close();
          await Promise.all(outcomes);
          // Everything that was due has been on air: Reel.run checks that it abuts.
          expect(reel.airedEnd).toBeGreaterThanOrEqual(grid.framesIn(reel.clock.now() - 60_000) - 2);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("restarts and other profiles, ready or not, lose no frame and repeat none", async () => {
    const restart = fc.record({
      at: fc.constantFrom("lead" as const, "now" as const),
      profile: fc.constantFrom(undefined, "software" as const, "usual" as const),
      afterMs: fc.integer({ min: 0, max: 4_000 }),
      patienceMs: fc.integer({ min: 500, max: 8_000 }),
      fate: fc.constantFrom("well", "dies", "hangs", "slow"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(restart, { minLength: 1, maxLength: 20 }), async (steps) => {
        const reel = new Reel([film()]);
        const outcomes: Promise<SwapOutcome>[] = [];
        const never = new Promise<void>(() => {});
        let fate = "well";
        const fates = new Map<Opened, string>();
        reel.studio.onGop = async (_, __, run) => {
          // Only what is to take over may fail: what is opened while a wish is pending.
          if (!fates.has(run)) fates.set(run, reel.succession.pending ? fate : "well");
          if (fates.get(run) === "dies") throw new AppError("encoder_failed", "no");
          if (fates.get(run) === "hangs") await never;
          if (fates.get(run) === "slow") await reel.clock.sleep(500);
        };
        await reel.run(12_000);
        for (const { profile, at, patienceMs, afterMs, ...each } of steps) {
          fate = each.fate;
          const kind = profile ? ("profile" as const) : ("restart" as const);
          outcomes.push(reel.succession.swap({ kind, at, patienceMs, ...(profile && { profile }) }));
          await reel.run(afterMs);
        }
        await reel.run(12_000);
        await reel.close();
        await Promise.all(outcomes);
        expect(reel.strays()).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
