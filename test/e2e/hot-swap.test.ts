import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { openTs } from "../support/http-ts-client.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless, expectSilentDecode } from "../support/perfect.ts";
import { ServerUnderTest } from "../support/server.ts";
import { Upstream } from "../support/upstream.ts";

const SHAPE = { fps: rational(30), width: 320, height: 180 };
const CLIP_SECONDS = 120;
const CLIP_FRAMES = CLIP_SECONDS * 30;
/** The other files show the same numbers, so much higher: what is missing shows whichever of them is on. */
const OTHER = 10_000;
const EXTRA = 20_000;
const HOUSE = {
  house_format: { width: 320, height: 180, gop_seconds: 0.5, audio_bitrate_bps: 64_000 },
  stream_throttler: { target_bitrate_bps: 1_000_000 },
  channels: { lead_seconds: 4, linger_seconds: 60 },
};
const SWAPS = 50;

const clock = new SystemClock();
const root = mkdtempSync(join(tmpdir(), "exstreamtv-swap-"));
const media = join(root, "media");

beforeAll(async () => {
  for (const channel of ["1 Numbers", "2 Spare"]) mkdirSync(join(media, channel), { recursive: true });
  const clip = (folder: string, name: string, firstNumber: number) =>
    makeFrameNumberClip(folder, name, { ...SHAPE, seconds: CLIP_SECONDS, firstNumber });
  await clip(join(media, "1 Numbers"), "numbers.mp4", 0);
  await clip(join(media, "2 Spare"), "1 other.mp4", OTHER);
  await clip(root, "extra.mp4", EXTRA);
  for (const name of ["2 fifo.mp4", "3 gone.mp4"])
    copyFileSync(join(root, "extra.mp4"), join(media, "2 Spare", name));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** After the scan: files that break, and files that are not known. */
function spoil(): void {
  const spare = join(media, "2 Spare");
  rmSync(join(spare, "2 fifo.mp4"));
  execFileSync("mkfifo", [join(spare, "2 fifo.mp4"), join(media, "pipe.mp4")]);
  rmSync(join(spare, "3 gone.mp4"));
  copyFileSync(join(root, "extra.mp4"), join(media, "extra.mp4"));
  writeFileSync(join(media, "empty.mp4"), "");
  const bytes = readFileSync(join(root, "extra.mp4"));
  // Its index is whole; where it says that pictures are, there are none.
  const media_data = bytes.indexOf("mdat") + 4;
  const moov = bytes.indexOf("moov");
  bytes.fill(0, media_data, moov > media_data ? moov - 4 : bytes.length);
  writeFileSync(join(media, "broken.mp4"), bytes);
  symlinkSync(join(root, "extra.mp4"), join(media, "escape.mp4"));
}

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
  readonly outcome?: "swapped" | "kept" | "superseded";
  readonly from?: { readonly title: string; readonly profile: string };
  readonly to?: { readonly title: string; readonly media_id: number | null; readonly profile: string };
  readonly frame?: number;
  readonly preparation_seconds?: number;
  readonly reason?: { readonly class: string; readonly sentence: string };
}

async function swap(server: ServerUnderTest, wish: object, channel = 1): Promise<Answer> {
  const answer = await fetch(`${server.base}/api/channels/${channel}/swap`, {
    ...{ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(wish) },
  });
  return { status: answer.status, ...((await answer.json()) as object) };
}

async function mediaIds(server: ServerUnderTest): Promise<Record<string, number>> {
  const answer = await fetch(`${server.base}/api/media?limit=10`);
  const { media } = (await answer.json()) as { media: { id: number; title: string }[] };
  return Object.fromEntries(media.map(({ id, title }) => [title, id]));
}

/** Waits until the first channel's programme lasts so long: a swap ends with it. */
async function programmeFor(server: ServerUnderTest, seconds: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${server.base}/api/channels`);
    const { channels } = (await answer.json()) as { channels: { now: { end: string } }[] };
    const leftMs = Date.parse(channels[0]!.now.end) - clock.wallNow();
    if (leftMs > seconds * 1000) return;
    await clock.sleep(leftMs + 500);
  }
}

/** Waits until only so many children are left. */
describe("hot swap", () => {
  it("fifty times, a third of them to what never comes: no picture missing, no error, nothing left", async () => {
    await using server = await ServerUnderTest.start({ folder: media, config: HOUSE });
    spoil();
    const ids = await mediaIds(server);
    const [other, fifo, gone] = ["1 other", "2 fifo", "3 gone"].map(
      (name) => ids[name] ?? ids[name.slice(2)],
    );
    expect([other, fifo, gone]).not.toContain(undefined);
    expect(await swap(server, { restart: true })).toMatchObject({ status: 409, code: "channel_off_air" });

    const captures = ["one", "two"].map((name) => join(root, `${name}.ts`));
    const viewers = [];
    for (const capture of captures) {
      const viewer = await openTs(server.channel(1));
      viewer.save(capture);
      viewers.push(viewer);
    }
    await clock.sleep(6_000);
    const before = { children: (await server.children()).length, files: await server.fileDescriptors() };

    const good: object[] = [
      ...[{ restart: true }, { media_id: other }, { profile: "software" }, { restart: true }],
      ...[{ path: "extra.mp4" }, { restart: true, at: "now" }, { profile: "safe" }],
      ...[{ path: join(media, "1 Numbers", "numbers.mp4") }, { profile: "usual" }, { restart: true }],
    ];
    const bad: object[] = [
      ...[
        { media_id: fifo, deadline_seconds: 0.7 },
        { media_id: gone },
        { path: "broken.mp4", deadline_seconds: 2 },
      ],
      ...[{ media_id: fifo, deadline_seconds: 0.5, at: "now" }, { path: "empty.mp4" }],
    ];
    const answers: { isGood: boolean; answer: Answer }[] = [];
    while (answers.length < SWAPS) {
      const count = answers.length;
      const isGood = count % 3 !== 2;
      const round = Math.floor(count / 3);
      const wish = isGood ? good[(count - round) % good.length]! : bad[round % bad.length]!;
      const answer = await swap(server, wish);
      // At the programme's end its rest is made already, and the swap says so.
      if (answer.reason?.class === "slot_over") await clock.sleep(1_000);
      else answers.push({ isGood, answer });
    }
    // What waits in the lead is still to be seen.
    await clock.sleep(6_000);
    // Connections of this test's own requests, and readers that look around, come and go.
    const leaked = async () => ({
      children: Math.max(0, (await server.children()).length - before.children),
      files: Math.max(0, (await server.fileDescriptors()) - before.files - 4),
    });
    await expect.poll(leaked, { timeout: 30_000, interval: 100 }).toEqual({ children: 0, files: 0 });
    for (const viewer of viewers) expect((await viewer.close()).by).toBe("client");

    expect(answers.filter(({ isGood, answer }) => isGood && answer.outcome !== "swapped")).toEqual([]);
    const taken = answers.filter(({ isGood, answer }) => !isGood && answer.outcome === "swapped");
    expect(taken).toEqual([]);
    const kept = answers.filter(({ isGood }) => !isGood).map(({ answer }) => answer);
    const reasons = new Set(kept.map(({ reason, code }) => reason?.class ?? code));
    expect(reasons).toContain("not_ready");
    expect(reasons).toContain("missing");
    expect(reasons).toContain("media_unreadable");
    expect(server.logged("alternative has taken over").length).toBeGreaterThanOrEqual(30);
    expect(server.logged("encoder failed; another one takes over")).toEqual([]);
    expect(server.logged("error screen on air").filter(({ reason }) => reason !== "loading")).toEqual([]);

    for (const capture of captures) expectSeamless(await tsprobe(capture));
    for (const capture of captures) await expectSilentDecode(capture);
    const [one, two] = await Promise.all(captures.map((capture) => readFrameNumbers(capture)));
    for (const numbers of [one!, two!]) {
      const shown = numbers.slice(
        numbers.findIndex((number) => number >= 0),
        -3,
      );
      expect(shown.length).toBeGreaterThan(30 * 20);
      expect(shown.map((number) => number % OTHER)).toEqual(
        shown.map((_, index) => ((shown[0]! % OTHER) + index) % CLIP_FRAMES),
      );
      // All three files have been seen.
      expect(new Set(shown.map((number) => Math.floor(number / OTHER))).size).toBe(3);
    }

    // One that is still awaited holds no shutdown up, and leaves nothing behind.
    const awaited = swap(server, { media_id: fifo, deadline_seconds: 60 }).catch(() => "cut off");
    await clock.sleep(500);
    expect(await server.stop()).toBe(0);
    expect(await awaited).toBeDefined();
    expect(await server.children()).toEqual([]);
  });

  it("says clearly what cannot be", async () => {
    await using server = await ServerUnderTest.start({ folder: media, config: HOUSE });
    const viewer = await openTs(server.channel(1));
    const refused = [
      [{ path: "../extra.mp4" }, 422, "swap_path_refused"],
      [{ path: "/etc/passwd" }, 422, "swap_path_refused"],
      [{ path: "escape.mp4" }, 422, "swap_path_refused"],
      [{ path: "none.mp4" }, 422, "swap_path_refused"],
      [{ path: "a\0b" }, 422, "swap_path_refused"],
      [{ path: "pipe.mp4" }, 422, "media_unreadable"],
      [{ path: "empty.mp4" }, 422, "media_unreadable"],
      [{ media_id: 4711 }, 404, "media_not_found"],
      [{ media_id: 1, restart: true }, 400, "request_invalid"],
      [{ restart: true, start_seconds: 1 }, 400, "request_invalid"],
      [{}, 400, "request_invalid"],
    ] as const;
    for (const [wish, status, code] of refused) {
      expect([wish, await swap(server, wish)]).toMatchObject([wish, { status, code }]);
    }
    expect(await swap(server, { restart: true }, 9)).toMatchObject({
      status: 404,
      code: "channel_not_found",
    });
    const short = await swap(server, { path: "extra.mp4", start_seconds: CLIP_SECONDS - 2 });
    // There is less of the programme left than two seconds now and then.
    if (short.outcome === undefined) {
      expect(short).toMatchObject({ status: 422, code: "swap_too_short" });
      expect(short.detail).toMatch(/start_seconds of at most \d+/);
    }
    await viewer.close();
  });

  it("takes a stream of another server until it is swapped back, without a seam", async () => {
    await using upstream = await Upstream.start();
    await upstream.broadcast("news", { firstNumber: EXTRA });
    await using server = await ServerUnderTest.start({ folder: media, config: HOUSE });
    await programmeFor(server, 30);
    const viewer = await openTs(server.channel(1));
    const capture = join(root, "stream.ts");
    viewer.save(capture);
    await clock.sleep(5_000);
    const news = { url: upstream.url("news.ts?token=geheim") };
    expect(await swap(server, news)).toMatchObject({ outcome: "swapped", to: { media_id: null } });
    await clock.sleep(8_000);
    expect(await swap(server, { media_id: 1 })).toMatchObject({ outcome: "swapped" });
    await clock.sleep(6_000);
    await viewer.close();
    expectSeamless(await tsprobe(capture));
    await expectSilentDecode(capture);
    const shown = (await readFrameNumbers(capture)).slice(0, -3);
    const runs = shown
      .map((number) => number >= EXTRA)
      .filter((isNews, at, all) => at === 0 || isNews !== all[at - 1]);
    expect(runs).toEqual([false, true, false]);
    expect(shown.filter((number) => number >= EXTRA).length).toBeGreaterThan(5 * 30);
    expect(server.output).not.toContain("geheim");
  });
});
