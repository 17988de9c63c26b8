import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { tsprobe } from "../support/judges.ts";
import { generated, OUTPUT, place } from "../support/media-cache.ts";
import { expectSeamless } from "../support/perfect.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";
import { lumaOf, whiteStretches } from "../support/white-text.ts";

const clock = new SystemClock();
const BOTTOM = "640:120:0:240";
const media = mkdtempSync(join(tmpdir(), "exstreamtv-subtitles-"));

afterAll(() => rmSync(media, { recursive: true, force: true }));

it("on air the same pictures have their subtitles, however often encoders die", async () => {
  const channel = join(media, "on-air", "Subtitled");
  mkdirSync(channel, { recursive: true });
  const noise = "noise=c1s=20:c1f=t+u:c2s=20:c2f=t+u";
  const graph = `color=c=gray:s=640x360:r=30:d=10,setsar=1,format=yuv420p,${noise}`;
  const steps = [[...generated(graph), "-c:v", "libx264", "-preset", "ultrafast", OUTPUT]];
  await place({ extension: ".mp4", steps }, channel, "film.mp4");
  writeFileSync(join(channel, "film.srt"), "1\n00:00:02,000 --> 00:00:07,000\nFünf Sekunden lang\n");
  await using server = await ServerUnderTest.start({
    folder: join(media, "on-air"),
    config: {
      ...SMALL_HOUSE,
      house_format: { width: 640, height: 360, audio_bitrate_bps: 96_000 },
      subtitles: { burn_in: "preferred", preferred_languages: ["de"] },
      // Also on a machine that is busy with other things.
      channels: { lead_seconds: 20 },
    },
  });
  while (server.logged("subtitles prepared").length === 0) await clock.sleep(50);
  const capture = join(media, "capture.ts");
  const watching = tsprobe(server.channel(1), { seconds: 45, save: capture });
  const endMs = clock.now() + 40_000;
  // What can be lived through without anybody seeing it needs a lead, which a busy machine is slow to make.
  const hasLead = async () => {
    const answer = await fetch(`${server.base}/api/ai/channels/1/health`);
    return ((await answer.json()) as { lead_seconds: number }).lead_seconds > 8;
  };
  while (!(await hasLead()) && clock.now() < endMs) await clock.sleep(100);
  const atStart = server.logged("error screen on air").length;
  for (let death = 0; death < 4 && clock.now() < endMs; ) {
    const [encoder] = await server.encoders();
    if (encoder !== undefined && (await hasLead())) {
      process.kill(encoder, "SIGKILL");
      death++;
      await clock.sleep(4000);
    }
    await clock.sleep(50);
  }
  const report = await watching;
  expectSeamless(report);
  expect(server.logged("encoder failed; another one takes over").length).toBeGreaterThan(1);
  expect(server.logged("error screen on air")).toHaveLength(atStart);
  expect(server.logged("programme is shown without its subtitles")).toEqual([]);
  const shown = whiteStretches(await lumaOf(capture, BOTTOM), 0);
  // The first and the last may be cut off by the capture.
  const whole = shown.slice(1, -1);
  expect(whole.length, `${shown}`).toBeGreaterThanOrEqual(2);
  for (const [index, [from, end]] of whole.entries()) {
    expect(end - from).toBe(150);
    expect(from - whole[0]![0]).toBe(300 * index);
  }
});
