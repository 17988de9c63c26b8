import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { Analyser } from "../../src/mpegts/analyser.ts";
import {
  type Arrivals,
  bytesAt,
  clockJitter,
  mediaSecondsAt,
  percentile,
  watchArrivals,
  windows,
} from "../support/arrival-client.ts";
import { makeFrameNumberClip } from "../support/frame-number.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless, expectSilentDecode } from "../support/perfect.ts";
import { ServerUnderTest } from "../support/server.ts";

const clock = new SystemClock();
const RATE = 1_000_000;
/** The most that a tick may hold back or give too much. */
const TICK_SECONDS = 0.04;
const CHANNELS = ["Realtime", "Burst", "Adaptive", "Disabled", "Changing"] as const;
/** Small, and off air soon: what is measured is delivery, and two cores encode it. */
const CONFIG = {
  house_format: { width: 320, height: 180, audio_bitrate_bps: 96_000 },
  stream_throttler: { target_bitrate_bps: RATE },
  channels: { linger_seconds: 2, ring_seconds: 8, lead_seconds: 6 },
};
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-throttle-"));
let server: ServerUnderTest;

beforeAll(async () => {
  for (const [index, channel] of CHANNELS.entries()) {
    mkdirSync(join(folder, "media", `${index + 1} ${channel}`), { recursive: true });
    const shape = { seconds: 30, fps: rational(30), width: 320, height: 180, noisy: true };
    await makeFrameNumberClip(join(folder, "media", `${index + 1} ${channel}`), "numbers.mp4", shape);
  }
  server = await ServerUnderTest.start({ folder: join(folder, "media"), config: CONFIG });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const idOf = (name: (typeof CHANNELS)[number]) => CHANNELS.indexOf(name) + 1;
const urlOf = (name: (typeof CHANNELS)[number]) => server.channel(idOf(name));

interface Throttle {
  readonly mode: string;
  readonly target_bitrate_bps: number;
  readonly from: { readonly mode: string; readonly target_bitrate_bps: string };
}

async function throttle(name: (typeof CHANNELS)[number], change?: object): Promise<Throttle> {
  const address = `${server.base}/api/channels/${idOf(name)}/throttle`;
  const request = {
    method: "PUT",
    body: JSON.stringify(change),
    headers: { "content-type": "application/json" },
  };
  const response = await fetch(address, change ? request : {});
  expect(response.status).toBe(200);
  return (await response.json()) as Throttle;
}

/** Puts a channel on air for so long that a viewer behind live finds enough of it. */
async function warmUp(name: (typeof CHANNELS)[number]): Promise<void> {
  await watchArrivals(urlOf(name), { seconds: 9 });
}

/** Tells the jitter of the time from `fromMs` on, when the join is over. */
function reported(what: string, arrivals: Arrivals, fromMs: number): void {
  const jitter = clockJitter(arrivals, fromMs);
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(jitter, share).toFixed(1));
  process.stdout.write(`  ${what}: PCR jitter at arrival p50 ${p50} ms, p99 ${p99} ms\n`);
}

describe("realtime", () => {
  it("is a constant rate at the socket, second by second, and exact by the stream's own clock", async () => {
    const save = join(folder, "realtime.ts");
    const seconds = 25;
    await warmUp("Realtime");
    const arrivals = await watchArrivals(urlOf("Realtime"), { seconds, save });
    reported("realtime", arrivals, 3000);
    const perSecond = RATE / 8;
    const counts = windows(arrivals, 3000);
    const off = counts.map((bytes) => Math.abs(bytes / perSecond - 1)).sort((a, b) => a - b);
    // Other work on the machine delays a read now and then; it does not change the rate.
    expect(percentile(off, 0.5)).toBeLessThanOrEqual(0.01);
    expect(percentile(off, 0.9)).toBeLessThanOrEqual(0.01 + TICK_SECONDS);
    const tookSeconds = (arrivals.reads.at(-1)!.atMs - arrivals.reads[0]!.atMs) / 1000 - 3;
    const total = arrivals.reads.at(-1)!.bytes - bytesAt(arrivals, 3000);
    expect(Math.abs(total / perSecond - tookSeconds)).toBeLessThan(0.2);
    // Between any two PCRs: so many bytes as their clock says, to the packet's place in it.
    const { clocks } = arrivals;
    for (let index = 30; index < clocks.length; index++) {
      const [from, to] = [clocks[index - 30]!, clocks[index]!];
      expect(Math.abs(to.position - from.position - (to.seconds - from.seconds) * perSecond)).toBeLessThan(1);
    }
    const analyser = new Analyser();
    analyser.push(readFileSync(save));
    expect(analyser.report()).toMatchObject({ verdict: "clean", findings: [], constant_bitrate: true });
    expect(analyser.report().pcr_accuracy_ns).toBeLessThanOrEqual(500);
    // The join: at most what has gone of the second, at once.
    expect(bytesAt(arrivals, 1000)).toBeLessThan(2.3 * perSecond);
  });
});

describe("burst", () => {
  it("begins five seconds behind and is filled at twice the pace", async () => {
    await throttle("Burst", { mode: "burst" });
    await warmUp("Burst");
    const arrivals = await watchArrivals(urlOf("Burst"), { seconds: 14 });
    reported("burst", arrivals, 7000);
    for (const second of [1, 2, 3, 4]) {
      const got = mediaSecondsAt(arrivals, second * 1000);
      expect(got, `after ${second} s`).toBeGreaterThan(2 * second - 0.5);
      expect(got, `after ${second} s`).toBeLessThan(2 * second + 0.3);
    }
    for (const second of [8, 10, 12]) {
      const inHand = mediaSecondsAt(arrivals, second * 1000) - second;
      expect(inHand, `after ${second} s`).toBeGreaterThan(4.7);
      expect(inHand, `after ${second} s`).toBeLessThan(6.3);
    }
  });
});

describe("disabled", () => {
  it("hands a new viewer all of the lead at once", async () => {
    await throttle("Disabled", { mode: "disabled" });
    await warmUp("Disabled");
    const arrivals = await watchArrivals(urlOf("Disabled"), { seconds: 8 });
    reported("disabled", arrivals, 3000);
    expect(mediaSecondsAt(arrivals, 500)).toBeGreaterThan(4.5);
    const inHand = mediaSecondsAt(arrivals, 7000) - 7;
    expect(inHand).toBeGreaterThan(4);
    expect(inHand).toBeLessThan(8.1);
  });
});

describe("a viewer on whose channel the mode and the rate are changed", () => {
  it("stays, and gets one valid transport stream", async () => {
    const save = join(folder, "changing.ts");
    const watching = watchArrivals(urlOf("Changing"), { seconds: 48, save });
    const changes = [
      { mode: "burst" },
      { mode: "realtime" },
      { mode: "disabled" },
      { mode: "adaptive" },
      { mode: "realtime", target_bitrate_bps: 2 * RATE },
      { mode: "disabled", target_bitrate_bps: 900_000 },
      { mode: "realtime" },
      { mode: null, target_bitrate_bps: null },
    ];
    for (const change of changes) {
      await clock.sleep(5_000);
      await throttle("Changing", change);
    }
    const arrivals = await watching;
    expect(mediaSecondsAt(arrivals, 60_000)).toBeGreaterThan(45);
    expect(server.logged("throttle settings changed").length).toBeGreaterThanOrEqual(changes.length);
    expect(
      server.logged("channel on air").filter(({ channel }) => channel === idOf("Changing")),
    ).toHaveLength(1);
    const analyser = new Analyser();
    analyser.push(readFileSync(save));
    expect(analyser.report()).toMatchObject({ verdict: "clean", findings: [] });
    expectSeamless(await tsprobe(save));
    await expectSilentDecode(save);
  });
});

it("a reload of the configuration changes the mode of channels that are on air, save for what is their own", async () => {
  const watching = watchArrivals(urlOf("Changing"), { seconds: 12 });
  await throttle("Burst", { mode: "burst" });
  await clock.sleep(2_000);
  const stream_throttler = { enabled: false, target_bitrate_bps: RATE };
  writeFileSync(
    server.configFile,
    JSON.stringify({ server: { host: "127.0.0.1", port: 0 }, ...CONFIG, stream_throttler }),
  );
  process.kill(server.pid, "SIGHUP");
  const arrivals = await watching;
  expect(mediaSecondsAt(arrivals, 11_000) - 11).toBeGreaterThan(3);
  expect(await throttle("Changing")).toMatchObject({ mode: "disabled", from: { mode: "configuration" } });
  expect(await throttle("Burst")).toMatchObject({ mode: "burst", from: { mode: "channel" } });
});

it("the environment's mode and rate stand above the file's", async () => {
  const env = { EXSTREAMTV_THROTTLE_MODE: "adaptive", EXSTREAMTV_THROTTLE_BITRATE: "1500000" };
  const media = join(folder, "media");
  await using other = await ServerUnderTest.start({ folder: media, config: CONFIG, env });
  const answer = await fetch(`${other.base}/api/channels/1/throttle`);
  expect(await answer.json()).toMatchObject({ mode: "adaptive", target_bitrate_bps: 1_500_000 });
});
