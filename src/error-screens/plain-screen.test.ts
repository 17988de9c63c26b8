import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SystemClock } from "../base/clock.ts";
import { rational } from "../base/rational.ts";
import { parseAudioConfig } from "../codec/aac.ts";
import { CELL_PIXELS, MB_CELLS } from "../codec/flat-picture.ts";
import { accessUnitShape } from "../codec/h264.ts";
import { runTool } from "../ffmpeg/run.ts";
import { frameCount, sample, truncateGop } from "../media/gop.ts";
import { type HouseFormat, houseFormat } from "../media/house-format.ts";
import { Muxer } from "../mpegts/muxer.ts";
import { Splicer } from "../splice/splicer.ts";
import { drawPlainScreen, plainScreen } from "./plain-screen.ts";

const clock = new SystemClock();
const TEXT = { title: "ffmpeg is missing", detail: "This channel goes on by itself when it is back." };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "exstreamtv-plain-"));
});
afterAll(() => rm(folder, { recursive: true }));

function formatOf(width: number, height: number, fps = rational(30), totalBps = 4e6): HouseFormat {
  return houseFormat({ width, height, fps, gopSeconds: 1, totalBps, audioBps: 96_000 });
}

async function tool(binary: string, args: readonly string[]): Promise<Buffer> {
  const result = await runTool({ binary, args, clock, timeoutMs: 60_000, maxStdoutBytes: 2 ** 28 });
  expect([result.stderrTail, result.exit.code]).toEqual([[], 0]);
  return result.stdout;
}

/** Both Gops, twice, as a transport stream; returns its path. */
async function transportStream(format: HouseFormat): Promise<string> {
  const muxer = new Muxer({ format, serviceName: "Plain", startTicks: 900_000 });
  const splicer = new Splicer(format);
  const gops = plainScreen(format, TEXT);
  const pieces = [...gops, ...gops].map(
    (gop, index) => muxer.mux(splicer.place(gop, index * format.gopFrames)).bytes,
  );
  const path = join(folder, "plain.ts");
  await writeFile(path, Buffer.concat(pieces));
  return path;
}

const FORMATS: readonly HouseFormat[] = [
  formatOf(16, 16),
  formatOf(98, 62, rational(10)),
  formatOf(320, 180, rational(24_000, 1001), 800_000),
  formatOf(640, 360, rational(25)),
  formatOf(720, 576, rational(50)),
  formatOf(854, 480, rational(30_000, 1001)),
  formatOf(1280, 720, rational(60_000, 1001)),
  formatOf(1920, 1080),
  formatOf(2560, 1440, rational(120), 20e6),
];

describe.each(FORMATS.map((format) => [`${format.width}×${format.height}`, format] as const))(
  "the plain screen at %s",
  (_, format) => {
    const { width, height, fps } = format;

    test("is Gops as an encoder of the house format makes them", () => {
      const gops = plainScreen(format, TEXT);
      expect(gops.length).toBe(2);
      for (const gop of gops) {
        expect(frameCount(gop)).toBe(format.gopFrames);
        for (let index = 0; index < frameCount(gop); index++) {
          const unit = sample(gop.video, index);
          expect(accessUnitShape(unit)).toEqual({ wellFormed: true, idr: index === 0 });
          if (index > 0) expect(unit.length).toBeLessThanOrEqual(20);
        }
        expect([...gop.displayOrder]).toEqual(Array.from({ length: format.gopFrames }, (_, index) => index));
        expect(parseAudioConfig(gop.parameters.audioConfig)).toMatchObject({
          sampleRate: 48_000,
          channels: 2,
        });
        // In a second of 0.8 Mb/s, a third of it for the IDR picture, up to 1080p.
        if (width <= 1920) expect(gop.video.sizes[0]).toBeLessThan(800_000 / 8 / 3);
      }
      // Two IDR pictures in a row differ in idr_pic_id, which is all that these two differ in.
      const [first, second] = gops.map((gop) => sample(truncateGop(gop, 1).video, 0));
      expect(Buffer.from(first!).equals(second!)).toBe(false);
    });

    test("is decoded without a word as the picture that was drawn, in every frame", async () => {
      const path = await transportStream(format);
      const input = ["-v", "warning", "-err_detect", "explode", "-i", path];
      const hashes = await tool("ffmpeg", [...input, "-an", "-f", "framemd5", "-"]);
      const lines = hashes
        .toString()
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("#"));
      expect(lines.length).toBe(4 * format.gopFrames);
      expect(new Set(lines.map((line) => line.split(",").at(-1))).size).toBe(1);

      const frame = await tool("ffmpeg", [...input, "-frames:v", "1", "-f", "rawvideo", "-"]);
      const { cells, widthMbs, cb, cr } = drawPlainScreen(format, TEXT);
      const expected = Buffer.alloc(width * height);
      for (let at = 0; at < expected.length; at++) {
        const [x, y] = [at % width, Math.floor(at / width)].map((place) => Math.floor(place / CELL_PIXELS));
        expected[at] = 16 * cells[y! * widthMbs * MB_CELLS + x!]!;
      }
      const chroma = [cb, cr].map((value) => Buffer.alloc((width * height) / 4, value));
      expect(frame.equals(Buffer.concat([expected, ...chroma]))).toBe(true);
    });

    test("says of itself what the house format is", async () => {
      const fields = "codec_name,profile,width,height,pix_fmt,field_order,r_frame_rate,has_b_frames";
      const colours = "color_range,color_space,color_transfer,color_primaries,sample_aspect_ratio";
      const json = await tool("ffprobe", [
        ...["-v", "error", "-select_streams", "v", "-of", "json"],
        ...["-show_entries", `stream=${fields},${colours}`, await transportStream(format)],
      ]);
      const [stream] = (JSON.parse(json.toString()) as { streams: object[] }).streams;
      expect(stream).toMatchObject({
        ...{ codec_name: "h264", profile: "High", width, height, pix_fmt: "yuv420p" },
        ...{ field_order: "progressive", r_frame_rate: `${fps.num}/${fps.den}`, has_b_frames: 1 },
        ...{ color_range: "tv", color_space: "bt709", color_transfer: "bt709", color_primaries: "bt709" },
        sample_aspect_ratio: "1:1",
      });
    });
  },
);

test("a picture without room for words is a plain colour", () => {
  const { cells } = drawPlainScreen(formatOf(16, 16), TEXT);
  expect(new Set(cells).size).toBe(1);
  expect(new Set(drawPlainScreen(formatOf(320, 180), TEXT).cells).size).toBeGreaterThan(1);
});
