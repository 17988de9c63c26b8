import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { seededRandom } from "../../src/base/random.ts";
import { rational } from "../../src/base/rational.ts";
import { loadConfig } from "../../src/config/loader.ts";
import { TIMESTAMP_HZ } from "../../src/media/house-format.ts";
import { Server } from "../../src/server.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { mpvPlay, tsprobe } from "../support/judges.ts";
import { expectSeamless, expectSilentDecode } from "../support/perfect.ts";
import { vlcPlay } from "../support/vlc.ts";

const SECONDS_BEFORE_WRAP = 10;
const CLIP_SECONDS = 20;
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-wrap-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the wrap of the 33-bit timestamps", () => {
  it("is noticed by nothing", async () => {
    const channel = join(folder, "media", "Wrap");
    mkdirSync(channel, { recursive: true });
    const shape = { seconds: CLIP_SECONDS, fps: rational(30), width: 384, height: 216 };
    await makeFrameNumberClip(channel, "numbers.mp4", shape);
    const clock = new SystemClock();
    const { config, dataFolder } = loadConfig({
      env: {},
      dataFolder: join(folder, "data"),
      overrides: {
        server: { host: "127.0.0.1", port: 0 },
        house_format: { width: 384, height: 216 },
        stream_throttler: { target_bitrate_bps: 2_000_000 },
      },
    });
    const server = await Server.start({
      ...{ config, dataFolder, clock, log: silentLog, random: seededRandom(1), env: process.env },
      mediaFolder: join(folder, "media"),
      startTicks: 2 ** 33 - SECONDS_BEFORE_WRAP * TIMESTAMP_HZ,
    });
    try {
      const url = `http://127.0.0.1:${server.port}/iptv/channel/1.ts`;
      const capture = join(folder, "wrap.ts");
      const seconds = SECONDS_BEFORE_WRAP + 12;
      const [report, vlc, mpv] = await Promise.all([
        tsprobe(url, { seconds, save: capture }),
        vlcPlay(url, { seconds }),
        mpvPlay(url, { seconds }),
      ]);
      expectSeamless(report);
      expect(vlc).toEqual({ played: true, complaints: [] });
      expect(mpv).toEqual({ played: true, complaints: [] });
      await expectSilentDecode(capture);
      // The capture ends in decoding order: its last pictures may lack one that is shown between them.
      const numbers = (await readFrameNumbers(capture)).slice(0, -3);
      expect(numbers.length).toBeGreaterThan((SECONDS_BEFORE_WRAP + 5) * 30);
      expect(numbers).toEqual(numbers.map((_, index) => (numbers[0]! + index) % (CLIP_SECONDS * 30)));
    } finally {
      await server.close();
    }
  });
});
