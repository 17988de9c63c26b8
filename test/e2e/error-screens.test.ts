import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { ErrorScreenGenerator } from "../../src/error-screens/generator.ts";
import { frameCount, type Gop } from "../../src/media/gop.ts";
import { type HouseFormat, houseFormat } from "../../src/media/house-format.ts";
import { AUDIO_MODES, type ErrorAudioMode, VISUAL_MODES } from "../../src/media/screen-modes.ts";
import { Analyser } from "../../src/mpegts/analyser.ts";
import { Muxer } from "../../src/mpegts/muxer.ts";
import { Splicer } from "../../src/splice/splicer.ts";
import { BARS, bt709Codes } from "../support/colour-bars.ts";
import { ffmpegDecode, tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { runOrThrow } from "../support/process.ts";

const clock = new SystemClock();
const SECONDS = 8;
/** Sound of 50 s: at least ten periods of each kind. */
const LOOP_SECONDS = 50;
let folder: string;
let generator: ErrorScreenGenerator;
const failures: unknown[] = [];

const FORMATS: readonly [string, HouseFormat][] = [
  ["640×360 at 30", formatOf(640, 360, 30)],
  ["720×576 at 25", formatOf(720, 576, 25)],
  ["854×480 at 23.976", formatOf(854, 480, 24_000, 1001)],
];

const MESSAGE = {
  title: "We’ll be right back",
  subtitle: "x',movie=/etc/hostname,%{pts} \\ : ' [a] {b}\n😀\u0000",
  channelName: "Movie Channel",
  channelNumber: 5,
  estimatedReturn: new Date("2026-05-01T19:45:00Z"),
  errorCode: "encoder_failed",
};

function formatOf(width: number, height: number, num: number, den = 1): HouseFormat {
  const fps = rational(num, den);
  return houseFormat({ width, height, fps, gopSeconds: 1, totalBps: 2_000_000, audioBps: 128_000 });
}

function open(ffmpeg: () => Promise<string>): ErrorScreenGenerator {
  const onFailure = (failure: unknown) => failures.push(failure);
  const work = join(folder, "work");
  mkdirSync(work, { recursive: true });
  return new ErrorScreenGenerator({
    ffmpeg,
    clock,
    folder: work,
    cacheFolder: join(folder, "cache"),
    onFailure,
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "exstreamtv-screens-"));
  generator = open(async () => "ffmpeg");
});

afterAll(async () => {
  await generator.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A screen on a channel's timeline, in Gops of uneven lengths as they are when items begin and end. */
function onAir(gopAt: (frame: number, room: number) => Gop, format: HouseFormat, seconds: number): Buffer {
  const splicer = new Splicer(format);
  const muxer = new Muxer({ format, serviceName: "test", startTicks: 900_000 });
  const end = Math.round((seconds * format.fps.num) / format.fps.den);
  const pieces: Uint8Array[] = [];
  for (let frame = 1000, turn = 0; frame < 1000 + end; turn++) {
    const room = turn % 4 === 3 ? 7 : format.gopFrames;
    const gop = gopAt(frame, Math.min(room, 1000 + end - frame));
    pieces.push(muxer.mux(splicer.place(gop, frame)).bytes);
    frame += frameCount(gop);
  }
  return Buffer.concat(pieces);
}

/** Mean and peak of the sound in dB, as ffmpeg's volumedetect has it. */
async function volumeOf(file: string): Promise<{ mean: number; max: number }> {
  const args = ["-nostdin", "-hide_banner", "-i", file, "-vn", "-af", "volumedetect", "-f", "null", "-"];
  const { stderr } = await runOrThrow("ffmpeg", args, { seconds: 60 });
  const figure = (name: string) => Number(new RegExp(`${name}_volume: (-?[\\d.]+) dB`).exec(stderr)?.[1]);
  return { mean: figure("mean"), max: figure("max") };
}

async function decodedSound(file: string): Promise<Float32Array> {
  const chunks: Buffer[] = [];
  const args = ["-v", "error", "-i", file, "-vn", "-af", "pan=mono|c0=c0", "-f", "f32le", "-"];
  await runOrThrow("ffmpeg", args, { seconds: 60, onStdout: (chunk) => chunks.push(chunk) });
  const bytes = Buffer.concat(chunks);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

const VOLUMES: Readonly<Record<ErrorAudioMode, { mean: [number, number]; max: [number, number] }>> = {
  silent: { mean: [-200, -80], max: [-200, -80] },
  sine_wave: { mean: [-23.5, -22.5], max: [-20.5, -19.5] },
  // The codec leaves out what lies above 17 kHz: 1.5 dB of noise that is even up to 24.
  white_noise: { mean: [-25.5, -23.5], max: [-19, -8] },
  beep: { mean: [-36, -33], max: [-20.5, -18.5] },
};

describe.each(FORMATS)("%s", (_, format) => {
  it.each(VISUAL_MODES.flatMap((visual) => AUDIO_MODES.map((audio) => [visual, audio] as const)))(
    "%s with %s: nobody finds a fault",
    async (visualMode, audioMode) => {
      const screen = await generator.render(MESSAGE, { visualMode, audioMode }, format);
      const file = join(folder, "screen.ts");
      const bytes = onAir((frame, room) => screen.gopAt(frame, room), format, SECONDS);
      writeFileSync(file, bytes);
      const analyser = new Analyser();
      analyser.push(bytes);
      expect(analyser.report()).toMatchObject({
        cc_errors: 0,
        crc_errors: 0,
        pcr_backward: 0,
        pes_late_vs_pcr: 0,
      });
      expectSeamless(await tsprobe(file));
      expect(await ffmpegDecode(file)).toEqual([]);
      const entries =
        "stream=codec_name,width,height,r_frame_rate,color_space,color_range,channels,sample_rate";
      const { stdout, stderr } = await runOrThrow(
        "ffprobe",
        ["-v", "warning", "-show_entries", entries, "-of", "json", file],
        { seconds: 60 },
      );
      expect(stderr).toBe("");
      const { width, height, fps } = format;
      expect(JSON.parse(stdout).streams).toMatchObject([
        {
          codec_name: "h264",
          width,
          height,
          r_frame_rate: `${fps.num}/${fps.den}`,
          color_space: "bt709",
          color_range: "tv",
        },
        { codec_name: "aac", channels: 2, sample_rate: "48000" },
      ]);
      const volume = await volumeOf(file);
      const { mean, max } = VOLUMES[audioMode];
      expect(volume.mean).toBeGreaterThanOrEqual(mean[0]);
      expect(volume.mean).toBeLessThanOrEqual(mean[1]);
      expect(volume.max).toBeGreaterThanOrEqual(max[0]);
      expect(volume.max).toBeLessThanOrEqual(max[1]);
    },
  );
});

describe("sounds have no seam", () => {
  const [, format] = FORMATS[0]!;
  const soundOf = async (audioMode: ErrorAudioMode, volume = -20) => {
    const screen = await generator.render(MESSAGE, { audioMode, volume }, format);
    const file = join(folder, `${audioMode}.ts`);
    writeFileSync(
      file,
      onAir((frame, room) => screen.gopAt(frame, room), format, LOOP_SECONDS),
    );
    return decodedSound(file);
  };

  /** For each audio frame, its largest step from one sample to the next. */
  const stepsOf = (samples: Float32Array) => {
    // The decoder has faded in after some frames.
    const frames = Array.from(
      { length: Math.floor(samples.length / 1024) - 8 },
      (_, frame) => (frame + 4) * 1024,
    );
    return frames.map((start) => {
      let largest = 0;
      for (let at = start; at < start + 1024; at++) {
        largest = Math.max(largest, Math.abs(samples[at]! - samples[at - 1]!));
      }
      return largest;
    });
  };
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

  test("a tone makes no step larger than its own, over thirty periods and cuts of its Gops", async () => {
    const steps = stepsOf(await soundOf("sine_wave"));
    const own = 0.1 * 2 * Math.sin((Math.PI * 440) / 48_000);
    expect(Math.max(...steps)).toBeLessThan(1.05 * own);
    expect(Math.min(...steps)).toBeGreaterThan(0.95 * own);
  });

  test("noise is as loud everywhere, at its joints too, and has no step that noise has not", async () => {
    const samples = await soundOf("white_noise");
    const levels: number[] = [];
    for (let start = 4096; start + 1024 <= samples.length - 4096; start += 1024) {
      const part = samples.subarray(start, start + 1024);
      levels.push(10 * Math.log10(part.reduce((sum, x) => sum + x * x, 0) / part.length));
    }
    expect(Math.min(...levels)).toBeGreaterThan(median(levels) - 1.5);
    expect(Math.max(...levels)).toBeLessThan(median(levels) + 1.5);
    const steps = stepsOf(samples);
    expect(Math.max(...steps)).toBeLessThan(1.5 * median(steps));
  });

  test("beeps come every two seconds, and nothing in between", async () => {
    const samples = await soundOf("beep");
    const starts: number[] = [];
    let quiet = 0;
    for (const [index, sample] of samples.entries()) {
      if (Math.abs(sample) < 0.02) quiet++;
      else {
        if (quiet > 24_000) starts.push(index / 48_000);
        quiet = 0;
      }
    }
    expect(starts.length).toBeGreaterThan(20);
    for (const [index, start] of starts.slice(1).entries()) {
      expect(Math.abs(start - starts[index]! - (94 * 1024) / 48_000)).toBeLessThan(0.005);
    }
  });

  test("the level is the configured one", async () => {
    await soundOf("sine_wave", -40);
    const { max } = await volumeOf(join(folder, "sine_wave.ts"));
    expect(Math.abs(max + 40)).toBeLessThan(1);
  });
});

test("bars are right within three codes on air", async () => {
  const [, format] = FORMATS[0]!;
  const screen = await generator.render({ title: "" }, { visualMode: "test_pattern" }, format);
  const file = join(folder, "bars.ts");
  writeFileSync(
    file,
    onAir((frame, room) => screen.gopAt(frame, room), format, 2),
  );
  const chunks: Buffer[] = [];
  const args = ["-v", "error", "-ss", "0.9", "-i", file, "-frames:v", "1", "-f", "rawvideo", "-"];
  await runOrThrow("ffmpeg", args, { seconds: 60, onStdout: (chunk) => chunks.push(chunk) });
  const picture = Buffer.concat(chunks);
  const { width, height } = format;
  const codesAt = (x: number, y: number) =>
    [0, 1, 1.25].map((plane, index) => {
      const half = index === 0 ? 1 : 2;
      return picture[plane * width * height + Math.floor(y / half) * (width / half) + Math.floor(x / half)]!;
    });
  const fields: [number, number, readonly number[]][] = BARS.slice(0, 7).map((colour, index) => [
    80 + ((index + 0.5) * 480) / 7,
    100,
    bt709Codes(colour),
  ]);
  fields.push([40, 100, bt709Codes([0.4, 0.4, 0.4])], [40, 225, bt709Codes([0, 1, 1])]);
  fields.push([600, 255, bt709Codes([1, 0, 0])], [250, 320, [235, 128, 128]]);
  for (const [x, y, wanted] of fields) {
    for (const [index, code] of codesAt(Math.round(x), y).entries()) {
      expect(Math.abs(code - wanted[index]!)).toBeLessThanOrEqual(3);
    }
  }
});

describe("what was rendered once", () => {
  const [, format] = FORMATS[0]!;
  const config = { visualMode: "slate", audioMode: "beep" } as const;
  const refuse = () => Promise.reject(new Error("no ffmpeg here"));

  test("is on air after a restart without any process, byte for byte", async () => {
    const before = await generator.render(MESSAGE, config, format);
    const later = open(refuse);
    const after = await later.render(MESSAGE, config, format);
    expect(after.gopAt(0).video.data).toEqual(before.gopAt(0).video.data);
    expect(after.gopAt(77).audio.sizes).toEqual(before.gopAt(77).audio.sizes);
    await expect(later.render({ ...MESSAGE, title: "Something else" }, config, format)).rejects.toThrow(
      /no ffmpeg/,
    );
    await later.close();
  });

  test("is rendered anew when its file is damaged", async () => {
    const cache = join(folder, "cache");
    for (const name of readdirSync(cache)) {
      const bytes = readFileSync(join(cache, name));
      bytes[bytes.length >> 1]! ^= 0xff;
      writeFileSync(join(cache, name), bytes);
    }
    const later = open(async () => "ffmpeg");
    const screen = await later.render(MESSAGE, config, format);
    expect(frameCount(screen.gopAt(0))).toBe(format.gopFrames);
    await later.close();
  });

  test("leaves nothing behind, and nothing went wrong unnoticed", () => {
    expect(readdirSync(join(folder, "work"))).toEqual([]);
    expect(failures).toEqual([]);
  });
});

test("a live screen is refreshed with other pictures and the same sound", async () => {
  const [, format] = FORMATS[0]!;
  const atMs = Date.parse("2026-05-01T19:38:20Z");
  const screen = await generator.render({ ...MESSAGE, timestamp: true }, { audioMode: "sine_wave" }, format, {
    atMs,
  });
  const fresh = await generator.refresh(screen, atMs + 60_000);
  expect(fresh.gopAt(0).video.data).not.toEqual(screen.gopAt(0).video.data);
  expect(fresh.gopAt(5).audio.data).toBe(screen.gopAt(5).audio.data);
  const both = (frame: number, room: number) => (frame < 1100 ? screen : fresh).gopAt(frame, room);
  const file = join(folder, "live.ts");
  writeFileSync(file, onAir(both, format, SECONDS));
  expectSeamless(await tsprobe(file));
  expect(await ffmpegDecode(file)).toEqual([]);
});

test("what cannot be rendered is told, within its time", async () => {
  const broken = open(async () => "false");
  const format = formatOf(320, 180, 30);
  await expect(broken.render(MESSAGE, {}, format)).rejects.toMatchObject({ code: "encoder_failed" });
  const closed = broken.render({ title: "late" }, {}, format);
  await Promise.all([expect(closed).rejects.toThrow(), broken.close()]);
  await expect(broken.render({ title: "too late" }, {}, format)).rejects.toMatchObject({
    code: "interrupted",
  });
});
