import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { openTs } from "../support/http-ts-client.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless, expectSilentDecode } from "../support/perfect.ts";
import { type PretendHardware, pretendHardware } from "../support/pretend-hardware.ts";
import { runOrThrow } from "../support/process.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";
import { vlcPlay } from "../support/vlc.ts";

const MAIN = fileURLToPath(new URL("../../bin/exstreamtv.js", import.meta.url));
const CLIP_FRAMES = 1350;
const WATCH_SECONDS = 30;

const clock = new SystemClock();
let root: string;
let media: string;
let hardware: PretendHardware;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "exstreamtv-hardware-"));
  media = join(root, "media");
  await mkdir(join(media, "Numbers"), { recursive: true });
  const shape = { seconds: CLIP_FRAMES / 30, fps: rational(30), width: 384, height: 216, noisy: true };
  await makeFrameNumberClip(join(media, "Numbers"), "numbers.mp4", shape);
  hardware = await pretendHardware(root);
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe("a hardware encoder that works in the trial and fails on air", () => {
  it("is replaced by software, and no viewer sees it", async () => {
    const env = { EXSTREAMTV_FFMPEG: hardware.ffmpeg, EXSTREAMTV_FFPROBE: "/usr/bin/ffprobe" };
    const config = { ...SMALL_HOUSE, ffmpeg: { encoder: "auto" } };
    await using server = await ServerUnderTest.start({ folder: media, config, env });
    expect(server.logged("encoder chosen")).toMatchObject([{ encoder: "h264_nvenc" }]);

    // Tuned in by somebody who does not read: on a busy machine the first seconds may need an error screen.
    const warming = await openTs(server.channel(1), { pauseReading: true });
    await clock.sleep(6000);
    const standby = server.logged("error screen on air").length;

    const capture = join(root, "capture.ts");
    const watching = tsprobe(server.channel(1), { seconds: WATCH_SECONDS, save: capture });
    await clock.sleep(6000);
    // From now on no session of the hardware can be had, and the running one is lost.
    await writeFile(hardware.brokenFlag, "");
    let encoders = await server.encoders();
    for (; encoders.length === 0; encoders = await server.encoders()) await clock.sleep(50);
    for (const pid of encoders) process.kill(pid, "SIGKILL");

    const report = await watching;
    expectSeamless(report);
    expect(report.closed_early).toBe(false);
    expect(server.logged("error screen on air").length).toBe(standby);
    await warming.close();
    expect(
      server.logged("hardware failed where software did not; software takes over for a while"),
    ).toMatchObject([{ encoder: "h264_nvenc", pauseMs: 60_000 }]);
    await expectSilentDecode(capture);
    // In real time VLC judges such a change in encoder-switch.test.ts; here the encoders need the processors.
    expect(await vlcPlay(capture, { decode: false })).toEqual({ played: true, complaints: [] });
    const numbers = (await readFrameNumbers(capture)).slice(0, -3);
    expect(numbers.length).toBeGreaterThan((WATCH_SECONDS - 3) * 30);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0]! + index) % CLIP_FRAMES));
    // The trial and the first run; the rest was software.
    expect((await readFile(hardware.journal, "utf8")).trim().split("\n").length).toBeGreaterThanOrEqual(2);
  });
});

describe("how many channels the machine encodes", () => {
  it("is measured when nothing is on air, shown, kept, and told by `machine`", async () => {
    const dataFolder = join(root, "data");
    const sentence = /This machine encodes about \d+ channels? at 384×216, 30 fps\./;
    {
      await using first = await ServerUnderTest.start({ folder: media, config: SMALL_HOUSE, dataFolder });
      const untilMs = clock.now() + 60_000;
      while (first.logged("machine measured").length === 0 && clock.now() < untilMs) await clock.sleep(100);
      expect(first.logged("machine measured")).toMatchObject([{ encoder: "libx264", width: 384 }]);
      expect(first.output).toMatch(sentence);
    }
    await using second = await ServerUnderTest.start({ folder: media, config: SMALL_HOUSE, dataFolder });
    expect(second.output).toMatch(sentence);
    expect(second.logged("machine measured")).toEqual([]);

    const config = join(root, "small.yaml");
    await writeFile(config, JSON.stringify(SMALL_HOUSE));
    const args = [MAIN, "machine", "--config", config, "--data", dataFolder];
    const { stdout } = await runOrThrow(process.execPath, args, { seconds: 120 });
    expect(stdout).toMatch(/libx264 +works/);
    expect(stdout).toMatch(/h264_amf +does not work: \S/);
    expect(stdout).toMatch(/In use: libx264/);
    expect(stdout).toMatch(sentence);
  });
});
