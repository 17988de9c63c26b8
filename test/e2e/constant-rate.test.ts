import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rational } from "../../src/base/rational.ts";
import type { Gop } from "../../src/media/gop.ts";
import { houseFormat } from "../../src/media/house-format.ts";
import { Analyser } from "../../src/mpegts/analyser.ts";
import { EncodingStudio } from "../support/encode.ts";
import { ffmpegDecode, gstDiscover, gstPlay, mpvPlay, tsprobe } from "../support/judges.ts";
import { cached, generated, OUTPUT } from "../support/media-cache.ts";
import { expectSeamless } from "../support/perfect.ts";
import { vlcPlay } from "../support/vlc.ts";

const BPS = 2_000_000;
const SECONDS = 20;
const FORMAT = houseFormat({
  ...{ width: 640, height: 360, fps: rational(30_000, 1001), gopSeconds: 1 },
  ...{ totalBps: BPS, audioBps: 128_000 },
});

/** Half a calm test picture, half noise that saturates any encoder. */
const CLIP = {
  extension: ".mp4",
  steps: [
    [
      ...generated(`testsrc2=size=640x360:rate=30000/1001:duration=${SECONDS}`),
      ...generated(`sine=frequency=440:sample_rate=48000:duration=${SECONDS}`),
      ...["-vf", `noise=alls=60:allf=t:enable='gt(t,${SECONDS / 2})'`, "-t", String(SECONDS)],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-c:a", "aac", "-b:a", "128k", OUTPUT],
    ],
  ],
};

let studio: EncodingStudio;
let gops: Gop[];
let variable: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "exstreamtv-constant-"));
  studio = await EncodingStudio.open(FORMAT);
  gops = await studio.encode(await studio.plan(await cached(CLIP)));
  variable = await studio.write("variable", gops);
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function analyse(file: string) {
  const analyser = new Analyser();
  analyser.push(await readFile(file));
  return analyser.report();
}

/** A hash of every decoded picture. */
function pictures(file: string): string {
  const args = ["-v", "error", "-i", file, "-map", "0:v", "-f", "framehash", "-hash", "md5", "-"];
  const lines = execFileSync("ffmpeg", args, { maxBuffer: 1 << 26 })
    .toString()
    .split("\n");
  return lines.map((line) => line.split(",").at(-1)!.trim()).join("\n");
}

function isRandomAccess(stream: Uint8Array, at: number): boolean {
  return (stream[at + 3]! & 0x20) !== 0 && stream[at + 4]! > 0 && (stream[at + 5]! & 0x40) !== 0;
}

describe("constant rate, with pictures and sound of a real encoder", () => {
  it("is exact, within the decoder's buffers, and no judge and no player has a complaint", async () => {
    const file = await studio.write("constant", gops, () => BPS);
    const report = await analyse(file);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ verdict: "clean", constant_bitrate: true, late_units: 0 });
    expect(report.rate_over_100_packets_bps).toEqual({ min: BPS, max: BPS });
    expect(report.pcr_accuracy_ns).toBeLessThanOrEqual(40);
    expect(report.video_buffers).toMatchObject({ transport_overflows: 0, main_overflows: 0 });
    expect(report.audio_buffers).toMatchObject({ transport_overflows: 0, main_overflows: 0 });
    expect(report.null_share).toBeGreaterThan(0.1);

    const probed = await tsprobe(file);
    expectSeamless(probed);
    expect(Math.abs(probed.mean_bitrate_bps! - BPS) / BPS).toBeLessThan(0.005);
    expect(await ffmpegDecode(file)).toEqual([]);
    expect(pictures(file)).toBe(pictures(variable));
    expect((await gstDiscover(file)).map(({ kind }) => kind)).toEqual(["container", "video", "audio"]);
    // One after the other: VLC plays in real time and tells of pictures that a busy machine shows late.
    for (const play of [gstPlay, mpvPlay, vlcPlay]) {
      expect(await play(file)).toEqual({ played: true, complaints: [] });
    }
  });

  it("may begin, end and change at any Gop", async () => {
    const rates = [BPS, undefined, BPS, BPS, 3_999_999, undefined, undefined, 2_500_000];
    const file = await studio.write("switching", gops, (index) => rates[index % rates.length]);
    const report = await analyse(file);
    expect(report.findings).toEqual([]);
    expect(report.late_units + report.pcr_over_40_ms + report.pat_over_100_ms).toBe(0);
    expectSeamless(await tsprobe(file));
    expect(await ffmpegDecode(file)).toEqual([]);
    expect(pictures(file)).toBe(pictures(variable));
    // One after the other: VLC plays in real time and tells of pictures that a busy machine shows late.
    for (const play of [gstPlay, mpvPlay, vlcPlay]) {
      expect(await play(file)).toEqual({ played: true, complaints: [] });
    }
  });

  it("is joined at any piece without a complaint", async () => {
    const file = await studio.write("constant", gops, () => BPS);
    const stream = await readFile(file);
    const starts: number[] = [];
    for (let at = 0; at + 564 < stream.length; at += 188) {
      const pids = [at, at + 188, at + 376].map((from) => stream.readUInt16BE(from + 1) & 0x1fff);
      if (pids.join() === "0,4096,256" && isRandomAccess(stream, at + 376)) starts.push(at);
    }
    expect(starts.length).toBe(gops.length);
    const joined = join(folder, "joined.ts");
    await writeFile(joined, stream.subarray(starts[11]!));
    const report = await analyse(joined);
    expect(report).toMatchObject({ verdict: "clean", starts_with_pat_pmt_idr: true, findings: [] });
    expect(await ffmpegDecode(joined)).toEqual([]);
    for (const play of [gstPlay, mpvPlay]) {
      expect(await play(joined)).toEqual({ played: true, complaints: [] });
    }
  });
});
