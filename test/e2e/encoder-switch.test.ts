import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { houseFormat } from "../../src/media/house-format.ts";
import { EncoderChoice } from "../../src/source/encoder-choice.ts";
import { openEncoder } from "../../src/source/open-encoder.ts";
import { EncodingStudio } from "../support/encode.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { ffmpegDecode, gstPlay, tsprobe } from "../support/judges.ts";
import { type PretendHardware, pretendHardware } from "../support/pretend-hardware.ts";
import { vlcPlay } from "../support/vlc.ts";

const clock = new SystemClock();
const FORMAT = houseFormat({
  ...{ width: 640, height: 360, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 2_000_000, audioBps: 96_000 },
});
const SHAPE = { fps: rational(30), width: 640, height: 360 };

let root: string;
let hardware: PretendHardware;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "exstreamtv-switch-"));
  hardware = await pretendHardware(root);
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe("a change of encoder at a Gop boundary", () => {
  it("is seen by no judge and no player, and no picture is missing", async () => {
    await using studio = await EncodingStudio.open(FORMAT);
    const clip = await makeFrameNumberClip(root, "switch.mp4", { ...SHAPE, seconds: 12 });
    const item = await studio.plan(clip);
    const surroundings = { ffmpeg: hardware.ffmpeg, folder: join(studio.folder, "work"), clock };
    const open = {
      software: openEncoder(surroundings, FORMAT),
      hardware: openEncoder(surroundings, FORMAT, new EncoderChoice("h264_nvenc", clock)),
    };
    // Software and hardware take turns, three Gops each.
    const gops = [];
    for (const [turn, by] of (["software", "hardware", "software", "hardware"] as const).entries()) {
      const source = open[by](item, { startFrame: turn * 3 * FORMAT.gopFrames, audioPhase: 0 });
      for (let gop = 0; gop < 3; gop++) gops.push((await source.next())!);
      await source.close();
    }
    const sets = gops.map(({ parameters: { sps, pps } }) => Buffer.concat([sps, pps]).toString("hex"));
    expect(new Set(sets).size).toBe(2);
    expect(sets.slice(0, 3)).toEqual(sets.slice(6, 9));

    const file = await studio.write("switch", gops);
    const report = await tsprobe(file);
    expect(report.cc_errors + report.pes_late_vs_pcr + report.pcr_backward + report.pmt_changes).toBe(0);
    for (const { gaps, overlaps, backward } of Object.values(report.streams)) {
      expect(gaps + overlaps + backward).toBe(0);
    }
    expect(await ffmpegDecode(file)).toEqual([]);
    const numbers = await readFrameNumbers(file);
    expect(numbers).toEqual(Array.from({ length: 12 * 30 }, (_, index) => index));
    for (const play of [vlcPlay, gstPlay]) {
      expect(await play(file), play.name).toEqual({ played: true, complaints: [] });
    }
    expect((await readFile(hardware.journal, "utf8")).trim().split("\n").length).toBe(2);
  });
});
