import { SystemClock } from "../src/base/clock.ts";
import { answer, ask, start } from "./child.ts";
import { compared, type Figure, median } from "./result.ts";

const SETTLE_MS = 4_000;
const clock = new SystemClock();

interface Sample {
  /** CPU of the server per second, in ms, and per MB that the viewers got. */
  readonly cpuMsPerSecond: number;
  readonly cpuMsPerMb: number;
  readonly bytesPerViewer: number;
}

/** CPU and memory that viewers cost, beside a bare Node.js loop that does nothing but write a shared buffer. */
export async function benchFanOut(smoke: boolean): Promise<Figure[]> {
  const viewers = smoke ? 50 : 300;
  const seconds = smoke ? 3 : 12;
  const rounds = smoke ? 1 : 3;
  const samples: { ours: Sample; bare: Sample }[] = [];
  for (let round = 0; round < rounds; round++) {
    samples.push({
      ours: await measure("ours", viewers, seconds),
      bare: await measure("bare", viewers, seconds),
    });
  }
  const pick = (key: keyof Sample) => {
    const of = (which: "ours" | "bare") => median(samples.map((sample) => sample[which][key]));
    return [of("ours"), "bare Node loop", of("bare")] as const;
  };
  return [
    compared(`CPU for ${viewers} viewers of 4 Mb/s`, "ms/s", ...pick("cpuMsPerSecond")),
    compared("CPU per MB sent", "ms", ...pick("cpuMsPerMb"), "ratio ≤ 1.3"),
    compared("memory per viewer", "kB", ...pick("bytesPerViewer")),
  ];
}

async function measure(kind: "ours" | "bare", viewers: number, seconds: number): Promise<Sample> {
  const server = start("fan-out-server.ts", kind);
  const { port } = await answer<{ port: number }>(server);
  // One viewer first: what the channel itself costs in memory is not the viewers'.
  const first = start("fan-out-clients.ts", String(port), "1");
  await answer(first);
  await clock.sleep(SETTLE_MS);
  const alone = await ask<{ rssBytes: number }>(server);
  const clients = start("fan-out-clients.ts", String(port), String(viewers - 1));
  try {
    await answer(clients);
    await clock.sleep(SETTLE_MS);
    const [before, sentBefore] = [await ask<Usage>(server), await ask<{ bytes: number }>(clients)];
    const beganMs = clock.now();
    await clock.sleep(seconds * 1000);
    const [after, sentAfter] = [await ask<Usage>(server), await ask<{ bytes: number }>(clients)];
    const elapsed = (clock.now() - beganMs) / 1000;
    const cpuMs = after.cpuMs - before.cpuMs;
    return {
      cpuMsPerSecond: cpuMs / elapsed,
      cpuMsPerMb: cpuMs / ((sentAfter.bytes - sentBefore.bytes) / 1e6),
      bytesPerViewer: Math.max(0, after.rssBytes - alone.rssBytes) / 1000 / viewers,
    };
  } finally {
    for (const child of [first, clients, server]) child.kill("SIGKILL");
  }
}

interface Usage {
  readonly cpuMs: number;
  readonly rssBytes: number;
}
