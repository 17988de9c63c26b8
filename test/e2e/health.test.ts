import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip } from "../support/frame-number.ts";
import { openTs } from "../support/http-ts-client.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";

const BAD_FRAMES = 150;
const clock = new SystemClock();
const root = mkdtempSync(join(tmpdir(), "exstreamtv-health-"));
const SHAPE = { width: 320, height: 180 };
const FILM = rational(24_000, 1001);

interface Health {
  readonly channel_id: number;
  readonly status: string;
  readonly on_air: boolean;
  readonly current_fps: number;
  readonly expected_fps: number;
  readonly current_speed: number;
  readonly current_bitrate_kbps: number;
  readonly dropped_frames: number;
  readonly sessions_active: number;
  readonly lead_seconds: number;
  readonly source: string | null;
  readonly screen: string | null;
  readonly restarts: number;
  readonly errors_recent: Readonly<Record<string, number>>;
  readonly incidents_open: number;
  readonly incidents: readonly { readonly class: string; readonly source: string; readonly count: number }[];
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  readonly self_measurement: { readonly samples: number; readonly faulty: number } | null;
}

async function health(server: ServerUnderTest, channel: number): Promise<Health> {
  const answer = await fetch(`${server.base}/api/ai/channels/${channel}/health`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Health;
}

/** Looks every 200 ms until it is so, and returns everything that was seen. */
async function watchUntil(
  server: ServerUnderTest,
  channel: number,
  isSo: (now: Health, seen: readonly Health[]) => boolean,
  seconds: number,
): Promise<Health[]> {
  const seen: Health[] = [];
  const deadlineMs = clock.now() + seconds * 1000;
  for (;;) {
    const now = await health(server, channel);
    seen.push(now);
    if (isSo(now, seen)) return seen;
    if (clock.now() > deadlineMs) throw new Error(`not within ${seconds} s; ${JSON.stringify(now)}`);
    await clock.sleep(200);
  }
}

beforeAll(async () => {
  const folders = ["film/1 Film", "film/2 Other", "broken/1 Broken"].map((name) => join(root, name));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  await makeFrameNumberClip(folders[0]!, "film.mp4", { ...SHAPE, fps: FILM, seconds: 150, noisy: true });
  await makeFrameNumberClip(folders[1]!, "other.mp4", { ...SHAPE, fps: FILM, seconds: 5 });
  await makeFrameNumberClip(folders[2]!, "1 good.mp4", { ...SHAPE, fps: rational(30), seconds: 10 });
  await makeFrameNumberClip(root, "whole.mp4", { ...SHAPE, fps: rational(30), seconds: BAD_FRAMES / 30 });
}, 120_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a channel's health", () => {
  it("is well at 24000/1001; an encoder that hangs shortens the lead, and viewers see nothing", async () => {
    const config = { ...SMALL_HOUSE, house_format: { ...SMALL_HOUSE.house_format, ...SHAPE, fps: 23.976 } };
    await using server = await ServerUnderTest.start({ folder: join(root, "film"), config });
    const off = await health(server, 2);
    expect(off).toMatchObject({ channel_id: 2, status: "healthy", on_air: false, sessions_active: 0 });
    expect(off.reasons.map(({ code }) => code)).toEqual(["off"]);
    expect((await fetch(`${server.base}/api/ai/channels/77/health`)).status).toBe(404);

    const viewer = await openTs(server.channel(1));
    // What a busy machine made of the start passes.
    const isWell = ({ reasons, current_speed, current_fps, lead_seconds }: Health) =>
      reasons.length === 0 &&
      current_speed === 1 &&
      Math.abs(current_fps - 23.976) < 0.02 &&
      lead_seconds > 7;
    const well = (await watchUntil(server, 1, isWell, 200)).at(-1)!;
    expect(well).toMatchObject({ status: "healthy", on_air: true, expected_fps: 23.976, current_speed: 1 });
    expect(well).toMatchObject({ sessions_active: 1, restarts: 0, incidents_open: 0, errors_recent: {} });
    expect(well.current_bitrate_kbps).toBeGreaterThan(100);
    expect(well.current_bitrate_kbps).toBeLessThan(2_000);
    expect(well.source).toMatch(/film\.mp4$/);

    const [encoder] = await server.encoders();
    process.kill(encoder!, "SIGSTOP");
    const seen = await watchUntil(server, 1, ({ restarts }) => restarts > 0, 60);
    seen.push(...(await watchUntil(server, 1, ({ lead_seconds }) => lead_seconds > 7, 60)));
    const least = Math.min(...seen.map(({ lead_seconds }) => lead_seconds));
    expect(least).toBeLessThan(well.lead_seconds - 1);
    const after = seen.at(-1)!;
    expect(after).toMatchObject({ restarts: 1, errors_recent: { encoder_stalled: 1 }, incidents_open: 1 });
    expect(after.incidents).toMatchObject([{ class: "encoder_stalled", count: 1 }]);
    expect(after.dropped_frames).toBe(well.dropped_frames);
    // The joint of the two encoders is examined when it is sent.
    const isExamined = ({ self_measurement }: Health) => self_measurement!.samples >= 2;
    const examined = (await watchUntil(server, 1, isExamined, 30)).at(-1);
    expect(examined!.self_measurement!.faulty).toBe(0);
    await viewer.close();
  });

  it("counts each picture that a screen stood in for, and calls that unhealthy", async () => {
    const file = join(root, "broken", "1 Broken", "2 bad.mp4");
    copyFileSync(join(root, "whole.mp4"), file);
    const config = { ...SMALL_HOUSE, house_format: { ...SMALL_HOUSE.house_format, ...SHAPE } };
    await using server = await ServerUnderTest.start({ folder: join(root, "broken"), config });
    writeFileSync(file, "no longer a film");
    const viewer = await openTs(server.channel(1));
    const onProgramme = (seen: readonly Health[]) => [
      ...new Set(seen.filter(({ screen }) => screen === null).map(({ dropped_frames }) => dropped_frames)),
    ];
    // The first time may be cut off by the start.
    const seen = await watchUntil(server, 1, (_now, all) => onProgramme(all).length >= 4, 90);
    const counts = onProgramme(seen).slice(1);
    expect(counts.slice(1).map((count, index) => count - counts[index]!)).toEqual(
      counts.slice(1).map(() => BAD_FRAMES),
    );
    const last = seen.at(-1)!;
    expect(last.status).toBe("unhealthy");
    expect(last.reasons.map(({ code }) => code)).toContain("frames_dropped");
    expect(last.current_fps).toBeCloseTo(30, 0);
    expect(last.incidents[0]!.source).toMatch(/2 bad\.mp4$/);
    expect(last.self_measurement).toMatchObject({ faulty: 0 });
    const changes = server.logged("the channel's health has changed");
    expect(changes.map(({ status }) => status)).toContain("unhealthy");
    const { channels } = (await (await fetch(`${server.base}/api/channels`)).json()) as {
      channels: { status: string }[];
    };
    expect(channels.map(({ status }) => status)).toEqual(["unhealthy"]);
    await viewer.close();
  });
});
