import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { Analyser } from "../mpegts/analyser.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import type { PlayItem } from "../source/source.ts";
import { settingsOf } from "../throttle/settings.fixtures.ts";
import type { ThrottleSettings } from "../throttle/settings.ts";
import { Channel, type ChannelDefinition } from "./channel.ts";
import { ChannelManager } from "./channel-manager.ts";
import type { ChannelEvent } from "./events.ts";
import { format, GOP, item, OneScreen, Studio } from "./studio.fixtures.ts";

/** A channel under a manual clock, with everything it sent and said. */
function onAir(
  items: PlayItem[],
  wallStartMs = Date.UTC(2026, 0, 1),
  throttle: ThrottleSettings = settingsOf("burst"),
) {
  const clock = new ManualClock(wallStartMs);
  const studio = new Studio(clock);
  const events: ChannelEvent[] = [];
  const screens = new OneScreen();
  const definition: ChannelDefinition = {
    ...{ id: 1, number: 1, name: "One", format, schedule: new LoopSchedule(items) },
    ...{ open: studio.open, openScreens: () => screens },
  };
  const settings = {
    ...{ leadMs: 8000, ringMs: 12_000, startTicks: 900_000 },
    ...{ clock, random: () => 0.5 },
  };
  const channel = new Channel(definition, settings, throttle, (event) => events.push(event));
  const analyser = new Analyser();
  let position = 0;
  const receive = () => {
    for (let bytes = channel.ring.read(position); bytes; bytes = channel.ring.read(position)) {
      analyser.push(bytes);
      position += bytes.length;
    }
  };
  const run = async (ms: number) => {
    for (let done = 0; done < ms; done += 40) {
      await clock.advance(40);
      channel.tick();
      receive();
    }
  };
  const types = () => events.map((event) => event.type);
  return { clock, studio, screens, channel, events, types, analyser, run, definition, settings };
}

const throttleOf = () => settingsOf("burst");

function expectPerfect(analyser: Analyser): void {
  expect(analyser.report().findings).toEqual([]);
  expect(analyser.report().verdict).toBe("clean");
}

describe("Channel", () => {
  it("is where the schedule is, before and after every boundary, with a perfect stream", async () => {
    const items = [item("a", 100), item("bb", 39), item("ccc", 1), item("dddd", 305)];
    const { clock, channel, analyser, run, types } = onAir(items, Date.UTC(2026, 5, 1, 12, 0, 3, 141));
    const schedule = channel.definition.schedule;
    for (let seconds = 0; seconds < 60; seconds++) {
      await run(1000);
      const expected = schedule.at(Math.floor((clock.wallNow() * 30) / 1000));
      expect(channel.onNow.item.title).toBe(expected.item.title);
      // What has been sent is what is on, within one tick.
      expect(channel.ring.timeOf(channel.ring.head)).toBeGreaterThan(channel.ring.now - 2);
    }
    expectPerfect(analyser);
    // From the start of the Gop in which the schedule stood, to now.
    expect(analyser.streamMs).toBeGreaterThan(59_500);
    expect(analyser.streamMs).toBeLessThan(61_100);
    expect(types()).not.toContain("screen_started");
    await channel.stop();
  });

  it("resumes at the very Gop at which an encoder died, and nobody sees it", async () => {
    const { studio, channel, analyser, run, types } = onAir([item("film", 30 * 600)]);
    const delivered: number[] = [];
    let calls = 0;
    studio.onGop = (_item, frame) => {
      if (++calls % 5 === 0) throw new AppError("encoder_failed", "signal SIGKILL");
      delivered.push(frame);
    };
    await run(60_000);
    expect(delivered.length).toBeGreaterThan(60);
    expect(delivered).toEqual(delivered.map((_, index) => delivered[0]! + index * GOP));
    expect(types()).not.toContain("screen_started");
    expect(types().filter((type) => type === "source_resumed").length).toBeGreaterThan(10);
    expectPerfect(analyser);
    await channel.stop();
    expect(studio.opened.every((source) => source.closed)).toBe(true);
  });

  it("shows an error screen when the lead is used up, and returns to where the schedule is by then", async () => {
    const { studio, channel, analyser, run, events, types } = onAir([item("film", 30 * 600)]);
    await run(20_000);
    let repaired = Promise.withResolvers<void>();
    studio.onGop = () => repaired.promise;
    await run(6_000);
    expect(types()).not.toContain("screen_started");
    await run(9_000);
    expect(types()).toContain("screen_started");
    repaired.resolve();
    repaired = Promise.withResolvers<void>();
    studio.onGop = () => undefined;
    await run(20_000);
    const ended = events.find((event) => event.type === "screen_ended");
    expect(ended?.frames).toBeGreaterThanOrEqual(GOP * 6);
    expect(ended?.frames).toBeLessThanOrEqual(GOP * 12);
    expect(channel.leadFrames).toBeGreaterThan(6 * GOP);
    expectPerfect(analyser);
    await channel.stop();
  });

  it("keeps the schedule's clock when an item cannot be played at all", async () => {
    const { studio, channel, analyser, run, types, events } = onAir([item("good", 300), item("broken", 310)]);
    studio.onGop = ({ title }) => {
      if (title === "broken") throw new AppError("encoder_failed", "moov atom not found");
    };
    await run(65_000);
    expect(types()).toContain("item_given_up");
    expectPerfect(analyser);
    // Each round: 310 frames of filler, no more and no less.
    const fillers = events.flatMap((event) => (event.type === "screen_ended" ? [event.frames] : []));
    expect(fillers.slice(1, -1).every((frames) => frames === 310)).toBe(true);
    expect(fillers.length).toBeGreaterThan(1);
    await channel.stop();
  });

  it("goes on at the next Gop after a source that ended early in the middle of one", async () => {
    const { studio, channel, analyser, run, events, types } = onAir([item("film", 30 * 600)]);
    await run(5_000);
    let cut = false;
    studio.cut = () => {
      const now = !cut;
      cut = true;
      return now;
    };
    await run(40_000);
    expect(types().filter((type) => type === "source_failed")).toHaveLength(1);
    // What the short Gop lacks, and at most the rest of its second: not the rest of the film.
    const frames = events.flatMap((event) => (event.type === "screen_ended" ? [event.frames] : []));
    expect(frames.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(GOP);
    expectPerfect(analyser);
    await channel.stop();
  });

  it("does not stutter behind an error screen while its first source is slow", async () => {
    const { studio, channel, analyser, run, types } = onAir([item("film", 30 * 600)]);
    const slow = Promise.withResolvers<void>();
    studio.onGop = () => slow.promise;
    await run(2_000);
    expect(types()).toContain("screen_started");
    for (let tick = 0; tick < 100; tick++) {
      await run(40);
      // Half a second is always in hand: what is on air never waits for what is to come.
      expect(channel.leadFrames).toBeGreaterThan(0);
      expect(channel.ring.timeOf(channel.ring.head)).toBeGreaterThan(channel.ring.now - 2);
    }
    slow.resolve();
    studio.onGop = () => undefined;
    await run(15_000);
    expect(types()).toContain("screen_ended");
    expectPerfect(analyser);
    await channel.stop();
  });

  it("opens no source for what a freeze of the machine has made pass", async () => {
    const { clock, studio, channel, analyser, run } = onAir([item("a", 600), item("b", 600)]);
    await run(10_000);
    const before = studio.opened.length;
    clock.freeze(3_600_000);
    await run(20_000);
    expect(studio.opened.length - before).toBeLessThanOrEqual(4);
    const now = Math.floor((clock.wallNow() * 30) / 1000);
    expect(channel.onNow.startFrame).toBe(channel.definition.schedule.at(now).startFrame);
    expect(channel.leadFrames).toBeGreaterThan(5 * GOP);
    expectPerfect(analyser);
    await channel.stop();
  });

  it("moves to the schedule's new place when the wall clock is set, in one step and without a fault", async () => {
    const { clock, channel, analyser, run, types } = onAir([item("a", 3000), item("b", 3000)]);
    await run(15_000);
    clock.stepWall(3_600_000 + 37_000);
    await run(20_000);
    expect(types().filter((type) => type === "reanchored")).toHaveLength(1);
    const schedule = channel.definition.schedule;
    const now = Math.floor((clock.wallNow() * 30) / 1000);
    expect(channel.onNow.item).toBe(schedule.at(now).item);
    expect(Math.abs(channel.onNow.startFrame - schedule.at(now).startFrame)).toBe(0);
    expectPerfect(analyser);
    await channel.stop();
  });

  it("leaves no source, no timer and no reader behind when it stops", async () => {
    const { clock, studio, channel, run } = onAir([item("a", 45), item("b", 60)]);
    await run(5_000);
    const stopped = channel.stop();
    await clock.advance(5_000);
    await stopped;
    expect(studio.opened.every((source) => source.closed)).toBe(true);
    expect(clock.pending).toBe(0);
  });
});

describe("ChannelManager", () => {
  it("puts a channel on air for its first viewer, once for all, and takes it off after the last has lingered", async () => {
    const { clock, studio, definition, settings, channel } = onAir([item("film", 30 * 600)]);
    await Promise.all([channel.stop(), clock.advance(1000)]);
    const before = studio.opened.length;
    const events: string[] = [];
    const onEvent = (_channel: ChannelDefinition, event: ChannelEvent) => void events.push(event.type);
    const manager = new ChannelManager({ settings, throttleOf, lingerMs: 30_000, onEvent });
    manager.add(definition);
    const holds = Array.from({ length: 50 }, () => manager.hold(1));
    expect(new Set(holds.map((hold) => hold.channel)).size).toBe(1);
    await clock.advance(3_000);
    expect(studio.opened.length - before).toBe(1);
    for (const hold of holds) hold.release();
    await clock.advance(29_000);
    expect(manager.onAir).toHaveLength(1);
    const again = manager.hold(1);
    await clock.advance(40_000);
    expect(events).not.toContain("off_air");
    again.release();
    again.release();
    await clock.advance(31_000);
    expect(events.filter((type) => type === "off_air")).toHaveLength(1);
    expect(manager.onAir).toHaveLength(0);
    await manager.close();
    expect(clock.pending).toBe(0);
  });

  it("keeps channels on air for another while when that is changed, those too that linger already", async () => {
    const { clock, definition, settings, channel } = onAir([item("film", 30 * 600)]);
    await Promise.all([channel.stop(), clock.advance(1000)]);
    const manager = new ChannelManager({ settings, throttleOf, lingerMs: 30_000, onEvent: () => undefined });
    manager.add(definition);
    const onAirAfter = async (ms: number) => {
      await clock.advance(ms);
      return manager.onAir.length;
    };
    const hold = manager.hold(1);
    manager.setLinger(1_000);
    expect(await onAirAfter(5_000), "while it is watched").toBe(1);
    manager.setLinger(30_000);
    hold.release();
    expect(await onAirAfter(20_000)).toBe(1);
    manager.setLinger(60_000);
    expect(await onAirAfter(39_000)).toBe(1);
    manager.setLinger(10_000);
    expect(await onAirAfter(100), "longer ago than the new time").toBe(0);
    await Promise.all([manager.close(), clock.advance(1_000)]);
    expect(clock.pending).toBe(0);
  });

  it("lingers at least as long as its last viewer asks for", async () => {
    const { clock, definition, settings, channel } = onAir([item("film", 30 * 600)]);
    await Promise.all([channel.stop(), clock.advance(1000)]);
    const manager = new ChannelManager({ settings, throttleOf, lingerMs: 0, onEvent: () => undefined });
    manager.add(definition);
    manager.hold(1).release(5_000);
    await clock.advance(2_000);
    manager.setLinger(1_000);
    await clock.advance(2_900);
    expect(manager.onAir).toHaveLength(1);
    await clock.advance(200);
    expect(manager.onAir).toHaveLength(0);
    await Promise.all([manager.close(), clock.advance(1_000)]);
  });

  it("says which channels there are when asked for another one", () => {
    const { settings } = onAir([item("film", 300)]);
    const manager = new ChannelManager({ settings, throttleOf, lingerMs: 0, onEvent: () => undefined });
    expect(() => manager.hold(9)).toThrow(/no channel 9/);
  });
});
