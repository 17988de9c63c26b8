import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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

const TICK_MS = 40;

/** A channel whose source can be taken away, with everything it sent and said. */
function onAir(
  items: PlayItem[],
  throttle: ThrottleSettings = settingsOf("realtime"),
  screens = new OneScreen(),
) {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const studio = new Studio(clock);
  const events: ChannelEvent[] = [];
  const definition: ChannelDefinition = {
    ...{ id: 1, number: 1, name: "One", format, schedule: new LoopSchedule(items) },
    ...{ open: studio.open, openScreens: () => screens },
  };
  const settings = {
    ...{ leadMs: 8000, ringMs: 12_000, startTicks: 900_000 },
    ...{ clock, random: () => 0.5 },
  };
  let onEvent = (_: ChannelEvent) => {};
  const channel = new Channel(definition, settings, throttle, (event) => {
    events.push(event);
    onEvent(event);
  });
  const analyser = new Analyser();
  let position = 0;
  const run = async (ms: number, stepMs = TICK_MS) => {
    for (let done = 0; done < ms; done += stepMs) {
      await clock.advance(stepMs);
      channel.tick();
      channel.prepare();
      for (let bytes = channel.ring.read(position); bytes; bytes = channel.ring.read(position)) {
        analyser.push(bytes);
        position += bytes.length;
      }
    }
  };
  const of = (type: ChannelEvent["type"]) => events.filter((event) => event.type === type);
  const listen = (listener: (event: ChannelEvent) => void) => {
    onEvent = listener;
  };
  // Sources that are being made something by the clock end with it.
  const stop = () => Promise.all([channel.stop(), clock.advance(1_000)]);
  return { clock, studio, screens, channel, events, of, analyser, run, listen, stop, definition, settings };
}

function expectPerfect(analyser: Analyser): void {
  expect(analyser.report().findings).toEqual([]);
  expect(analyser.report().verdict).toBe("clean");
}

function heapAfterCollection(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

describe("programme and screen in turns", () => {
  it.each(["realtime", "burst"] as const)(
    "fifty times, with sound on the screen: one perfect stream (%s)",
    async (mode) => {
      const { studio, channel, screens, analyser, run, of, listen, stop } = onAir(
        [item("film", 30 * 3600)],
        settingsOf(mode),
        new OneScreen(format, { sound: true }),
      );
      const inHand: number[] = [];
      listen((event) => {
        // The first picture of the screen follows the last one of the programme: there is no time in between.
        if (event.type === "screen_started") inHand.push(channel.leadFrames);
      });
      let gate = Promise.withResolvers<void>();
      for (let turn = 0; turn < 50; turn++) {
        await run(9_000 + 200 * turn);
        studio.onGop = () => gate.promise;
        await run(11_000 + 130 * turn);
        gate.resolve();
        gate = Promise.withResolvers<void>();
        studio.onGop = () => undefined;
      }
      await run(10_000);
      expect(of("screen_started").length).toBeGreaterThanOrEqual(50);
      expect(of("screen_ended").length).toBe(of("screen_started").length);
      expect(Math.min(...inHand)).toBeGreaterThan(0);
      expect(Math.max(...inHand)).toBeLessThanOrEqual(GOP);
      expect(screens.calls.filter((call) => call === "rest").length).toBe(of("screen_ended").length);
      // It was known beforehand that a screen might be needed.
      expect(screens.calls).toContain("anticipate");
      expectPerfect(analyser);
      await stop();
      expect(screens.calls.at(-1)).toBe("close");
    },
  );

  it("an hour of screen: the memory stays as it is, the timeline is perfect", async () => {
    const { studio, analyser, run, of, stop } = onAir([item("film", 30 * 3600 * 3)]);
    studio.onGop = () => {
      throw new AppError("encoder_failed", "moov atom not found");
    };
    await run(600_000, 200);
    const before = heapAfterCollection();
    await run(3_000_000, 200);
    const after = heapAfterCollection();
    expect(after - before).toBeLessThan(3 * 2 ** 20);
    expect(of("screen_started")).toHaveLength(1);
    expect(of("screen_ended")).toHaveLength(0);
    expect(analyser.streamMs).toBeGreaterThan(3_595_000);
    expectPerfect(analyser);
    await stop();
  });
});

describe("reasons", () => {
  it("a cold tune that takes longer than a second is loading; the programme follows", async () => {
    const { studio, of, run, analyser, stop } = onAir([item("film", 30 * 600)]);
    const slow = Promise.withResolvers<void>();
    studio.onGop = () => slow.promise;
    await run(840);
    expect(of("screen_started")).toEqual([]);
    await run(400);
    expect(of("screen_started")).toMatchObject([{ reason: "loading", title: "film" }]);
    slow.resolve();
    studio.onGop = () => undefined;
    await run(12_000);
    expect(of("screen_ended")).toHaveLength(1);
    expectPerfect(analyser);
    await stop();
  });

  it("behind a screen the next film has as long to come as behind a programme", async () => {
    const { studio, run, listen, stop } = onAir([item("broken", 3600), item("slow", 900)]);
    const shown: number[] = [];
    listen((event) => {
      if (event.type === "screen_ended") shown.push(event.frames);
    });
    studio.onGop = async ({ title }, frame) => {
      if (title === "broken") throw new AppError("encoder_failed", "crashed");
      if (frame === 0) await studio.clock.sleep(9_000);
    };
    await run(300_000);
    // The whole of each film that is broken (the first one may be joined in its middle), nothing of the one behind.
    expect(shown.slice(1)).toEqual([3600]);
    await stop();
  });

  it("a film that cannot be played says so, with the code and when the next one begins", async () => {
    const items = [item("good", 300), item("broken", 600)];
    const { clock, studio, channel, screens, of, run, stop } = onAir(items);
    studio.onGop = ({ title }) => {
      if (title === "broken") throw new AppError("encoder_failed", "moov atom not found");
    };
    await run(60_000);
    expect(of("screen_started")).toContainEqual({
      ...{ type: "screen_started", title: "broken", reason: "source_unavailable", failure: "encoder_failed" },
    });
    const told = screens.cues.filter(({ reason }) => reason === "source_unavailable");
    const returns = new Set(told.flatMap(({ returnMs }) => returnMs ?? []));
    const { schedule } = channel.definition;
    for (const returnMs of returns) {
      const slot = schedule.at((returnMs * 30) / 1000);
      expect([slot.item.title, slot.startFrame]).toEqual(["good", (returnMs * 30) / 1000]);
      expect(Math.abs(returnMs - clock.wallNow())).toBeLessThan(90_000);
    }
    expect(returns.size).toBeGreaterThan(1);
    await stop();
  });
});

describe("a screen that somebody asked for", () => {
  const cue = { reason: "maintenance", title: "Back soon" } as const;

  it("is on air within a Gop and what is multiplexed ahead, and the programme goes on underneath", async () => {
    const { clock, studio, channel, screens, of, run, analyser, stop } = onAir([item("film", 30 * 600)]);
    await run(20_000);
    const opened = studio.opened.length;
    const { end } = channel.ring;
    channel.announce({ cue, untilMs: clock.now() + 7_000 });
    await run(2_000);
    expect(of("screen_started")).toEqual([{ type: "screen_started", reason: "maintenance", by: "operator" }]);
    // Nothing that was multiplexed before is taken back; half a second of it waits at the most.
    expect(channel.ring.end).toBeGreaterThan(end);
    expect(screens.cues.length).toBeLessThanOrEqual(3);
    await run(10_000);
    const [ended] = of("screen_ended");
    expect(ended).toMatchObject({ frames: expect.any(Number) });
    const { frames } = ended as { frames: number };
    expect(frames).toBeGreaterThanOrEqual(6 * GOP);
    expect(frames).toBeLessThanOrEqual(8 * GOP);
    // No source was touched, and what is on is what the guide says.
    expect(studio.opened.length).toBe(opened);
    expect(channel.leadFrames).toBeGreaterThan(6 * GOP);
    expectPerfect(analyser);
    await stop();
  });

  it("is replaced and ended at the next Gop", async () => {
    const { channel, screens, of, run, analyser, stop } = onAir([item("a", 95), item("bb", 61)]);
    await run(5_000);
    channel.announce({ cue });
    await run(20_000);
    expect(of("screen_ended")).toEqual([]);
    channel.announce({ cue: { ...cue, title: "Other words" } });
    await run(2_000);
    expect(screens.cues.at(-1)?.title).toBe("Other words");
    channel.announce(undefined);
    await run(2_000);
    expect(of("screen_ended")).toHaveLength(1);
    const asked = screens.cues.length;
    await run(5_000);
    expect(screens.cues.length).toBe(asked);
    expectPerfect(analyser);
    await stop();
  });

  it("is shown on channels that go on air meanwhile, and forgotten when its time is over", async () => {
    const { clock, settings, definition, screens, stop } = onAir([item("film", 30 * 600)]);
    await stop();
    const asked = screens.cues.length;
    const throttleOf = () => settingsOf("burst");
    const manager = new ChannelManager({ settings, throttleOf, lingerMs: 0, onEvent: () => undefined });
    manager.add(definition);
    manager.announce(1, { cue, untilMs: clock.now() + 5_000 });
    const hold = manager.hold(1);
    await clock.advance(2_000);
    expect(screens.cues.slice(asked)[0]).toEqual(cue);
    expect(manager.announced(1)).toMatchObject({ cue });
    await clock.advance(4_000);
    expect(manager.announced(1)).toBeUndefined();
    hold.release();
    await Promise.all([manager.close(), clock.advance(1_000)]);
    expect(clock.pending).toBe(0);
  });
});

it("screens are made anew when the channel's rate changes", async () => {
  const { channel, screens, run, stop } = onAir([item("film", 30 * 600)]);
  await run(1_000);
  channel.setThrottle({ ...channel.throttle, targetBps: 2_000_000 });
  expect(screens.calls).toContain("renew");
  await run(1_000);
  await stop();
});
