import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { rational } from "../base/rational.ts";
import { CONFIG_SCHEMA } from "../config/schema.ts";
import { type HouseFormat, houseFormat } from "../media/house-format.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import type { PlayItem } from "../source/source.ts";
import { settingsOf } from "../throttle/settings.fixtures.ts";
import type { ThrottleSettings } from "../throttle/settings.ts";
import type { ChannelDefinition } from "./channel.ts";
import { ChannelManager } from "./channel-manager.ts";
import type { ChannelEvent } from "./events.ts";
import { HealthWatch } from "./health-watch.ts";
import { SelfMeasurement } from "./self-measurement.ts";
import { format, GOP, item, OneScreen, Studio } from "./studio.fixtures.ts";

/** A channel that is watched, and what is known of its health. */
function watched(
  items: PlayItem[],
  {
    house = format,
    throttle = settingsOf("burst"),
    gopMs = 100,
  }: { house?: HouseFormat; throttle?: ThrottleSettings; gopMs?: number } = {},
) {
  const clock = new ManualClock();
  const studio = new Studio(clock, house);
  studio.gopMs = gopMs;
  const events: ChannelEvent[] = [];
  const screens = new OneScreen(house);
  const definition: ChannelDefinition = {
    ...{ id: 1, number: 1, name: "One", format: house, schedule: new LoopSchedule(items) },
    ...{ open: studio.open, openScreens: () => screens },
  };
  const onEvent = (_channel: ChannelDefinition, event: ChannelEvent) => void events.push(event);
  const measurement = new SelfMeasurement(clock, () => ({ enabled: true, intervalMs: 30_000 }));
  const manager = new ChannelManager({
    settings: {
      ...{ leadMs: 8000, ringMs: 12_000, startTicks: 900_000 },
      ...{ clock, random: () => 0.5, measurement },
    },
    throttleOf: () => throttle,
    lingerMs: 0,
    onEvent,
  });
  manager.add(definition);
  const { health: thresholds } = CONFIG_SCHEMA.parse({});
  const watch = new HealthWatch({ manager, clock, settings: () => thresholds, onEvent });
  const hold = manager.hold(1);
  const health = () => watch.of(1);
  const rates = () => health().onAir!.rates;
  const { figures } = hold.channel;
  const changes = () =>
    events.flatMap((event) => (event.type === "health_changed" ? [`${event.status} ${event.reason}`] : []));
  const close = async () => {
    await Promise.all([manager.close(), clock.advance(1000)]);
    watch.close();
    expect(clock.pending).toBe(0);
  };
  return { clock, studio, screens, events, hold, health, rates, figures, changes, close, watch, manager };
}

const film = [item("film", 30 * 600)];

describe("the health of a channel", () => {
  it("is well, with the house format's figures, at 24000/1001 too", async () => {
    const house = houseFormat({
      ...{ width: 320, height: 180, fps: rational(24_000, 1001), gopSeconds: 1 },
      ...{ totalBps: 1_000_000, audioBps: 96_000 },
    });
    const { clock, health, rates, figures, changes, close } = watched([item("film", 24 * 600)], { house });
    await clock.advance(60_000);
    expect(rates().fps).toBeCloseTo(24_000 / 1001, 6);
    expect(rates().speed).toBe(1);
    expect(health().state).toMatchObject({ status: "healthy", reasons: [] });
    expect([changes(), figures.droppedFrames, figures.restarts]).toEqual([[], 0, 0]);
    expect(figures.samples).toBeGreaterThan(1);
    expect(figures.samplesFaulty).toBe(0);
    await close();
  });

  it("knows the rate of what is sent without its stuffing", async () => {
    const stuffed = { ...settingsOf("realtime"), targetBps: 3_000_000 };
    const rate = async (throttle: ThrottleSettings) => {
      const { clock, rates, close } = watched(film, { throttle });
      await clock.advance(30_000);
      const { bps } = rates();
      await close();
      return bps;
    };
    const media = await rate(settingsOf("burst"));
    // Some 280 kb/s of pictures and 90 kb/s of sound, with their packets.
    expect(media).toBeGreaterThan(300_000);
    expect(media).toBeLessThan(600_000);
    // Tables are as frequent, packets of clock are more or fewer.
    expect(Math.abs((await rate(stuffed)) / media - 1)).toBeLessThan(0.15);
  });

  it("counts what a screen stood in for, to the frame, and calls a lasting one failed", async () => {
    const { clock, studio, figures, health, changes, events, close } = watched([
      item("good", 1800),
      item("broken", 310),
    ]);
    studio.onGop = ({ title }) => {
      if (title === "broken") throw new AppError("encoder_failed", "moov atom not found");
    };
    await clock.advance(65_000);
    const before = figures.droppedFrames;
    await clock.advance(80_000);
    expect(figures.droppedFrames % 310).toBe(0);
    expect(figures.droppedFrames).toBeGreaterThan(before - 1);
    expect(figures.droppedFrames).toBeGreaterThan(0);
    // First that the source fails, unseen yet; then what viewers saw.
    expect(changes().slice(0, 2)).toEqual(["degraded source_failing", "unhealthy frames_dropped"]);
    expect(health().recent.get("encoder_failed")).toBeGreaterThan(0);
    expect(health().incidents).toMatchObject([{ class: "encoder_failed", source: "broken" }]);
    expect(events.filter(({ type }) => type === "incident_opened")).toHaveLength(1);
    studio.onGop = () => Promise.reject(new AppError("encoder_failed", "disk gone"));
    await clock.advance(60_000);
    expect(health().state.status).toBe("failed");
    expect(health().state.reasons[0]).toMatchObject({ code: "programme_absent", status: "failed" });
    await close();
  });

  it("counts restarts that nobody sees, and drops nothing", async () => {
    const { clock, studio, figures, health, close } = watched(film);
    await clock.advance(20_000);
    let kills = 2;
    studio.onGop = () => {
      if (kills-- > 0) throw new AppError("encoder_failed", "signal SIGKILL");
    };
    await clock.advance(20_000);
    expect([figures.restarts, figures.droppedFrames]).toEqual([2, 0]);
    expect(health().recent).toEqual(new Map([["encoder_failed", 2]]));
    expect(health().state.status).toBe("healthy");
    await clock.advance(400_000);
    expect(health().recent.size).toBe(0);
    expect(health().incidents).toEqual([]);
    await close();
  });

  it("tells of a failure together with the restart that follows it, between two looks too", async () => {
    const { clock, studio, health, figures, close } = watched(film);
    await clock.advance(20_000);
    let isBroken = true;
    studio.onGop = () => {
      if (isBroken) throw new AppError("encoder_failed", "gone");
    };
    while (health().recent.size === 0) await clock.advance(20);
    isBroken = false;
    expect(health().incidents).toMatchObject([{ class: "encoder_failed", count: 1 }]);
    while (figures.restarts === 0) {
      expect(health().recent.get("encoder_failed")).toBeGreaterThan(0);
      await clock.advance(20);
    }
    await close();
  });

  it("does not call a start a failure, nor a screen that somebody wants", async () => {
    const { clock, studio, figures, hold, health, changes, close } = watched(film, {
      gopMs: 3_000,
    });
    await clock.advance(2_500);
    studio.gopMs = 100;
    await clock.advance(20_000);
    hold.channel.announce({ cue: { reason: "maintenance" } });
    await clock.advance(40_000);
    expect([figures.droppedFrames, changes(), health().state.reasons]).toEqual([0, [], []]);
    await close();
  });

  it("names an encoder that is slower than real time, before viewers notice", async () => {
    const { clock, studio, rates, health, changes, figures, close } = watched(film);
    await clock.advance(20_000);
    studio.gopMs = 1_250;
    await clock.advance(14_000);
    expect(rates().speed).toBeCloseTo(0.8, 1);
    expect(figures.droppedFrames).toBe(0);
    expect(changes()).toEqual(["degraded encoder_slow"]);
    expect(health().state.reasons.map(({ code }) => code)).toContain("encoder_slow");
    studio.gopMs = 100;
    await clock.advance(60_000);
    expect([rates().speed, health().state.status]).toEqual([1, "healthy"]);
    await close();
  });

  it("is the speed of the last ten seconds, and 1 again as soon as the encoder is held back", async () => {
    const { clock, studio, rates, close } = watched(film);
    await clock.advance(20_000);
    studio.gopMs = 2_900;
    await clock.advance(8_000);
    studio.gopMs = 400;
    await clock.advance(3_400);
    expect(rates().speed).toBeLessThan(1);
    await clock.advance(60_000);
    expect(rates().speed).toBe(1);
    await close();
  });

  it("is told of a channel that goes off air while it was not well", async () => {
    const { clock, studio, hold, health, changes, close, figures } = watched(film);
    studio.onGop = () => Promise.reject(new AppError("encoder_failed", "disk gone"));
    await clock.advance(60_000);
    expect(health().state.status).toBe("failed");
    expect(figures.droppedFrames).toBeGreaterThan(GOP * 40);
    hold.release();
    await clock.advance(2_000);
    expect(health()).toMatchObject({ state: { status: "healthy" }, onAir: undefined });
    expect(changes().at(-1)).toBe("healthy off");
    await close();
  });
});

describe("self-measurement", () => {
  it.each(["burst", "realtime"] as const)(
    "is quiet over boundaries, kills, screens and changes of mode (%s)",
    async (mode) => {
      const items = [item("a", 100), item("bb", 39), item("ccc", 1), item("dddd", 305), item("e", 620)];
      const { clock, studio, hold, figures, events, close } = watched(items, { throttle: settingsOf(mode) });
      let gops = 0;
      studio.onGop = ({ title }, frame) => {
        if (++gops % 7 === 0) throw new AppError("encoder_failed", "signal SIGKILL");
        if (title === "e" && frame > 300) throw new AppError("encoder_failed", "moov atom not found");
      };
      await clock.advance(60_000);
      hold.channel.announce({ cue: { reason: "maintenance" } });
      await clock.advance(10_000);
      hold.channel.announce(undefined);
      await clock.advance(10_000);
      hold.channel.setThrottle(settingsOf(mode === "burst" ? "realtime" : "burst"));
      await clock.advance(30_000);
      expect(events.filter(({ type }) => type === "stream_faulty")).toEqual([]);
      expect(figures.samples).toBeGreaterThan(10);
      expect([figures.samplesFaulty, figures.samplesSkipped]).toEqual([0, 0]);
      await close();
    },
  );

  it("knows of a fault in what is sent, and says so", async () => {
    const { clock, hold, figures, health, events, changes, close } = watched(film);
    await clock.advance(29_000);
    const isExamined = figures.samples;
    // From the next sample on each piece lacks a packet's continuity, as a fault of the multiplexer would have it.
    const { ring } = hold.channel;
    for (let second = 0; second < 12; second++) {
      const from = ring.at(Number.POSITIVE_INFINITY) - ring.newestBytes;
      const piece = ring.read(from, ring.end)!;
      piece[188 * 20 + 3]! ^= 0x05;
      await clock.advance(1_000);
    }
    expect(figures.samples).toBeGreaterThan(isExamined);
    expect(figures.samplesFaulty).toBeGreaterThan(0);
    expect(health().state).toMatchObject({ status: "degraded", reasons: [{ code: "stream_faulty" }] });
    expect(health().state.reasons[0]!.sentence).toMatch(/PID \d+: continuity_counter/);
    expect(changes()).toEqual(["degraded stream_faulty"]);
    const told = events.filter((event) => event.type === "stream_faulty");
    expect(told).toMatchObject([{ check: "continuity_count", frames: 90 }]);
    expect(health().incidents).toMatchObject([{ class: "stream_continuity_count", source: "One" }]);
    await clock.advance(400_000);
    expect(health().state.status).toBe("healthy");
    expect(health().incidents).toEqual([]);
    await close();
  });
});
