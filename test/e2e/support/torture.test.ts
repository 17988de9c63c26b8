import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../support/process.ts";
import { makeTortureFolder, type TortureFolder } from "../../support/torture.ts";

let folder: string;
let torture: TortureFolder;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "torture-"));
  torture = await makeTortureFolder(folder);
});
afterAll(() => rm(folder, { recursive: true }));

interface Stream {
  readonly codec_type: string;
  readonly codec_name: string;
  readonly [key: string]: unknown;
}

async function probe(
  name: string,
): Promise<{ streams: Stream[]; format?: { duration: string } } | undefined> {
  const show = ["-show_streams", "-show_format", "-of", "json"];
  const result = await run("ffprobe", ["-v", "error", ...show, join(folder, name)], { seconds: 20 });
  return result.status === 0 ? JSON.parse(result.stdout) : undefined;
}

it("lists its files in natural order", () => {
  const names = [...torture.good, ...torture.broken].map(({ name }) => name);
  expect(names).toEqual(names.toSorted(new Intl.Collator("en", { numeric: true }).compare));
});

it("has good files that are what they claim", async () => {
  for (const { name, seconds, pictureSeconds, soundSeconds } of torture.good) {
    const found = await probe(name);
    expect(Math.abs(Number(found?.format?.duration) - seconds), name).toBeLessThan(0.1);
    const cover = name.includes("cover") ? 1 : 0;
    const kinds = found!.streams.map(({ codec_type }) => codec_type);
    expect(kinds.filter((kind) => kind === "video").length - cover, name).toBe(pictureSeconds > 0 ? 1 : 0);
    expect(kinds.filter((kind) => kind === "audio").length, name).toBe(soundSeconds > 0 ? 1 : 0);
  }
});

it.each([
  ["02", { codec_name: "hevc", pix_fmt: "yuv420p10le" }, { codec_name: "ac3", channels: 6 }],
  [
    "03",
    { codec_name: "mpeg2video", field_order: "tt", sample_aspect_ratio: "32:27" },
    { codec_name: "mp2" },
  ],
  ["04", { codec_name: "vp9", avg_frame_rate: "24000/1001" }, { codec_name: "opus" }],
  ["07", { codec_name: "mjpeg", disposition: { attached_pic: 1 } }, { codec_name: "mp3" }],
  ["08", { width: 640, height: 360, side_data_list: [{ rotation: 90 }] }, { channels: 1 }],
  ["10", { profile: "High 4:4:4 Predictive" }, { codec_name: "aac" }],
  ["15", { codec_name: "h264" }, { codec_name: "flac", channel_layout: "7.1" }],
  ["16", { codec_name: "mpeg4" }, { sample_rate: "22050", channels: 1 }],
  ["17", { height: 576, field_order: "tt", sample_aspect_ratio: "64:45" }, { codec_name: "ac3" }],
])("has file %s with %o and %o", async (number, picture, sound) => {
  const { name } = torture.good.find((file) => file.name.startsWith(number))!;
  const { streams } = (await probe(name))!;
  expect(streams.find(({ codec_type }) => codec_type === "video")).toMatchObject(picture);
  expect(streams.find(({ codec_type }) => codec_type === "audio")).toMatchObject(sound);
});

it("has broken files that cannot be opened, but for the script, which ffmpeg obeys", async () => {
  expect(torture.broken).toHaveLength(4);
  for (const { name } of torture.broken) {
    const streams = (await probe(name))?.streams.map(({ codec_name }) => codec_name);
    expect(streams, name).toEqual(name.includes("script") ? ["h264"] : undefined);
  }
});
