import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { type Rational, rational } from "../../src/base/rational.ts";
import { frameCount } from "../../src/media/gop.ts";
import { FrameGrid, houseFormat } from "../../src/media/house-format.ts";
import { openEncoder } from "../../src/source/open-encoder.ts";
import { EncodingStudio, totalFrames } from "../support/encode.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { ffmpegDecode, tsprobe } from "../support/judges.ts";
import { makeTortureFolder } from "../support/torture.ts";

const clock = new SystemClock();

function smallHouse(fps: Rational, { width, height } = { width: 640, height: 360 }) {
  return houseFormat({ width, height, fps, gopSeconds: 1, totalBps: 2_000_000, audioBps: 96_000 });
}

let media: string;

beforeAll(() => {
  media = mkdtempSync(join(tmpdir(), "exstreamtv-contract-"));
});

afterAll(() => rmSync(media, { recursive: true, force: true }));

describe("an encoder run", () => {
  it("has the same parameter sets and the exact planned length for every playable file, and keeps to the rate", async () => {
    await using studio = await EncodingStudio.open(smallHouse(rational(30)));
    const grid = new FrameGrid(studio.format);
    const folder = await makeTortureFolder(join(media, "Torture"));
    const parameters = new Set<string>();
    const pieces = [];
    for (const file of folder.good) {
      const item = await studio.plan(file.path);
      expect(Math.abs(grid.milliseconds(item.frames) / 1000 - file.seconds), file.name).toBeLessThan(0.15);
      const gops = await studio.encode(item);
      expect(totalFrames(gops), file.name).toBe(item.frames);
      for (const gop of gops) {
        const { sps, pps, audioConfig } = gop.parameters;
        parameters.add(Buffer.concat([sps, pps, audioConfig.subarray(0, 2)]).toString("hex"));
        // Audio for the whole span, and a frame on either side.
        const end = gop.firstFrame + frameCount(gop);
        expect(gop.firstAudioFrame, file.name).toBe(Math.max(0, grid.audioFrame(gop.firstFrame) - 1));
        expect(gop.firstAudioFrame + gop.audio.sizes.length, file.name).toBe(grid.audioFrame(end) + 1);
      }
      pieces.push(...gops);
    }
    expect(parameters.size).toBe(1);
    const file = await studio.write("torture", pieces);
    const report = await tsprobe(file);
    expect(report.cc_errors + report.pes_late_vs_pcr + report.pcr_backward).toBe(0);
    for (const stream of Object.values(report.streams))
      expect(stream.gaps + stream.overlaps + stream.backward).toBe(0);
    expect(await ffmpegDecode(file)).toEqual([]);
  });

  const cases: [string, Rational, Rational][] = [
    ["clip.mp4", rational(25), rational(30)],
    ["clip.mkv", rational(24_000, 1001), rational(30)],
    ["clip.ts", rational(30), rational(30)],
    ["clip.vob", rational(25), rational(25)],
    ["film.mkv", rational(24_000, 1001), rational(24_000, 1001)],
    ["ntsc.mp4", rational(30_000, 1001), rational(30_000, 1001)],
    ["fast.mp4", rational(50), rational(25)],
  ];

  it.each(cases)("resumes %s at exactly the frame that follows (%o to %o)", async (name, fps, house) => {
    // Which frame is the first one has nothing to do with its size.
    const size = { width: 320, height: 180 };
    await using studio = await EncodingStudio.open(smallHouse(house, size));
    const source = await makeFrameNumberClip(media, `${name}.source.mp4`, { seconds: 20, fps, ...size });
    const path = join(media, name);
    if (name.endsWith(".vob")) {
      const codecs = ["-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-c:a", "ac3", "-f", "vob"];
      execFileSync("ffmpeg", ["-v", "error", "-y", "-i", source, ...codecs, path]);
    } else {
      execFileSync("ffmpeg", ["-v", "error", "-y", "-i", source, "-c", "copy", path]);
    }
    const item = await studio.plan(path);
    const whole = await readFrameNumbers(await studio.write(`${name}-whole`, await studio.encode(item)));
    expect(whole.length).toBe(item.frames);
    expect(whole).not.toContain(-1);
    const { gopFrames } = studio.format;
    // On the Gop grid, as on a channel, and off it, as on demand: early, and in the middle.
    for (const start of [gopFrames, 7 * gopFrames, 13 * gopFrames, 3, gopFrames + 11, 9 * gopFrames - 1]) {
      const resumed = await studio.encode(item, start);
      expect(resumed[0]!.firstFrame).toBe(start);
      const numbers = await readFrameNumbers(await studio.write(`${name}-${start}`, resumed));
      expect(numbers, `from frame ${start}`).toEqual(whole.slice(start));
    }
  });

  it("keeps saturated noise within the total rate, with a start that does not starve a decoder", async () => {
    await using studio = await EncodingStudio.open(smallHouse(rational(30)));
    const folder = await makeTortureFolder(join(media, "Torture"));
    const noise = folder.good.find(({ name }) => name.includes("noise"))!;
    const item = await studio.plan(noise.path);
    const file = await studio.write("noise", await studio.encode(item));
    const report = await tsprobe(file);
    expect(report.mean_bitrate_bps).toBeGreaterThan(1_500_000);
    expect(report.mean_bitrate_bps).toBeLessThanOrEqual(2_000_000);
  });

  it("plays an interlaced recording to its end although the size of its pictures changes", async () => {
    await using studio = await EncodingStudio.open(smallHouse(rational(25)));
    const parts = ["720x576", "1280x720", "640x360"].map((size, index) => {
      const part = join(media, `part-${index}.ts`);
      const picture = `testsrc2=s=${size}:r=50:d=3,tinterlace=mode=interleave_top,setfield=tff`;
      const inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=d=3"];
      const codecs = [
        "-c:v",
        "mpeg2video",
        "-flags",
        "+ildct+ilme",
        "-top",
        "1",
        "-b:v",
        "3M",
        "-c:a",
        "mp2",
      ];
      const place = ["-output_ts_offset", String(index * 3), "-f", "mpegts", part];
      execFileSync("ffmpeg", ["-v", "error", "-y", ...inputs, ...codecs, ...place]);
      return readFileSync(part);
    });
    const path = join(media, "sizes.ts");
    writeFileSync(path, Buffer.concat(parts));
    const item = await studio.plan(path);
    expect(item.facts.video?.scan).toBe("tff");
    expect(item.frames).toBeGreaterThan(8 * 25);
    expect(totalFrames(await studio.encode(item))).toBe(item.frames);
  });

  it("is held back by its pipe: what is not read is not encoded, and goes on where it stood", async () => {
    await using studio = await EncodingStudio.open(smallHouse(rational(30)));
    const path = await makeFrameNumberClip(media, "long.mp4", {
      seconds: 60,
      fps: rational(30),
      width: 640,
      height: 360,
    });
    const item = await studio.plan(path);
    const open = openEncoder({ ffmpeg: "ffmpeg", folder: join(studio.folder, "work"), clock }, studio.format);
    const source = open(item, { startFrame: 0, audioPhase: 0 }) as ReturnType<typeof open> & { pid: number };
    const first = await source.next();
    const cpuTicks = () => {
      const stat = execFileSync("cat", [`/proc/${source.pid}/stat`])
        .toString()
        .split(") ")[1]!
        .split(" ");
      return Number(stat[11]) + Number(stat[12]);
    };
    // Until the pipes are full it may go on; after that it must stand still.
    let before = -1;
    for (let now = cpuTicks(); now !== before; now = cpuTicks()) {
      before = now;
      await clock.sleep(1000);
    }
    await clock.sleep(3000);
    expect(cpuTicks() - before).toBeLessThanOrEqual(1);
    const gops = [first!];
    for (let gop = await source.next(); gop; gop = await source.next()) gops.push(gop);
    await source.close();
    expect(totalFrames(gops)).toBe(item.frames);
    const numbers = await readFrameNumbers(await studio.write("held", gops));
    expect(numbers).toEqual(Array.from({ length: item.frames }, (_, index) => index));
  });
});
