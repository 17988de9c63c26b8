import { SystemClock } from "../src/base/clock.ts";
import { answer, ask, start } from "./child.ts";
import { compared, type Figure } from "./result.ts";

/** Bytes per second of a channel in realtime mode. */
const RATE_BYTES = 500_000;
const clock = new SystemClock();

interface Sample {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMs: number;
  readonly releasedBytes: number;
}

/** How long after their planned times channels are served, beside a timer of the same period with nothing to do. */
export async function benchRelease(smoke: boolean): Promise<Figure[]> {
  const channels = smoke ? 10 : 50;
  const seconds = smoke ? 4 : 25;
  const bare = await measure("bare", channels, seconds);
  const ours = await measure("ours", channels, seconds);
  const screen = await measure("screen", channels, seconds);
  const beside = "bare Node timer";
  return [
    compared(`release lateness of ${channels} channels, p50`, "ms", ours.p50Ms, beside, bare.p50Ms),
    compared("release lateness, p99", "ms", ours.p99Ms, beside, bare.p99Ms, "≤ 20 ms"),
    { name: "CPU per channel of 4 Mb/s, realtime", value: ours.cpuMs / channels, unit: "ms/s" },
    {
      name: "CPU per channel on screen, realtime",
      value: screen.cpuMs / channels / 10,
      unit: "% of a core",
      aim: "< 0.3 %",
    },
    {
      name: "rate on the wire, of the target",
      value: (100 * ours.releasedBytes) / (channels * RATE_BYTES),
      unit: "%",
    },
  ];
}

/** Figures of a process; CPU and bytes per second of its second half. */
async function measure(kind: "ours" | "screen" | "bare", channels: number, seconds: number): Promise<Sample> {
  const child = start("release-server.ts", kind, String(channels));
  try {
    await answer(child);
    await clock.sleep((seconds * 1000) / 2);
    const before = await ask<Sample>(child);
    const beganMs = clock.now();
    await clock.sleep((seconds * 1000) / 2);
    const after = await ask<Sample>(child);
    const elapsed = (clock.now() - beganMs) / 1000;
    return {
      ...after,
      cpuMs: (after.cpuMs - before.cpuMs) / elapsed,
      releasedBytes: (after.releasedBytes - before.releasedBytes) / elapsed,
    };
  } finally {
    child.kill("SIGKILL");
  }
}
