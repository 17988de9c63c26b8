import { describe, expect, it } from "vitest";
import { AppError } from "../base/errors.ts";
import { film, grid, RESTART, Reel, WALL_START } from "./reel.fixtures.ts";
import { GOP, item } from "./studio.fixtures.ts";
import type { SwapOutcome } from "./swap.ts";

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
