// What the release bench measures, told by its arguments: "ours" is so many channels in realtime, fed from memory
// and each with a viewer that takes everything; "screen" is the same while no source delivers; "bare" is the release timer alone, with nothing to do.
import { SystemClock } from "../src/base/clock.ts";
import { rational } from "../src/base/rational.ts";
import { ChannelManager } from "../src/channels/channel-manager.ts";
import { Lateness } from "../src/channels/lateness.ts";
import { OneScreen } from "../src/channels/studio.fixtures.ts";
import type { MediaFacts } from "../src/ffmpeg/probe.ts";
import { syntheticGop } from "../src/media/gop.fixtures.ts";
import { houseFormat } from "../src/media/house-format.ts";
import { LoopSchedule } from "../src/playout/loop-schedule.ts";
import type { OpenSource, PlayItem } from "../src/source/source.ts";
import { settingsOf } from "../src/throttle/settings.fixtures.ts";

const TICK_MS = 20;
const RATE = 4_000_000;
const clock = new SystemClock();
let releasedBytes = 0;

const [kind, channels] = [process.argv[2], Number(process.argv[3])];
const lateness = kind === "bare" ? startBare() : startOurs(channels, kind === "screen");
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const [p50Ms, p99Ms] = [lateness.percentile(0.5), lateness.percentile(0.99)];
  process.send?.({ p50Ms, p99Ms, cpuMs: (user + system) / 1000, releasedBytes });
});
process.send?.({ ready: true });

function startOurs(count: number, isAway: boolean): Lateness {
  const format = houseFormat({
    ...{ width: 1280, height: 720, fps: rational(30), gopSeconds: 1 },
    ...{ totalBps: RATE, audioBps: 128_000 },
  });
  const gops = Array.from({ length: 4 }, (_, seed) =>
    syntheticGop({ format, frames: 30, seed, maxUnitBytes: 24_000 }),
  );
  const open: OpenSource = (_item, { startFrame }) => {
    let frame = startFrame;
    return {
      next: async () => {
        if (isAway) throw new Error("there is nothing");
        const gop = { ...gops[(frame / 30) % gops.length]!, firstFrame: frame };
        frame += 30;
        return gop;
      },
      close: async () => undefined,
    };
  };
  const item: PlayItem = { mediaId: 1, title: "Bench", facts: {} as MediaFacts, frames: 30 * 3600 };
  const manager = new ChannelManager({
    settings: { leadMs: 8000, ringMs: 12_000, startTicks: 0, clock, random: Math.random },
    throttleOf: () => settingsOf("realtime", RATE),
    lingerMs: 30_000,
    onEvent: () => undefined,
  });
  // All of them begin their Gops at the same moment, which is the worst that can be.
  const schedule = new LoopSchedule([item]);
  for (let number = 1; number <= count; number++) {
    manager.add({
      id: number,
      number,
      name: `Bench ${number}`,
      format,
      schedule,
      open,
      openScreens: () => new OneScreen(format),
    });
    const { channel } = manager.hold(number);
    let position = 0;
    const onRelease = () => {
      const { head } = channel.ring;
      releasedBytes += head - position;
      position = head;
    };
    channel.subscribe({ onRelease, onThrottle: () => undefined, onOffAir: () => undefined });
  }
  return manager.lateness;
}

function startBare(): Lateness {
  const bare = new Lateness();
  clock.every(TICK_MS, (lateMs) => bare.add(lateMs));
  return bare;
}
