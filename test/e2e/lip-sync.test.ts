import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Rational, rational } from "../../src/base/rational.ts";
import { type FlashBeepCodecs, makeFlashBeepClip } from "../support/flash-beep.ts";
import { measureFlashBeep } from "../support/flash-beep-measure.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";

const CLIPS: [string, FlashBeepCodecs, Rational, number][] = [
  ["1.mp4", "h264-aac", rational(25), 4.24],
  ["2.mkv", "hevc-ac3", rational(24_000, 1001), 5],
  ["3.ts", "mpeg2-mp2", rational(30_000, 1001), 4],
  ["4.mkv", "vp9-opus", rational(30), 3.7],
  ["5.mkv", "mpeg4-mp3", rational(25), 5],
  ["6.mpg", "mpeg2-mp2", rational(25), 4],
  ["7.mp4", "h264-aac", rational(50), 3.34],
];
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-lips-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("picture and sound", () => {
  it("belong together in every item, however they were packed", async () => {
    const channel = join(folder, "media", "Flashes");
    mkdirSync(channel, { recursive: true });
    for (const [name, codecs, fps, seconds] of CLIPS) {
      const clip = await makeFlashBeepClip(channel, name, { codecs, fps, seconds });
      // The files themselves are as good as in step (Opus by 6.4 ms): what is measured below is ours.
      const { offsetsMs } = await measureFlashBeep(clip);
      for (const offsetMs of offsetsMs) expect(Math.abs(offsetMs), name).toBeLessThan(7);
    }
    await using server = await ServerUnderTest.start({ folder: join(folder, "media"), config: SMALL_HOUSE });
    const capture = join(folder, "flashes.ts");
    expectSeamless(await tsprobe(server.channel(1), { seconds: 34, save: capture }));
    const { offsetsMs, flashesMs, beepsMs } = await measureFlashBeep(capture);
    expect(flashesMs.length).toBeGreaterThanOrEqual(27);
    // At the ends of the capture one of the two may be cut off.
    expect(offsetsMs.length).toBeGreaterThanOrEqual(flashesMs.length - 1);
    expect(Math.abs(beepsMs.length - flashesMs.length)).toBeLessThanOrEqual(1);
    for (const offsetMs of offsetsMs) expect(Math.abs(offsetMs)).toBeLessThanOrEqual(25);
  });
});
