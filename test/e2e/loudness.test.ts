import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { measureLoudness } from "../../src/ffmpeg/loudness.ts";
import { AAC_FRAME_SAMPLES, FrameGrid, houseFormat } from "../../src/media/house-format.ts";
import { EncodingStudio, totalFrames } from "../support/encode.ts";
import { generated, OUTPUT, place } from "../support/media-cache.ts";
import { runOrThrow } from "../support/process.ts";

const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-loudness-"));
const format = houseFormat({
  ...{ width: 192, height: 108, fps: rational(25), gopSeconds: 1 },
  ...{ totalBps: 1_000_000, audioBps: 160_000 },
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Three tones that come and go, with a short click of half scale now and then where `clicks` are wanted. */
function makeSound(name: string, amplitude: number, clicks: boolean): Promise<string> {
  const tones = "(sin(2*PI*300*t)+sin(2*PI*710*t)+sin(2*PI*1930*t))/3*(0.6+0.4*sin(2*PI*1.3*t))";
  const click = clicks ? "+0.5*lt(mod(t,2.5),0.001)*sin(2*PI*1000*t)" : "";
  const sound = `${amplitude}*${tones}${click}`;
  const graph = `aevalsrc='${sound}|${sound}':s=48000`;
  const steps = [[...generated(graph), "-t", "12", "-c:a", "flac", OUTPUT]];
  return place({ extension: ".flac", steps }, folder, `${name}.flac`);
}

async function loudnessOf(path: string, demuxer: string, stream: number) {
  return measureLoudness({ path, demuxer }, stream, { ffmpeg: "ffmpeg", clock });
}

async function samplesOf(file: string): Promise<Float32Array> {
  const chunks: Buffer[] = [];
  const args = ["-v", "error", "-i", file, "-map", "0:a", "-ac", "1", "-f", "f32le", "-"];
  await runOrThrow("ffmpeg", args, { seconds: 60, onStdout: (chunk) => chunks.push(chunk) });
  const bytes = Buffer.concat(chunks);
  return Float32Array.from({ length: bytes.length >> 2 }, (_, index) => bytes.readFloatLE(index * 4));
}

describe("EBU R 128", () => {
  it.each([
    ["loud", 0.95, false, -23],
    ["loud", 0.95, false, -16],
    ["quiet", 0.02, false, -23],
    ["peaks", 0.08, true, -16],
  ] as const)(
    "brings %s sound (%d, clicks: %s) within 1 LU of %d LUFS",
    async (name, amplitude, clicks, target) => {
      await using studio = await EncodingStudio.open(format);
      const path = await makeSound(name, amplitude, clicks);
      const plain = await studio.plan(path);
      const { demuxer } = plain.facts;
      const loudness = [await loudnessOf(path, demuxer, plain.audioStream!)];
      const item = await studio.plan(path, { loudnessTargetLufs: target }, { loudness });
      expect(item.gain?.limited).toBe(clicks);
      const gops = await studio.encode(item);
      expect(totalFrames(gops)).toBe(item.frames);
      const file = await studio.write("sound", gops);
      const result = await loudnessOf(file, "mpegts", 1);
      expect(Math.abs(result.integratedLufs! - target), JSON.stringify(result)).toBeLessThan(1);
      expect(result.truePeakDb).toBeLessThan(-0.5);

      // A run that begins in the middle is the same sound at the same place.
      const whole = await samplesOf(file);
      const resumed = await samplesOf(await studio.write("resumed", await studio.encode(item, 125)));
      const from = new FrameGrid(format).audioFrame(125) * AAC_FRAME_SAMPLES;
      let [difference, power] = [0, 0];
      for (let index = 4096; index < 6 * 48_000; index++) {
        difference += (whole[from + index]! - resumed[index]!) ** 2;
        power += whole[from + index]! ** 2;
      }
      expect(difference / power).toBeLessThan(0.01);

      // Neither gain nor limiter moves it: the click is where it is without them.
      const before = await samplesOf(await studio.write("plain", await studio.encode(plain)));
      expect(before.length).toBe(whole.length);
      expect(lag(before, whole)).toBe(0);
    },
  );
});

/** The shift, in samples, at which two signals are most alike. */
function lag(a: Float32Array, b: Float32Array): number {
  let [best, at] = [Number.NEGATIVE_INFINITY, Number.NaN];
  for (let shift = -400; shift <= 400; shift++) {
    let product = 0;
    for (let index = 48_000; index < 96_000; index++) product += a[index]! * b[index + shift]!;
    if (product > best) [best, at] = [product, shift];
  }
  return at;
}
