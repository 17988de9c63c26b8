import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";
import { Scope } from "../base/scope.ts";
import { frameCount } from "../media/gop.ts";
import { FrameGrid } from "../media/house-format.ts";
import { endFrame } from "../media/timed-gop.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import type { PlayItem } from "../source/source.ts";
import type { ChannelEvent } from "./events.ts";
import { Feeder } from "./feeder.ts";
import { LeadBuffer } from "./lead-buffer.ts";
import { ReleaseClock } from "./release-clock.ts";
import { format, GOP, item, OneScreen, type Opened, Studio } from "./studio.fixtures.ts";
import type { SwapOutcome } from "./swap.ts";

const grid = new FrameGrid(format);
const WALL_START = Date.UTC(2026, 0, 1);

/** A span of the timeline as it went on air. */
interface Aired {
  readonly frame: number;
  readonly frames: number;
  /** Undefined: a screen. */
  readonly run: Opened | undefined;
  readonly itemFrame: number;
}

/** A feeder under a manual clock, with everything that went on air of it. */
class Reel {
  readonly clock = new ManualClock(WALL_START);
  readonly studio = new Studio(this.clock);
  readonly events: ChannelEvent[] = [];
  readonly aired: Aired[] = [];
  readonly schedule: LoopSchedule<PlayItem>;
  readonly feeder: Feeder;
  readonly lead = new LeadBuffer(0);
  readonly #scope = new Scope();
  readonly #release: ReleaseClock;
  readonly anchorFrame: number;

  constructor(items: readonly PlayItem[], seed = 1) {
    const { clock, lead } = this;
    this.schedule = new LoopSchedule(items);
    const { startFrame } = this.schedule.at(Math.floor(grid.framesIn(clock.wallNow())));
    const itemFrame = Math.floor(grid.framesIn(clock.wallNow())) - startFrame;
    this.anchorFrame = startFrame + Math.floor(itemFrame / GOP) * GOP;
    this.#release = new ReleaseClock(grid, clock, grid.framesIn(clock.wallNow()) - this.anchorFrame);
    this.feeder = new Feeder(
      {
        ...{ format, schedule: this.schedule, open: this.studio.open, screens: new OneScreen() },
        ...{ leadMs: 8000, lead, release: this.#release, anchorFrame: this.anchorFrame },
        ...{ clock, random: seededRandom(seed), onEvent: (event) => this.events.push(event) },
      },
      this.#scope,
    );
    const feeding = this.feeder.run();
    this.#scope.defer(() => feeding);
  }

  get succession() {
    return this.feeder.succession;
  }

  get leadMs(): number {
    return grid.milliseconds(this.lead.end - this.#release.position());
  }

  async run(ms: number): Promise<void> {
    for (let done = 0; done < ms; done += 40) {
      await this.clock.advance(40);
      const horizon = this.#release.position() + 15;
      for (let timed = this.lead.take(horizon); timed; timed = this.lead.take(horizon)) {
        const { gop, frame } = timed;
        const run = this.studio.madeBy.get(gop.video.data);
        expect(frame).toBe(this.airedEnd);
        this.aired.push({ frame, frames: frameCount(gop), run, itemFrame: gop.firstFrame });
        // ITU-T H.264 7.4.3: two IDR pictures in a row would need different idr_pic_id.
        if (run) expect(endFrame(timed) - frame).toBeGreaterThan(1);
      }
    }
  }

  get airedEnd(): number {
    const last = this.aired.at(-1);
    return last ? last.frame + last.frames : 0;
  }

  /** What was aired otherwise than the schedule has it, `[frame, title]`; screens are null. */
  strays(anchorFrame = this.anchorFrame): [number, string | null][] {
    return this.aired.flatMap(({ frame, run, itemFrame }): [number, string | null][] => {
      const slot = this.schedule.at(anchorFrame + frame);
      const isPlanned = run?.title === slot.item.title && itemFrame === anchorFrame + frame - slot.startFrame;
      return isPlanned ? [] : [[frame, run?.title ?? null]];
    });
  }

  types(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** Ends it; nothing may be left. */
  async close(): Promise<void> {
    const closed = this.#scope.close();
    await this.clock.advance(60_000);
    await closed;
    expect(this.studio.opened.filter((run) => !run.closed)).toEqual([]);
    expect(this.clock.pending).toBe(0);
  }
}

const film = () => item("film", 30 * 600);
const RESTART = { kind: "restart", patienceMs: 5000 } as const;

describe("a swap", () => {
  it("to a new encoder goes on with the very next Gop, and only then is the old one ended", async () => {
    const reel = new Reel([film()]);
    await reel.run(12_000);
    const [old] = reel.studio.opened;
    let endedBefore = false;
    reel.studio.onGop = (_, __, run) => {
      if (run !== old && !reel.types().includes("swapped")) endedBefore ||= old!.closed;
    };
    const swapping = reel.succession.swap(RESTART);
    const due = reel.lead.end;
    await reel.run(20_000);
    expect(await swapping).toMatchObject({
      outcome: "swapped",
      from: { title: "film", profile: "usual" },
      to: { title: "film" },
    });
    const { frame, onAirAtMs } = (await swapping) as Extract<SwapOutcome, { outcome: "swapped" }>;
    // One more may have been due until it was ready.
    expect([due, due + GOP]).toContain(frame);
    expect(onAirAtMs).toBeCloseTo(WALL_START + grid.milliseconds(frame), 0);
    expect(reel.studio.opened).toHaveLength(2);
    expect(endedBefore).toBe(false);
    expect(old!.closed).toBe(true);
    const runs = reel.aired.map(({ run }) => reel.studio.opened.indexOf(run!));
    expect(runs.indexOf(1)).toBe(reel.aired.findIndex((each) => each.frame === frame));
    expect(runs.slice(runs.indexOf(1)).every((run) => run === 1)).toBe(true);
    expect(reel.strays()).toEqual([]);
    expect(reel.types().filter((type) => type.startsWith("swap"))).toEqual(["swap_prepared", "swapped"]);
    await reel.close();
  });

  it("catches up with an encoder that is faster than its start", async () => {
    const reel = new Reel([film()]);
    await reel.run(12_000);
    let slow = true;
    reel.studio.onGop = async () => {
      if (slow) {
        slow = false;
        await reel.clock.sleep(3_700);
      }
    };
    // The old one has its Gop ready; the one that is slow is the new one's first.
    const swapping = reel.succession.swap({ ...RESTART, patienceMs: 20_000 });
    await reel.run(25_000);
    expect(await swapping).toMatchObject({ outcome: "swapped" });
    expect(reel.strays()).toEqual([]);
    await reel.close();
  });

  it("that never becomes ready changes nothing, and says why", async () => {
    const reel = new Reel([film()]);
    await reel.run(10_000);
    const never = new Promise<void>(() => {});
    const [old] = reel.studio.opened;
    reel.studio.onGop = (_, __, run) => (run === old ? undefined : never);
    const swapping = reel.succession.swap({ ...RESTART, patienceMs: 4_000 });
    await reel.run(4_000);
    expect(await swapping).toMatchObject({
      ...{ outcome: "kept", reason: { class: "not_ready", sentence: "Nothing came of it within 4 s." } },
    });
    await reel.run(20_000);
    expect(reel.strays()).toEqual([]);
    expect(reel.studio.opened.map(({ closed }) => closed)).toEqual([false, true]);
    expect(reel.types().filter((type) => type.startsWith("swap") || type.startsWith("source"))).toEqual([
      "swap_kept",
    ]);
    await reel.close();
  });

  it("whose alternative fails says with which failure; its failures are not the channel's", async () => {
    const reel = new Reel([film()]);
    await reel.run(10_000);
    reel.studio.onGop = ({ title }) => {
      if (title === "other") throw new AppError("encoder_failed", "moov atom not found");
    };
    const swapping = reel.succession.swap({ ...RESTART, kind: "item", item: item("other", 30 * 600) });
    await reel.run(10_000);
    expect(await swapping).toMatchObject({
      ...{ outcome: "kept", to: { title: "other" } },
      reason: { class: "encoder_failed", sentence: "moov atom not found" },
    });
    expect(reel.types()).not.toContain("source_failed");
    expect(reel.strays()).toEqual([]);
    await reel.close();
  });

  it("plays another file from the same place to the programme's end; then the schedule goes on", async () => {
    const reel = new Reel([item("a", 40 * GOP), item("b", 40 * GOP)]);
    await reel.run(10_000);
    const title = reel.succession.lineAt(0).at(300).slot.item.title;
    const other = item("other", 40 * GOP);
    const swapping = reel.succession.swap({ ...RESTART, kind: "item", item: other });
    await reel.run(60_000);
    const outcome = (await swapping) as Extract<SwapOutcome, { outcome: "swapped" }>;
    expect(outcome).toMatchObject({ outcome: "swapped", from: { title }, to: { title: "other" } });
    const strays = reel.strays();
    const slot = reel.schedule.at(reel.anchorFrame + outcome.frame);
    const end = slot.startFrame + slot.item.frames - reel.anchorFrame;
    expect(strays[0]).toEqual([outcome.frame, "other"]);
    expect(strays).toHaveLength((end - outcome.frame) / GOP);
    expect(strays.every(([frame, played]) => played === "other" && frame < end)).toBe(true);
    const first = reel.aired.find(({ frame }) => frame === outcome.frame)!;
    expect(first.itemFrame).toBe(reel.anchorFrame + outcome.frame - slot.startFrame);
    expect(reel.types()).not.toContain("screen_started");
    await reel.close();
  });

  it("begins another file where it is asked to", async () => {
    const reel = new Reel([film()]);
    await reel.run(12_000);
    const place = reel.succession.placeOf("lead");
    const offset = 7 - place.slotFrame;
    const other = item("other", place.slot.item.frames + offset);
    const swapping = reel.succession.swap({
      ...RESTART,
      kind: "item",
      item: other,
      offset,
      fromFrame: place.frame,
    });
    await reel.run(15_000);
    const { frame } = (await swapping) as Extract<SwapOutcome, { outcome: "swapped" }>;
    expect(reel.aired.find((each) => each.frame === frame)?.itemFrame).toBe(7);
    await reel.close();
  });

  it("changes the profile for the rest of the programme only, restarts included", async () => {
    const reel = new Reel([item("a", 30 * GOP), item("b", 30 * GOP)]);
    await reel.run(10_000);
    const first = reel.succession.swap({ ...RESTART, kind: "profile", profile: "software" });
    await reel.run(3_000);
    expect(await first).toMatchObject({
      ...{ outcome: "swapped", from: { profile: "usual" }, to: { profile: "software" } },
    });
    const again = reel.succession.swap(RESTART);
    await reel.run(3_000);
    expect(await again).toMatchObject({ from: { profile: "software" }, to: { profile: "software" } });
    const before = reel.studio.opened.length;
    await reel.run(30_000);
    expect(reel.studio.opened.slice(before).every(({ profile }) => profile === "usual")).toBe(true);
    expect(reel.strays()).toEqual([]);
    await reel.close();
  });

  it("belongs to its programme: when that is over first, nothing happens", async () => {
    const reel = new Reel([item("a", 30 * GOP), item("b", 30 * GOP)]);
    await reel.run(10_000);
    const never = new Promise<void>(() => {});
    reel.studio.onGop = ({ title }) => (title === "other" ? never : undefined);
    const other = item("other", 30 * GOP);
    const swapping = reel.succession.swap({ kind: "item", item: other, patienceMs: 60_000 });
    await reel.run(40_000);
    expect(await swapping).toMatchObject({ outcome: "kept", reason: { class: "slot_over" } });
    expect(reel.strays()).toEqual([]);
    await reel.close();
  });

  it("is superseded by a later one; never more than one candidate runs", async () => {
    const reel = new Reel([film()]);
    await reel.run(10_000);
    let most = 0;
    reel.studio.onGop = () => {
      most = Math.max(most, reel.studio.opened.filter(({ closed }) => !closed).length);
    };
    const swapping = Array.from({ length: 20 }, () => reel.succession.swap(RESTART));
    await reel.run(10_000);
    const outcomes = (await Promise.all(swapping)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual([...Array.from({ length: 19 }, () => "superseded"), "swapped"]);
    expect(reel.studio.opened).toHaveLength(2);
    expect(most).toBe(2);
    expect(reel.strays()).toEqual([]);
    await reel.close();
  });

  it("brings the channel back from a screen as soon as it delivers, also out of the lead", async () => {
    const reel = new Reel([film()]);
    await reel.run(10_000);
    reel.studio.onGop = ({ title }) => {
      if (title === "film") throw new AppError("encoder_short", "the file ended");
    };
    await reel.run(20_000);
    expect(reel.types()).toContain("screen_started");
    const swapping = reel.succession.swap({ ...RESTART, kind: "item", item: item("other", 30 * 600) });
    const askedAtMs = reel.clock.wallNow();
    await reel.run(15_000);
    const { frame, onAirAtMs } = (await swapping) as Extract<SwapOutcome, { outcome: "swapped" }>;
    expect(onAirAtMs - askedAtMs).toBeLessThan(4_000);
    const after = reel.aired.filter((each) => each.frame >= frame);
    expect(after.length).toBeGreaterThan(5);
    expect(after.every(({ run }) => run?.title === "other")).toBe(true);
    const ended = reel.events.find((event) => event.type === "screen_ended");
    const screens = reel.aired.filter(({ run }) => !run).reduce((sum, { frames }) => sum + frames, 0);
    expect(ended?.frames).toBe(screens);
    await reel.close();
  });

  it("takes over while the old one hangs, before the lead is used up", async () => {
    const reel = new Reel([film()]);
    await reel.run(12_000);
    const never = new Promise<void>(() => {});
    const [old] = reel.studio.opened;
    reel.studio.onGop = (_, __, run) => (run === old ? never : undefined);
    await reel.run(4_000);
    const swapping = reel.succession.swap(RESTART);
    await reel.run(12_000);
    expect(await swapping).toMatchObject({ outcome: "swapped" });
    expect(reel.strays()).toEqual([]);
    await reel.close();
  });

  it("now: takes the place of what waits in the lead, and fills it anew", async () => {
    const reel = new Reel([film()]);
    await reel.run(12_000);
    const askedAtMs = reel.clock.wallNow();
    const other = item("other", 30 * 600);
    const swapping = reel.succession.swap({ ...RESTART, kind: "item", item: other, at: "now" });
    await reel.run(1_000);
    const { frame, onAirAtMs } = (await swapping) as Extract<SwapOutcome, { outcome: "swapped" }>;
    expect(onAirAtMs - askedAtMs).toBeLessThan(4_600);
    expect(onAirAtMs - askedAtMs).toBeGreaterThan(2_000);
    await reel.run(20_000);
    expect(reel.leadMs).toBeGreaterThan(7_000);
    expect(reel.types()).not.toContain("screen_started");
    const titles = reel.aired.filter((each) => each.frame >= frame).map(({ run }) => run?.title);
    expect(new Set(titles)).toEqual(new Set(["other"]));
    await reel.close();
  });

  it("now: restarts across a boundary that is in the lead already, without a frame lost", async () => {
    const reel = new Reel([item("a", 12 * GOP), item("b", 13 * GOP)]);
    await reel.run(9_500);
    for (let round = 0; round < 25; round++) {
      const swapping = reel.succession.swap({ ...RESTART, at: "now" });
      await reel.run(1_800);
      expect((await swapping).outcome).not.toBe("superseded");
    }
    expect(reel.strays()).toEqual([]);
    expect(reel.types().filter((type) => type === "swapped").length).toBeGreaterThan(20);
    await reel.close();
  });

  it("of a channel that goes off air is answered", async () => {
    const reel = new Reel([film()]);
    await reel.run(10_000);
    const swapping = reel.succession.swap({ ...RESTART });
    await reel.close();
    expect(await swapping).toMatchObject({ outcome: "kept", reason: { class: "off_air" } });
    expect(await reel.succession.swap({ ...RESTART })).toMatchObject({ reason: { class: "off_air" } });
  });
});

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
        const reel = new Reel([item("a", 20 * GOP), item("b", 25 * GOP)]);
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
