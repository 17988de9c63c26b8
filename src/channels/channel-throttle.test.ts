import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { THROTTLE_MODES } from "../config/schema.ts";
import { Analyser } from "../mpegts/analyser.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import { settingsOf } from "../throttle/settings.fixtures.ts";
import type { ThrottleSettings } from "../throttle/settings.ts";
import { Channel } from "./channel.ts";
import type { ChannelEvent } from "./events.ts";
import { format, GOP, item, OneScreen, Studio } from "./studio.fixtures.ts";

const RATE = 1_000_000;
const TICK_MS = 40;

/** A channel under a manual clock, and one viewer of it that takes everything that its pace lets it. */
function onAir(throttle: ThrottleSettings, { leadMs = 8_000, ringMs = 12_000, gopMs = 20 } = {}) {
  const clock = new ManualClock(Date.UTC(2026, 5, 1, 12, 0, 3, 141));
  const studio = new Studio(clock);
  studio.gopMs = gopMs;
  const events: ChannelEvent[] = [];
  const screens = new OneScreen();
  const definition = {
    ...{
      id: 1,
      number: 1,
      name: "One",
      format,
      schedule: new LoopSchedule([item("a", 305), item("b", 640)]),
    },
    ...{ open: studio.open, openScreens: () => screens },
  };
  const settings = { leadMs, ringMs, startTicks: 900_000, clock, random: () => 0.5 };
  const channel = new Channel(definition, settings, throttle, (event) => events.push(event));
  const analyser = new Analyser();
  const viewer = { pace: channel.pace(), position: 0, bytes: 0 };
  channel.subscribe({
    onRelease: () => {
      const { ring } = channel;
      const until = ring.reach(viewer.pace.limit(ring.now, clock.now()));
      for (let bytes = ring.read(viewer.position, until); bytes; bytes = ring.read(viewer.position, until)) {
        analyser.push(bytes);
        viewer.position += bytes.length;
        viewer.bytes += bytes.length;
      }
    },
    onThrottle: () => {
      viewer.pace = channel.pace();
      viewer.pace.placeAt(channel.ring.timeOf(viewer.position), clock.now());
    },
    onOffAir: () => undefined,
  });
  /** Ticks for `ms`; returns the bytes that the viewer got at each tick. */
  const run = async (ms: number) => {
    const ticks: number[] = [];
    for (let done = 0; done < ms; done += TICK_MS) {
      const before = viewer.bytes;
      await clock.advance(TICK_MS);
      channel.tick();
      channel.prepare();
      ticks.push(viewer.bytes - before);
    }
    return ticks;
  };
  /** How far what the viewer has had is ahead of the channel's clock, in seconds. */
  const ahead = () => (channel.ring.timeOf(viewer.position) - channel.ring.now) / 30;
  const types = () => events.map(({ type }) => type);
  return { clock, studio, screens, channel, events, types, analyser, viewer, run, ahead };
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("realtime", () => {
  it("sends the target rate at each tick, to the packet, and stuffs what the media do not have", async () => {
    const { channel, analyser, run } = onAir(settingsOf("realtime", RATE));
    await run(2_000);
    const ticks = await run(20_000);
    const perTick = (RATE / 8) * (TICK_MS / 1000);
    for (const bytes of ticks) expect(Math.abs(bytes - perTick)).toBeLessThanOrEqual(188);
    expect(Math.abs(sum(ticks) - (RATE / 8) * 20)).toBeLessThanOrEqual(188);
    expect(analyser.report().findings).toEqual([]);
    await channel.stop();
  });

  it("reports content that does not fit, once a minute, and sends it faster", async () => {
    const { channel, events, analyser, run, ahead } = onAir(settingsOf("realtime", RATE));
    await run(5_000);
    channel.setThrottle(settingsOf("realtime", 200_000));
    await run(70_000);
    const reports = events.filter((event) => event.type === "rate_exceeded");
    expect(reports).toHaveLength(2);
    expect(reports[1]).toMatchObject({ targetBps: 200_000, gops: expect.closeTo(60, -1) });
    expect(reports[1]!.highestBps).toBeGreaterThan(250_000);
    expect(ahead(), "it keeps to the clock").toBeGreaterThan(-1.5);
    expect(analyser.report().findings).toEqual([]);
    await channel.stop();
  });

  it("changes the wire's rate within a Gop or two of the target's change", async () => {
    const { channel, analyser, run, types } = onAir(settingsOf("realtime", RATE));
    await run(5_000);
    channel.setThrottle(settingsOf("realtime", 2 * RATE));
    await run(2_500);
    expect(Math.abs(sum(await run(10_000)) - (2 * RATE * 10) / 8)).toBeLessThanOrEqual(188);
    channel.setThrottle(settingsOf("realtime", 2 * RATE));
    expect(
      types().filter((type) => type === "throttle_changed"),
      "the same again is no change",
    ).toHaveLength(1);
    expect(analyser.report().findings).toEqual([]);
    await channel.stop();
  });
});

describe("disabled", () => {
  it("is ahead of the schedule by the lead, no more, and otherwise where it is", async () => {
    const { clock, channel, analyser, run, ahead } = onAir(settingsOf("disabled"));
    await run(1_000);
    for (let second = 0; second < 40; second++) {
      await run(1_000);
      expect(ahead()).toBeGreaterThan(6.9);
      expect(ahead()).toBeLessThanOrEqual(9.1);
      const now = Math.floor((clock.wallNow() * 30) / 1000);
      expect(channel.onNow.item.title).toBe(channel.definition.schedule.at(now).item.title);
    }
    expect(analyser.report().findings).toEqual([]);
    await channel.stop();
  });

  it("goes on with an error screen when nothing comes", async () => {
    const { studio, channel, analyser, run, types, ahead } = onAir(settingsOf("disabled"));
    await run(5_000);
    const repaired = Promise.withResolvers<void>();
    studio.onGop = () => repaired.promise;
    await run(20_000);
    expect(types()).toContain("screen_started");
    expect(ahead()).toBeGreaterThan(0);
    repaired.resolve();
    studio.onGop = () => undefined;
    await run(20_000);
    expect(types()).toContain("screen_ended");
    expect(ahead()).toBeGreaterThan(6.9);
    expect(analyser.report().findings).toEqual([]);
    await channel.stop();
  });

  it("does not overtake one who reads no faster than the media play, however long the lead", async () => {
    const { channel, run } = onAir(settingsOf("disabled"), { leadMs: 60_000, ringMs: 4_000 });
    await run(30_000);
    const { ring } = channel;
    let held = 0;
    for (let second = 0; second < 90; second++) {
      await run(1_000);
      // What a player has whose buffer is full: what is on, and nothing beyond it.
      expect(ring.at(ring.now)).toBeGreaterThan(ring.tail);
      held = Math.max(held, ring.timeOf(ring.end) - ring.timeOf(ring.tail));
    }
    // The lead, the ring, and a Gop at each end.
    expect(held).toBeLessThanOrEqual((60 + 4) * 30 + 2 * GOP);
    await channel.stop();
  });
});

describe("a change of mode while viewers are there", () => {
  it("goes from ahead of the clock back to it without a byte twice or lost", async () => {
    const { channel, analyser, run, ahead } = onAir(settingsOf("disabled"));
    await run(10_000);
    channel.setThrottle(settingsOf("realtime", RATE));
    expect(sum(await run(6_000)), "it has had that already").toBe(0);
    await run(4_000);
    expect(ahead()).toBeCloseTo(0, 0);
    expect(Math.abs(sum(await run(10_000)) - (RATE * 10) / 8)).toBeLessThanOrEqual(188);
    expect(analyser.report().findings).toEqual([]);
    await channel.stop();
  });

  it("leaves one valid transport stream in any order", async () => {
    const step = fc.record({
      mode: fc.constantFrom(...THROTTLE_MODES),
      targetBps: fc.constantFrom(RATE, 2 * RATE, 300_000),
      ms: fc.integer({ min: 1, max: 200 }).map((ticks) => ticks * TICK_MS),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (steps) => {
        const { channel, analyser, run, ahead, types, viewer } = onAir(settingsOf("realtime", RATE));
        await run(1_000);
        for (const { mode, targetBps, ms } of steps) {
          channel.setThrottle(settingsOf(mode, targetBps));
          await run(ms);
          expect(ahead()).toBeLessThanOrEqual(9.1);
          expect(ahead()).toBeGreaterThan(-1.5);
        }
        await run(3_000);
        expect(viewer.position).toBeGreaterThanOrEqual(channel.ring.head);
        expect(analyser.report().findings).toEqual([]);
        expect(types()).not.toContain("screen_started");
        await channel.stop();
      }),
      { numRuns: 25, seed: 4 },
    );
  });
});

it("multiplexes ahead of time, so that a tick in which a Gop begins does not have to", async () => {
  const { channel, clock, run } = onAir(settingsOf("realtime", RATE));
  await run(5_000);
  for (let tick = 0; tick < 100; tick++) {
    await clock.advance(TICK_MS);
    const before = channel.ring.end;
    channel.tick();
    expect(channel.ring.end, "nothing multiplexed in the tick").toBe(before);
    while (channel.prepare());
    expect(channel.ring.timeOf(channel.ring.end) - channel.ring.now).toBeLessThanOrEqual(GOP * 2);
  }
  await channel.stop();
});
