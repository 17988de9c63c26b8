import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import type { Gop } from "../../src/media/gop.ts";
import { houseFormat } from "../../src/media/house-format.ts";
import { settingsOf } from "../../src/throttle/settings.fixtures.ts";
import { mediaSecondsAt, readSlowly, watchArrivals } from "../support/arrival-client.ts";
import { clocksIn, packetPid } from "../support/capture.ts";
import { EncodingStudio } from "../support/encode.ts";
import { generated, OUTPUT, place } from "../support/media-cache.ts";
import { Outlet } from "../support/outlet.ts";
import { expectSilentDecode } from "../support/perfect.ts";

const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-slow-"));
const SECONDS = 50;
const RING_MS = 6_000;
/** Large pictures, so that the kernel's buffers are soon full. */
const format = houseFormat({
  ...{ width: 640, height: 360, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 8_000_000, audioBps: 96_000 },
});
let gops: Gop[];
let mediaRate: number;

beforeAll(async () => {
  const noise = "testsrc2=size=640x360:rate=30,noise=alls=80:allf=t+u,format=yuv420p";
  const args = [
    ...generated(noise),
    ...generated("sine=frequency=440:sample_rate=48000,aformat=channel_layouts=stereo"),
    ...["-t", "8", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-c:a", "aac", OUTPUT],
  ];
  const clip = await place({ extension: ".mp4", steps: [args] }, folder, "noise.mp4");
  await using studio = await EncodingStudio.open(format);
  gops = await studio.encode(await studio.plan(clip));
  const bytes = readFileSync(await studio.write("loop", gops)).length;
  mediaRate = bytes / gops.length;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.concurrent.each(["burst", "adaptive"] as const)(
  "a client that takes three fifths of what %s sends",
  (mode) => {
    it("jumps, decodes from each jump on, and nobody else notices", async () => {
      await using outlet = await Outlet.open(format, gops, settingsOf(mode, 8_000_000), RING_MS);
      await watchArrivals(outlet.url, { seconds: 7 });
      const [healthyFile, slowFile] = [join(folder, `healthy-${mode}.ts`), join(folder, `slow-${mode}.ts`)];
      const watching = watchArrivals(outlet.url, { seconds: SECONDS, save: healthyFile });
      const reading = readSlowly(outlet.url, {
        ...{ seconds: SECONDS, save: slowFile, bytesPerSecond: 0.6 * mediaRate },
      });
      await clock.sleep((SECONDS - 3) * 1000);
      const [healthySession, slowSession] = [...outlet.sessions.live].sort((a, b) => a.jumps - b.jumps);
      expect(healthySession).toMatchObject({ jumps: 0, errorCount: 0 });
      const decisions = slowSession!.throttle!().decisions;
      const behind = decisions.flatMap(({ reason, behindSeconds }) =>
        reason === "jump" ? [behindSeconds] : [],
      );
      // Three quarters of the ring: as far back as anybody is placed.
      expect([...new Set(behind)]).toEqual(mode === "adaptive" ? [4.5] : []);
      // It is tried again and again whether more is taken, a step above the least.
      const blocked = decisions.filter(({ reason }) => reason === "blocked");
      expect(blocked.some(({ factor }) => factor === 1)).toBe(mode === "adaptive");
      if (mode === "adaptive") expect(slowSession!.throttle!().factor).toBeLessThanOrEqual(1.2);
      const healthy = await watching;
      await reading;

      expect(leaps(healthy.clocks)).toEqual([]);
      const shown = mediaSecondsAt(healthy, (SECONDS - 5) * 1000);
      expect(shown, "all of it, and what it has in hand").toBeGreaterThan(SECONDS - 5 + 4);
      await expectSilentDecode(healthyFile);

      const stream = readFileSync(slowFile);
      const cuts = leaps(clocksIn(stream));
      expect(cuts.length).toBeGreaterThanOrEqual(1);
      for (const [index, from] of [0, ...cuts].entries()) {
        const segment = stream.subarray(from, cuts[index] ?? stream.length);
        expect([0, 1, 2].map((packet) => packetPid(segment, packet * 188))).toEqual([0, 0x1000, 0x100]);
        const file = join(folder, `segment-${mode}-${index}.ts`);
        writeFileSync(file, segment);
        await expectSilentDecode(file);
      }
    });
  },
);

/** Byte positions at which a viewer was moved on: of the PAT before each leap of the clock. */
function leaps(clocks: readonly { readonly position: number; readonly seconds: number }[]): number[] {
  return clocks.flatMap(({ seconds, position }, index) => {
    const before = clocks[index - 1];
    // PAT and PMT stand before the picture that carries the first PCR of a piece.
    return before && Math.abs(seconds - before.seconds) > 0.5 ? [position - 2 * 188] : [];
  });
}
