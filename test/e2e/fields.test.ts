import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Rational, rational } from "../../src/base/rational.ts";
import { type FieldCounts, parseIdet } from "../../src/ffmpeg/scan-measure.ts";
import { houseFormat } from "../../src/media/house-format.ts";
import { makeClip } from "../support/colour-bars.ts";
import { EncodingStudio } from "../support/encode.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { linesOf, runOrThrow } from "../support/process.ts";

function house(fps: Rational, size = { width: 854, height: 480 }) {
  return houseFormat({
    ...{ ...size, fps, gopSeconds: 1 },
    ...{ totalBps: 4_000_000, audioBps: 96_000 },
  });
}

const FILM = rational(24_000, 1001);
const NTSC = rational(30_000, 1001);
let media: string;

beforeAll(() => {
  media = mkdtempSync(join(tmpdir(), "exstreamtv-fields-"));
});

afterAll(() => rmSync(media, { recursive: true, force: true }));

async function idet(file: string): Promise<FieldCounts> {
  const args = ["-hide_banner", "-nostats", "-i", file, "-map", "0:v", "-vf", "idet", "-f", "null", "-"];
  return parseIdet(linesOf((await runOrThrow("ffmpeg", args, { seconds: 60 })).stderr));
}

const X264 = "-c:v libx264 -preset ultrafast -crf 10 -pix_fmt yuv420p".split(" ");
const FLAGGED = [...X264, ..."-flags +ildct+ilme -x264-params tff=1".split(" ")];
const moving = (rate: string, filters: string) =>
  `testsrc2=s=720x480:r=${rate},scroll=h=0.004:v=0.007,gblur=2,${filters},setsar=32/27`;

describe("what the pictures show decides, not what the file says", () => {
  it.each([
    [
      "flagged progressive, but top field first",
      moving("60000/1001", "tinterlace=interleave_top,setfield=prog"),
      X264,
      "tff",
      NTSC,
    ],
    [
      "flagged progressive, but bottom field first",
      moving("60000/1001", "tinterlace=interleave_bottom,setfield=prog"),
      X264,
      "bff",
      NTSC,
    ],
    ["flagged interlaced, but whole", moving("30000/1001", "setfield=tff"), FLAGGED, "progressive", NTSC],
    [
      "3:2 pulldown",
      moving("24000/1001", "telecine=first_field=top:pattern=23,setfield=prog"),
      X264,
      "telecined_tff",
      FILM,
    ],
    [
      "3:2 pulldown, flagged interlaced",
      moving("24000/1001", "telecine=first_field=top:pattern=23"),
      FLAGGED,
      "telecined_tff",
      NTSC,
    ],
  ] as const)("%s", async (name, graph, codec, scan, fps) => {
    await using studio = await EncodingStudio.open(house(fps));
    const item = await studio.plan(
      await makeClip(media, `${name.replaceAll(/\W/g, "-")}.mkv`, graph, ...codec, "-t", "2"),
    );
    expect(item.facts.video!.scan).toBe(scan);
    const counts = await idet(await studio.write("fields", await studio.encode(item)));
    expect(counts.tff + counts.bff, JSON.stringify(counts)).toBeLessThanOrEqual(counts.pictures * 0.04);
    expect(counts.progressive).toBeGreaterThan(counts.pictures * 0.9);
  });
});

describe("frames are exact from wherever a run begins", () => {
  it.each([
    ["telecined film", "film.mkv", FILM, FILM, "telecine=first_field=top:pattern=23", "telecined_tff"],
    [
      "telecined film in a channel of 30",
      "film30.mkv",
      FILM,
      rational(30),
      "telecine=first_field=top:pattern=23",
      "telecined_tff",
    ],
    ["interlaced video", "video.mkv", rational(50), rational(25), "tinterlace=interleave_top", "tff"],
    [
      "interlaced video in a channel of 50",
      "video50.mkv",
      rational(50),
      rational(50),
      "tinterlace=interleave_top",
      "tff",
    ],
  ] as const)("%s", async (_, name, shot, fps, filter, scan) => {
    // Which frame is the first one has nothing to do with its size.
    const size = { width: 426, height: 240 };
    await using studio = await EncodingStudio.open(house(fps, size));
    const source = await makeFrameNumberClip(media, `source-${name}`, { seconds: 9, fps: shot, ...size });
    const path = join(media, name);
    const filters = `${filter},setfield=prog`;
    execFileSync("ffmpeg", [
      "-v",
      "error",
      "-y",
      "-i",
      source,
      "-vf",
      filters,
      ...X264,
      "-c:a",
      "copy",
      path,
    ]);
    const planned = await studio.plan(path);
    // Numbers that leap by half the picture are no film: what was seen in it is not under test here.
    const item = { ...planned, facts: { ...planned.facts, video: { ...planned.facts.video!, scan } } };
    const whole = await readFrameNumbers(await studio.write("whole", await studio.encode(item)));
    expect(whole.length).toBe(item.frames);
    const { gopFrames } = studio.format;
    for (const start of [gopFrames, 2 * gopFrames, 7 * gopFrames, 4, 5 * gopFrames + 13]) {
      const resumed = await readFrameNumbers(
        await studio.write(`${start}`, await studio.encode(item, start)),
      );
      expect(resumed, `from frame ${start}`).toEqual(whole.slice(start));
    }
    if (scan === "telecined_tff" && fps === FILM) {
      expect(whole.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, frame) => frame));
    }
  });
});

describe("shapes", () => {
  it.each([
    ["PAL 16:9", 720, 576, "64/45"],
    ["PAL 4:3", 720, 576, "16/15"],
    ["NTSC 16:9", 720, 480, "32/27"],
    ["half D1", 352, 576, "24/11"],
    ["wide pixels upright", 480, 720, "27/32"],
  ])("a circle in %s stays one", async (name, width, height, sar) => {
    await using studio = await EncodingStudio.open(house(rational(25)));
    const [num = 1, den = 1] = sar.split("/").map(Number);
    const circle = `lte(hypot((X-W/2)*${num}/${den},Y-H/2),${Math.min(height, width) * 0.35})`;
    const graph = `nullsrc=s=${width}x${height}:r=25,format=yuv420p,geq=lum='if(${circle},235,16)':cb=128:cr=128,setsar=${sar}`;
    // MPEG-2 knows the shapes of television alone.
    const dvd = ["-c:v", "mpeg2video", "-q:v", "2", "-f", "vob"];
    const codec = [...(name.includes(":") ? dvd : X264), "-frames:v", "12"];
    const path = await makeClip(
      media,
      `${name.replaceAll(/\W/g, "-")}.${name.includes(":") ? "vob" : "mkv"}`,
      graph,
      ...codec,
    );
    const file = await studio.write("circle", await studio.encode(await studio.plan(path)));
    const args = [
      "-hide_banner",
      "-nostats",
      "-i",
      file,
      "-map",
      "0:v",
      "-vf",
      "cropdetect=limit=20:round=2:reset=1:skip=2",
      "-frames:v",
      "6",
      "-f",
      "null",
      "-",
    ];
    const { stderr } = await runOrThrow("ffmpeg", args, { seconds: 30 });
    const box = /crop=(\d+):(\d+)/.exec(linesOf(stderr).findLast((line) => line.includes("crop="))!)!;
    const [across, high] = [Number(box[1]), Number(box[2])];
    expect(high).toBeGreaterThan(100);
    expect(Math.abs(across / high - 1), `${across} by ${high}`).toBeLessThan(0.025);
  });
});
