import { SystemClock } from "../src/base/clock.ts";
import { rational } from "../src/base/rational.ts";
import { SelfMeasurement } from "../src/channels/self-measurement.ts";
import { syntheticGop } from "../src/media/gop.fixtures.ts";
import { houseFormat } from "../src/media/house-format.ts";
import { Muxer } from "../src/mpegts/muxer.ts";
import { Splicer } from "../src/splice/splicer.ts";
import { compared, type Figure, median } from "./result.ts";

const ROUNDS = 5;
const TARGET_BPS = 4_500_000;
/** A change of source every so many Gops: films are longer, advertisements shorter. */
const GOPS_PER_ITEM = 60;
const INTERVAL_MS = 30_000;

/**
 * What it costs a channel of 4 Mb/s to examine what it sends, by the defaults: processor time of multiplexing with and
 * without, and the longest that it keeps the thread.
 */
export function benchSelfMeasurement(smoke: boolean): Figure[] {
  const format = houseFormat({
    ...{ width: 1280, height: 720, fps: rational(30), gopSeconds: 1 },
    ...{ totalBps: 4_000_000, audioBps: 128_000 },
  });
  const gops = Array.from({ length: 8 }, (_, seed) =>
    syntheticGop({ format, frames: format.gopFrames, seed, maxUnitBytes: 32_000 }),
  );
  const clock = new SystemClock();
  const gopsPerRound = smoke ? 120 : 1200;
  let longestMs = 0;
  let isTimed = false;
  let samples = 0;
  const round = (enabled: boolean) => {
    // Channel time passes as fast as it is muxed; the budget's time is the machine's.
    let channelMs = 0;
    const now = () => channelMs;
    const measurement = new SelfMeasurement(clock, () => ({ enabled, intervalMs: 0 }));
    const sink = { samplesSkipped: 0, onSample: () => void samples++ };
    const sampler = new SelfMeasurement({ now }, () => ({ enabled, intervalMs: INTERVAL_MS }));
    sampler.add = (_sink, pieces) => measurement.add(sink, pieces);
    const taking = sampler.sampler(sink);
    const splicer = new Splicer(format);
    const muxer = new Muxer({ format, serviceName: "Bench" });
    const before = process.cpuUsage();
    let parameters = gops[0]!.parameters;
    for (let index = 0; index < gopsPerRound; index++) {
      if (index % GOPS_PER_ITEM === 0) parameters = { ...parameters };
      const gop = { ...gops[index % gops.length]!, parameters };
      const wire = muxer.mux(splicer.place(gop, index * format.gopFrames), TARGET_BPS);
      taking.look(gop, wire);
      for (let tick = 0; tick < 25; tick++) {
        const begun = isTimed ? process.cpuUsage() : undefined;
        measurement.work(Number.POSITIVE_INFINITY);
        if (begun) longestMs = Math.max(longestMs, spentMs(begun));
      }
      channelMs += 1000;
    }
    return spentMs(before) / gopsPerRound;
  };
  for (const enabled of [true, false]) round(enabled);
  samples = 0;
  const rounds = Array.from({ length: ROUNDS }, () => ({ measured: round(true), plain: round(false) }));
  const perMinute = (60 * samples) / ROUNDS / gopsPerRound;
  isTimed = true;
  round(true);
  const measured = median(rounds.map((each) => each.measured));
  const plain = median(rounds.map((each) => each.plain));
  return [
    compared("a channel's second, self-measured", "ms", measured, "not measured", plain, "≤ 1.5"),
    {
      ...{ name: "self-measurement, share of a core per channel", unit: "%" },
      ...{ value: (measured - plain) / 10, aim: "≤ 0.1 %" },
    },
    { name: "self-measurement, longest go, processor time", value: longestMs, unit: "ms", aim: "< 5 ms" },
    { name: "self-measurement, samples of a channel", value: perMinute, unit: "a minute" },
  ];
}

/** Processor time since then: other programs do not count. */
function spentMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
