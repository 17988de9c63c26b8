import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip } from "../support/frame-number.ts";
import { openTs } from "../support/http-ts-client.ts";
import { ServerUnderTest } from "../support/server.ts";

const VIEWERS = 300;
const STALLED = 30;
const WATCH_MS = 20_000;
const MIB = 1 << 20;
const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-fan-out-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("three hundred viewers, and thirty that never read", () => {
  it("share one encoder; the healthy get everything; memory is bounded and comes back", async () => {
    const channel = join(folder, "media", "Crowd");
    mkdirSync(channel, { recursive: true });
    const shape = { seconds: 45, fps: rational(30), width: 640, height: 360, noisy: true };
    await makeFrameNumberClip(channel, "numbers.mp4", shape);
    const config = {
      house_format: { width: 640, height: 360 },
      session_manager: { idle_timeout_seconds: 15, max_sessions_per_channel: 1000 },
    };
    await using server = await ServerUnderTest.start({ folder: join(folder, "media"), config });

    const first = await openTs(server.channel(1));
    await clock.sleep(10_000);
    const before = await server.memory();

    const viewers = await Promise.all(Array.from({ length: VIEWERS - 1 }, () => openTs(server.channel(1))));
    viewers.push(first);
    const stalled = await Promise.all(
      Array.from({ length: STALLED }, () => openTs(server.channel(1), { pauseReading: true })),
    );
    await clock.sleep(5_000);
    const from = viewers.map((viewer) => viewer.bytes);
    await clock.sleep(WATCH_MS);
    const during = await server.memory();
    const received = viewers.map((viewer, index) => viewer.bytes - from[index]!);
    // Everybody is at the same place of the same bytes: one slice more or less at the moment of counting.
    expect(Math.max(...received) - Math.min(...received)).toBeLessThan(200_000);
    expect(Math.min(...received)).toBeGreaterThan(2_000_000);
    // One for this programme; at its end the next one's runs beside it for a moment.
    expect((await server.encoders()).length).toBeLessThanOrEqual(2);
    expect(server.logged("channel on air").length).toBe(1);
    expect(during - before).toBeLessThan(120 * MIB);

    // The kernel takes some ten megabytes for a viewer that does not read; from then on its idle time counts.
    const left = () => server.logged("viewer left");
    for (let waited = 0; waited < 100 && left().length < STALLED; waited++) await clock.sleep(1000);
    expect(left().filter(({ reason }) => reason === "idle_timeout").length).toBe(STALLED);
    expect(left().length).toBe(STALLED);

    await Promise.all([...viewers, ...stalled].map((viewer) => viewer.close()));
    // The kernel gets pages back as the collector comes round.
    await expect
      .poll(async () => (await server.memory()) - before, { timeout: 60_000, interval: 1000 })
      .toBeLessThan(60 * MIB);
  });
});
