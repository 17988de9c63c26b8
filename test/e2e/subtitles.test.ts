import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rational } from "../../src/base/rational.ts";
import type { Gop } from "../../src/media/gop.ts";
import { houseFormat } from "../../src/media/house-format.ts";
import type { PlayItem } from "../../src/source/source.ts";
import { EncodingStudio, totalFrames } from "../support/encode.ts";
import { generated, OUTPUT, place } from "../support/media-cache.ts";
import { pgsStream } from "../support/pgs.ts";
import { runOrThrow } from "../support/process.ts";
import { lumaOf, WHITE, whiteStretches } from "../support/white-text.ts";

const FPS = 25;
const SECONDS = 8;
const format = houseFormat({
  ...{ width: 640, height: 360, fps: rational(FPS), gopSeconds: 1 },
  ...{ totalBps: 2_000_000, audioBps: 96_000 },
});
const WANTED = { subtitles: { burnIn: "preferred", languages: ["de"] } } as const;
/** Frames on which a subtitle is to be seen, first and behind the last. */
const SHOWN: readonly (readonly [number, number])[] = [
  [25, 50],
  [75, 160],
];
const SCRIPT =
  "1\n00:00:01,000 --> 00:00:02,000\nErste Zeile\n\n2\n00:00:03,000 --> 00:00:06,400\nZweite\nZeile\n";

let media: string;
let studio: EncodingStudio;
const parameterSets = new Set<string>();

beforeAll(async () => {
  media = mkdtempSync(join(tmpdir(), "exstreamtv-subtitles-"));
  studio = await EncodingStudio.open(format);
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
  rmSync(media, { recursive: true, force: true });
});

/** A grey film without anything in it. */
async function film(name: string, ...options: string[]): Promise<string> {
  const codecs = options.length > 0 ? options : ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"];
  const inputs = [
    ...generated(`color=c=gray:s=640x360:r=${FPS},setsar=1`),
    ...generated("sine=f=440:r=48000"),
  ];
  const steps = [[...inputs, "-t", String(SECONDS), "-g", "25", ...codecs, OUTPUT]];
  return place({ extension: name.slice(name.lastIndexOf(".")), steps }, media, name);
}

/** Muxes subtitles into a film. */
async function withSubtitles(name: string, filmPath: string, subtitles: string, ...options: string[]) {
  const path = join(media, name);
  const inputs = [
    "-copyts",
    "-i",
    filmPath,
    ...(options[0] === "-fix_sub_duration" ? options.splice(0, 1) : []),
  ];
  const output = [
    "-map",
    "0",
    "-map",
    "1",
    "-c",
    "copy",
    "-metadata:s:s:0",
    "language=ger",
    ...options,
    path,
  ];
  await runOrThrow("ffmpeg", ["-v", "error", "-y", ...inputs, "-i", subtitles, ...output], { seconds: 60 });
  return path;
}

/** A statistic of the luma of a part of each frame of a run. */
async function measure(gops: readonly Gop[], crop: string, statistic = "YMAX"): Promise<number[]> {
  for (const { parameters } of gops) {
    parameterSets.add(Buffer.concat([parameters.sps, parameters.pps]).toString("hex"));
  }
  return lumaOf(await studio.write("subtitled", gops), crop, statistic);
}

const BOTTOM = "640:120:0:240";
const TOP = "640:200:0:0";

/** The stretches of frames on which something white is to be seen in a part of the picture. */
async function stretches(gops: readonly Gop[], crop = BOTTOM): Promise<[number, number][]> {
  return whiteStretches(await measure(gops, crop), gops[0]!.firstFrame);
}

/** Encodes a whole item and parts of it that begin within and behind subtitles, and looks when they are shown. */
async function expectShown(item: PlayItem, shown = SHOWN): Promise<void> {
  const whole = await studio.encode(item);
  expect(studio.leftOut.splice(0)).toEqual([]);
  expect(totalFrames(whole)).toBe(item.frames);
  expect(await stretches(whole)).toEqual(shown);
  expect(await stretches(whole, TOP)).toEqual([]);
  for (const second of [1, 4, 6, 7]) {
    const start = second * FPS;
    const rest = shown.filter(([, end]) => end > start).map(([from, end]) => [Math.max(from, start), end]);
    expect(await stretches(await studio.encode(item, start)), `from second ${second}`).toEqual(rest);
  }
}

async function scriptFile(name: string, content: string | Uint8Array = SCRIPT): Promise<string> {
  const path = join(media, name);
  writeFileSync(path, content);
  return path;
}

describe("text is burnt in at its frames, and the same after a resume", () => {
  it.each([
    ["srt.mkv", ["-c:s", "srt"]],
    ["ass.mkv", ["-c:s", "ass"]],
    ["webvtt.mkv", ["-c:s", "webvtt"]],
    ["mov-text.mp4", ["-c:s", "mov_text"]],
    ["late-start.mkv", ["-c:s", "srt", "-output_ts_offset", "500"]],
  ])("%s", async (name, options) => {
    const path = await withSubtitles(name, await film("film.mp4"), await scriptFile("a.srt"), ...options);
    const item = await studio.plan(path, WANTED);
    expect(item.subtitle).toMatchObject({ kind: "text", track: { index: 2 } });
    await expectShown(item);
  });

  it("beside a film with the worst of names, in the worst of encodings", async () => {
    const name = "It's: [100%] 'q' \\ ; , =\n{new}";
    const path = await film(`${name}.ts`, "-c:v", "mpeg2video", "-c:a", "mp2");
    await scriptFile(`${name}.de.srt`, Buffer.from(SCRIPT.replace("Erste", "Überflüssige"), "latin1"));
    const item = await studio.plan(path, WANTED);
    expect(item.subtitle).toMatchObject({ track: { path: join(media, `${name}.de.srt`) } });
    await expectShown(item);
  });

  it("whatever the text is", async () => {
    const lines = [
      "{no override} {",
      "100% %{pts} %d",
      "'\"\\:;,[]=",
      "\\N{\\an8} \\h",
      "😀 漢字 ﷽",
      "<b>x</i>",
      "\u0007",
    ];
    const path = await film("hostile.mp4");
    const cues = lines.map(
      (line, index) => `${index + 1}\n00:00:0${index},000 --> 00:00:0${index},900\nZ ${line}\n`,
    );
    await scriptFile("hostile.de.srt", cues.join("\n"));
    const whole = await studio.encode(await studio.plan(path, WANTED));
    expect(studio.leftOut.splice(0)).toEqual([]);
    const shown = await stretches(whole);
    // The fourth one asks for the top of the picture.
    expect(shown.map(([from]) => from)).toEqual([0, 25, 50, 100, 125, 150]);
    expect(await stretches(whole, TOP)).toEqual([[75, 98]]);
  });

  it("shows braces", async () => {
    const path = await film("braces.mp4");
    await scriptFile("braces.de.srt", "1\n00:00:01,000 --> 00:00:02,000\n{{{ {hidden?} }}}\n");
    expect(await stretches(await studio.encode(await studio.plan(path, WANTED)))).toEqual([[25, 50]]);
  });
});

/** A white box on a Blu-ray canvas in the place of each subtitle. */
async function boxes(
  name: string,
  [width, height]: readonly [number, number] = [1920, 1080],
): Promise<string> {
  const shape = { x: width / 4, y: height * 0.8, width: width / 2, height: height / 12 };
  const times = SHOWN.map(([from, end]) => ({ fromSeconds: from / FPS, toSeconds: end / FPS }));
  const white = [235, 128, 128] as const;
  // An empty set at the start keeps ffmpeg from taking the first subtitle for the file's beginning.
  const start = {
    fromSeconds: 0,
    toSeconds: 0.04,
    x: 0,
    y: height * 0.6,
    width: 8,
    height: 8,
    colour: [16, 128, 128] as const,
  };
  const pictures = times.map((time) => ({ ...shape, ...time, colour: white }));
  return scriptFile(name, pgsStream(width, height, [start, ...pictures]));
}

describe("pictures are burnt in at their frames, and the same after a resume", () => {
  const disc = ["-c:v", "mpeg2video", "-q:v", "4", "-c:a", "ac3"];
  it.each([
    ["pgs.mkv", [], [1920, 1080], []],
    ["dvd.mkv", [], [720, 576], ["-fix_sub_duration", "-c:s", "dvdsub"]],
    ["dvd.vob", disc, [640, 360], ["-fix_sub_duration", "-c:s", "dvdsub", "-f", "vob"]],
    ["dvb.ts", [], [720, 576], ["-fix_sub_duration", "-c:s", "dvbsub"]],
    [
      ...(["late.ts", disc, [720, 576]] as const),
      ["-fix_sub_duration", "-c:s", "dvbsub", "-output_ts_offset", "90000"],
    ],
  ] as const)("%s", async (name, codecs, canvas, options) => {
    const source = await film(`film-${name}.mkv`, ...codecs);
    const path = await withSubtitles(name, source, await boxes(`${name}.sup`, canvas), ...options);
    const item = await studio.plan(path, { subtitles: { burnIn: "preferred", languages: ["de"] } });
    expect(item.subtitle).toMatchObject({ kind: "bitmap" });
    await expectShown(item);
  });
});

/** The box in which something white is to be seen on a frame, in pixels of the house format. */
async function whiteBox(
  gops: readonly Gop[],
  frame: number,
): Promise<[x: number, y: number, w: number, h: number]> {
  const { width, height } = format;
  const chunks: Buffer[] = [];
  const file = await studio.write("boxed", gops);
  const filter = `select=eq(n\\,${frame}),format=gray`;
  const args = ["-v", "error", "-i", file, "-an", "-vf", filter, "-frames:v", "1", "-f", "rawvideo", "-"];
  await runOrThrow("ffmpeg", args, { seconds: 60, onStdout: (chunk) => chunks.push(chunk) });
  const picture = Buffer.concat(chunks);
  const isWhite = (x: number, y: number) => picture[y * width + x]! >= WHITE;
  const columns = Array.from({ length: width }, (_, x) => x);
  const rows = Array.from({ length: height }, (_, y) => y);
  const xs = columns.filter((x) => rows.some((y) => isWhite(x, y)));
  const ys = rows.filter((y) => columns.some((x) => isWhite(x, y)));
  return [xs[0]!, ys[0]!, xs.at(-1)! + 1 - xs[0]!, ys.at(-1)! + 1 - ys[0]!];
}

describe("pictures lie where they were on the disc", () => {
  // The box is half as wide as its canvas, a twelfth as high, and begins at a quarter and four fifths.
  it.each([
    ["the same shape", [640, 360], "1", [1920, 1080], [160, 288, 320, 30]],
    ["a film whose bars were cut off", [640, 268], "1", [1920, 1080], [160, 288, 320, 30]],
    ["a film of 4:3 on a wide canvas", [480, 360], "1", [1920, 1080], [160, 288, 320, 30]],
    ["an anamorphic film and its own canvas", [720, 576], "64/45", [720, 576], [160, 288, 320, 30]],
    ["4:3 and its own canvas", [720, 576], "16/15", [720, 576], [200, 288, 240, 30]],
  ] as const)("%s", async (what, [width, height], sar, canvas, expected) => {
    const name = `${width}x${height}-${sar.replace("/", "-")}`;
    const graph = `color=c=gray:s=${width}x${height}:r=${FPS}:d=3,setsar=${sar}`;
    const steps = [[...generated(graph), "-c:v", "libx264", "-preset", "ultrafast", OUTPUT]];
    const source = await place({ extension: ".mkv", steps }, media, `${name}.mkv`);
    const path = await withSubtitles(`${name}-pgs.mkv`, source, await boxes(`${name}.sup`, canvas));
    const box = await whiteBox(await studio.encode(await studio.plan(path, WANTED)), 30);
    for (const [index, pixels] of box.entries())
      expect(Math.abs(pixels - expected[index]!), `${what}: ${box}`).toBeLessThanOrEqual(2);
  });
});

it("white over HDR is white, and the film is as it is without", async () => {
  const graph = `color=c=gray:s=640x360:r=${FPS}:d=3,format=yuv420p10le`;
  const options = "-c:v libx265 -preset ultrafast -x265-params log-level=error -color_trc smpte2084";
  const tags = "-colorspace bt2020nc -color_primaries bt2020 -color_range tv";
  const steps = [[...generated(graph), ...options.split(" "), ...tags.split(" "), OUTPUT]];
  const hdr = await place({ extension: ".mkv", steps }, media, "hdr.mkv");
  const path = await withSubtitles("hdr-pgs.mkv", hdr, await boxes("hdr.sup"));
  const gops = await studio.encode(await studio.plan(path, WANTED));
  const inBox = await measure(gops, "200:16:220:295", "YAVG");
  const above = await measure(gops, "640:100:0:0", "YAVG");
  const plain = await measure(await studio.encode(await studio.plan(path)), "640:100:0:0", "YAVG");
  expect(Math.abs(inBox[30]! - 235)).toBeLessThanOrEqual(3);
  expect(Math.abs(above[30]! - plain[30]!)).toBeLessThanOrEqual(1);
  expect(Math.abs(inBox[60]! - plain[60]!)).toBeLessThanOrEqual(2);
});

it("text keeps its author's style and place, also in a picture of another shape than the channel's", async () => {
  const style =
    "Style: Default,DejaVu Sans,60,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,0,0,2,10,10,10,0";
  const box = "{\\p1\\an7\\pos(0,0)\\bord0\\c&Hffffff&}m 100 100 l 500 100 500 300 100 300{\\p0}";
  const script = [
    "[Script Info]\nScriptType: v4.00+\nPlayResX: 1440\nPlayResY: 1080\n\n[V4+ Styles]",
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding",
    `${style}\n\n[Events]`,
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    `Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,${box}\n`,
  ];
  const steps = [[...generated(`color=c=gray:s=480x360:r=${FPS}:d=3,setsar=1`), "-c:v", "libx264", OUTPUT]];
  const path = await place({ extension: ".mp4", steps }, media, "styled.mp4");
  await scriptFile("styled.de.ass", script.join("\n"));
  const gops = await studio.encode(await studio.plan(path, WANTED));
  const found = await whiteBox(gops, 30);
  // A third of 1440 × 1080, behind a bar of 80 pixels.
  for (const [index, pixels] of [80 + 33, 33, 134, 67].entries())
    expect(Math.abs(found[index]! - pixels), `${found}`).toBeLessThanOrEqual(1);
});

describe("what cannot be shown does no harm", () => {
  it.each(["pgs.mkv", "dvb.ts"])("%s with every subtitle destroyed plays on", async (name) => {
    const source = await film(`broken-${name}.mkv`);
    const codec = name === "dvb.ts" ? ["-fix_sub_duration", "-c:s", "dvbsub"] : [];
    const path = await withSubtitles(`broken-${name}`, source, await boxes(`broken-${name}.sup`), ...codec);
    const bytes = readFileSync(path);
    // The run-length code of a row stands in the subtitles alone.
    const row = name === "dvb.ts" ? Buffer.from([0xf0, 0xff]) : Buffer.from([0, 0xc3, 0xc0, 1, 0, 0]);
    let destroyed = 0;
    for (let at = bytes.indexOf(row); at >= 0; at = bytes.indexOf(row, at + 1), destroyed++)
      bytes.fill(0xff, at, at + 4);
    expect(destroyed).toBeGreaterThan(10);
    writeFileSync(path, bytes);
    const item = await studio.plan(path, WANTED);
    const gops = await studio.encode(item);
    expect(totalFrames(gops)).toBe(item.frames);
    for (const { parameters } of gops)
      parameterSets.add(Buffer.concat([parameters.sps, parameters.pps]).toString("hex"));
  });

  it("a file beside the film that is no text", async () => {
    const path = await film("noise.mp4");
    await scriptFile(
      "noise.de.srt",
      Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251)),
    );
    const item = await studio.plan(path, WANTED);
    expect(item.subtitle).toBeDefined();
    expect(totalFrames(await studio.encode(item))).toBe(item.frames);
    expect(studio.leftOut.splice(0)).toEqual([
      expect.stringMatching(/^subtitles_unusable/),
      "they are not prepared",
    ]);
  });

  it("a file beside the film that has vanished since", async () => {
    const path = await film("vanished.mp4");
    const script = await scriptFile("vanished.de.srt");
    const item = await studio.plan(path, WANTED);
    rmSync(script);
    expect(totalFrames(await studio.encode(item))).toBe(item.frames);
    expect(studio.leftOut.splice(0)).toEqual([
      expect.stringMatching(/^subtitles_unusable/),
      "they are not prepared",
    ]);
  });
});

it("none of this can be told from the parameter sets", () => {
  expect(parameterSets.size).toBe(1);
});
