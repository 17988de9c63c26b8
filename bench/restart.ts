import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "../src/base/clock.ts";
import { openTs } from "../test/support/http-ts-client.ts";
import { cached, generated, OUTPUT } from "../test/support/media-cache.ts";
import { ServerUnderTest } from "../test/support/server.ts";
import { type Figure, median } from "./result.ts";

const clock = new SystemClock();
/** A short clip at a small size: what is measured is the server, not the encoder. */
const CLIP = {
  extension: ".mp4",
  steps: [
    [
      ...generated("testsrc2=s=320x180:r=30:d=5"),
      ...generated("sine=f=300:r=48000:d=5"),
      ...["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", OUTPUT],
    ],
  ],
};

/** From `kill -9` of the server until it is ready again, and until a viewer has its first byte. */
export async function benchRestart(smoke: boolean): Promise<Figure[]> {
  const rounds = smoke ? 1 : 5;
  const many = smoke ? 50 : 2000;
  return [...(await restarts(2, rounds)), ...(await restarts(many, rounds))];
}

async function restarts(files: number, rounds: number): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "exstreamtv-bench-"));
  try {
    const clip = await cached(CLIP);
    await mkdir(join(folder, "media", "Bench"), { recursive: true });
    for (let file = 0; file < files; file++) {
      await copyFile(clip, join(folder, "media", "Bench", `${file}.mp4`));
    }
    const config = {
      server: { host: "127.0.0.1", port: await freePort() },
      house_format: { width: 320, height: 180, audio_bitrate_bps: 64_000 },
      stream_throttler: { target_bitrate_bps: 800_000 },
      process: { max_restarts: rounds },
    };
    await using server = await ServerUnderTest.start({ folder: join(folder, "media"), config });
    const samples: { ready: number; byte: number }[] = [];
    for (let round = 1; round <= rounds; round++) {
      const viewer = await openTs(server.channel(1));
      await viewer.received(1);
      const killedMs = clock.now();
      process.kill(server.pid, "SIGKILL");
      await server.restarted(round);
      const readyMs = clock.now();
      const again = await openTs(server.channel(1));
      await again.received(1);
      samples.push({ ready: readyMs - killedMs, byte: clock.now() - readyMs });
      await Promise.all([viewer.closed, again.close()]);
    }
    const of = (key: "ready" | "byte") => Math.round(median(samples.map((sample) => sample[key])));
    const known = `${files} known files`;
    return [
      { name: `kill -9 to ready, ${known}`, value: of("ready"), unit: "ms", aim: "≤ 5000 ms" },
      { name: `ready to first byte, ${known}`, value: of("byte"), unit: "ms", aim: "≤ 2000 ms" },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The restarted server must be found where it was. */
async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as { port: number };
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
