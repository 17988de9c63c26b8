import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "../src/base/clock.ts";
import { rational } from "../src/base/rational.ts";
import { houseFormat } from "../src/media/house-format.ts";
import { openEncoder } from "../src/source/open-encoder.ts";
import { EncodingStudio } from "../test/support/encode.ts";
import { makeFrameNumberClip } from "../test/support/frame-number.ts";
import { openTs } from "../test/support/http-ts-client.ts";
import { ServerUnderTest } from "../test/support/server.ts";
import { compared, type Figure, median } from "./result.ts";

const clock = new SystemClock();
const CLIP_SECONDS = 60;
/** Far enough into the clip, and off its keyframes. */
const SEEK_SECONDS = 37;

/** Time until there is something to see: of an encoder, and of a viewer; at the default house format. */
export async function benchTune(smoke: boolean): Promise<Figure[]> {
  const rounds = smoke ? 1 : 5;
  const folder = await mkdtemp(join(tmpdir(), "exstreamtv-bench-"));
  try {
    await mkdir(join(folder, "Bench"));
    const shape = { seconds: CLIP_SECONDS, fps: rational(25), width: 1280, height: 720 };
    const clip = await makeFrameNumberClip(join(folder, "Bench"), "clip.mp4", shape);
    const gops = await firstGops(clip, rounds);
    const tunes = await firstBytes(folder, rounds);
    return [
      compared("first Gop, cold", "ms", gops.cold, "plain ffmpeg, the same second", gops.plain),
      compared("first Gop, after a seek", "ms", gops.seek, "plain ffmpeg, the same second", gops.plainSeek),
      { name: "first byte, cold channel", value: tunes.cold, unit: "ms", aim: "≤ 2000 ms" },
      { name: "first byte, warm channel", value: tunes.warm, unit: "ms", aim: "≤ 300 ms" },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function firstGops(clip: string, rounds: number) {
  const format = houseFormat({
    ...{ width: 1280, height: 720, fps: rational(30), gopSeconds: 1 },
    ...{ totalBps: 4_000_000, audioBps: 128_000 },
  });
  await using studio = await EncodingStudio.open(format);
  const item = await studio.plan(clip);
  const open = openEncoder({ ffmpeg: "ffmpeg", folder: join(studio.folder, "work"), clock }, format);
  const gop = async (startFrame: number) => {
    const beganMs = clock.now();
    const source = open(item, { startFrame, audioPhase: 0 });
    await source.next();
    const tookMs = clock.now() - beganMs;
    await source.close();
    return tookMs;
  };
  const samples: Record<"cold" | "plain" | "seek" | "plainSeek", number>[] = [];
  for (let round = 0; round < rounds; round++) {
    samples.push({
      cold: await gop(0),
      plain: await plainFfmpeg(clip, 0),
      seek: await gop(SEEK_SECONDS * format.gopFrames),
      plainSeek: await plainFfmpeg(clip, SEEK_SECONDS),
    });
  }
  const of = (key: "cold" | "plain" | "seek" | "plainSeek") => median(samples.map((sample) => sample[key]));
  return { cold: of("cold"), plain: of("plain"), seek: of("seek"), plainSeek: of("plainSeek") };
}

/** Time in which ffmpeg by itself, with the same encoder settings, makes one second of transport stream. */
async function plainFfmpeg(clip: string, seconds: number): Promise<number> {
  const beganMs = clock.now();
  const video = "-vf scale=1280:720,fps=30 -c:v libx264 -preset veryfast -g 30 -bf 2".split(" ");
  const args = ["-v", "error", "-nostdin", "-ss", String(seconds), "-i", clip, "-t", "1", ...video];
  const child = spawn("ffmpeg", [...args, "-c:a", "aac", "-f", "mpegts", "-y", "/dev/null"], {
    stdio: "ignore",
  });
  await new Promise((resolve) => child.once("close", resolve));
  return clock.now() - beganMs;
}

async function firstBytes(folder: string, rounds: number) {
  const config = { channels: { linger_seconds: 0.5 } };
  await using server = await ServerUnderTest.start({ folder, config });
  const samples: { cold: number; warm: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const cold = await openTs(server.channel(1));
    await cold.received(100_000);
    const warm = await openTs(server.channel(1));
    await warm.received(10_000);
    samples.push({ cold: cold.firstByteMs!, warm: warm.firstByteMs! });
    await Promise.all([cold.close(), warm.close()]);
    while ((await server.encoders()).length > 0) await clock.sleep(200);
  }
  return { cold: median(samples.map(({ cold }) => cold)), warm: median(samples.map(({ warm }) => warm)) };
}
