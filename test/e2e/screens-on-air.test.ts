import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless, expectSilentDecode } from "../support/perfect.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";

const SHAPE = { fps: rational(30), width: 384, height: 216 };
const FPS = 30;
const CLIP_SECONDS = 10;
/** What a configuration file of a server under test must say besides. */
const LOCAL = { server: { host: "127.0.0.1", port: 0 } };
/** Of the file that breaks. */
const BAD_SECONDS = 28;
const CYCLE = 3 * CLIP_SECONDS * FPS;

const clock = new SystemClock();
const root = mkdtempSync(join(tmpdir(), "exstreamtv-on-air-"));
const media = join(root, "media");
const data = join(root, "data");

beforeAll(async () => {
  for (const channel of ["1 Films", "2 Broken"]) mkdirSync(join(media, channel), { recursive: true });
  for (const part of [0, 1, 2]) {
    const numbers = { seconds: CLIP_SECONDS, firstNumber: part * CLIP_SECONDS * FPS };
    await makeFrameNumberClip(join(media, "1 Films"), `${part + 1}.mp4`, { ...SHAPE, ...numbers });
  }
  await makeFrameNumberClip(join(media, "2 Broken"), "1 good.mp4", { ...SHAPE, seconds: CLIP_SECONDS });
  await makeFrameNumberClip(root, "whole.mp4", { ...SHAPE, seconds: BAD_SECONDS });
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Starts a server that knows its files, one of which then breaks; without a `place` where the last one was. */
async function start(config: object, place = root): Promise<ServerUnderTest> {
  if (place !== root) cpSync(media, join(place, "media"), { recursive: true });
  const file = join(place, "media", "2 Broken", "2 bad.mp4");
  copyFileSync(join(root, "whole.mp4"), file);
  const options = { folder: join(place, "media"), dataFolder: join(place, "data") };
  const server = await ServerUnderTest.start({ ...options, config: { ...SMALL_HOUSE, ...config } });
  writeFileSync(file, "no longer a film");
  return server;
}

async function until(what: string, isSo: () => boolean, seconds: number): Promise<void> {
  const deadlineMs = clock.now() + seconds * 1000;
  while (!isSo()) {
    if (clock.now() > deadlineMs) throw new Error(`not within ${seconds} s: ${what}`);
    await clock.sleep(50);
  }
}

async function screen(
  server: ServerUnderTest,
  method: string,
  channel: number,
  body?: object,
): Promise<unknown> {
  const answer = await fetch(`${server.base}/api/channels/${channel}/error-screen`, {
    method,
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}

interface Listed {
  readonly channels: readonly {
    readonly id: number;
    readonly now: { readonly title: string; readonly end: string };
  }[];
}

/** What pictures show, in runs: the programme (a number each) or something else. */
function runs(numbers: readonly number[]): { isScreen: boolean; frames: number }[] {
  const found: { isScreen: boolean; frames: number }[] = [];
  for (const number of numbers) {
    const isScreen = number < 0;
    const last = found.at(-1);
    if (last?.isScreen === isScreen) last.frames++;
    else found.push({ isScreen, frames: 1 });
  }
  return found;
}

/** Mean volume of a span of a capture in dBFS. */
function volume(file: string, fromSeconds: number, seconds: number): number {
  const span = ["-ss", String(fromSeconds), "-t", String(seconds), "-i", file];
  const script = `ffmpeg -hide_banner -nostats ${span.join(" ")} -vn -af volumedetect -f null - 2>&1`;
  return Number(/mean_volume: (\S+) dB/.exec(execFileSync("sh", ["-c", script], { encoding: "utf8" }))![1]);
}

describe("screens by hand", () => {
  it("come and go while the schedule goes on underneath, with the sound that is configured, in one stream", async () => {
    await using server = await start({ error_screens: { audio_mode: "sine_wave", volume: -12 } });
    const cache = join(data, "cache", "screens");
    await until("screens are made", () => existsSync(cache) && readdirSync(cache).length >= 10, 120);
    const capture = join(root, "by-hand.ts");
    const watching = tsprobe(server.channel(1), { seconds: 42, save: capture });
    await clock.sleep(6_000);
    const wish = { title: 'Back "soon": 100% \\ {sure}', subtitle: "It is only a test", seconds: 5 };
    expect(await screen(server, "POST", 1, wish)).toMatchObject({
      showing: { reason: "maintenance", title: wish.title, until: expect.any(String) },
    });
    await clock.sleep(12_000);
    expect(await screen(server, "GET", 1)).toMatchObject({ showing: null });
    await screen(server, "POST", 1, { reason: "off_air" });
    await clock.sleep(4_000);
    writeFileSync(server.configFile, JSON.stringify({ ...SMALL_HOUSE, ...LOCAL }));
    await until("it is silent by now", () => server.logged("configuration reloaded").length > 0, 10);
    await clock.sleep(5_000);
    expect(await screen(server, "GET", 1)).toMatchObject({ showing: { reason: "off_air" } });
    await screen(server, "DELETE", 1);
    const report = await watching;
    expectSeamless(report);
    await expectSilentDecode(capture);
    expect(server.logged("error screen on air").filter(({ by }) => by === "operator")).toHaveLength(2);

    const numbers = (await readFrameNumbers(capture)).slice(0, -3);
    // The programme was where the schedule was, each time that it was seen.
    const clocks = numbers.flatMap((number, at) => (number < 0 ? [] : [(number - at + 1e6 * CYCLE) % CYCLE]));
    expect(new Set(clocks).size).toBe(1);
    const [first, second] = runs(numbers)
      .slice(1)
      .filter(({ isScreen }) => isScreen)
      .slice(-2);
    expect(first!.frames).toBeGreaterThanOrEqual(4 * FPS);
    expect(first!.frames).toBeLessThanOrEqual(6 * FPS);
    expect(second!.frames).toBeGreaterThanOrEqual(7 * FPS);
    expect(second!.frames).toBeLessThanOrEqual(12 * FPS);
    const at = numbers.findIndex((number, index) => index > 3 * FPS && number < 0) / FPS;
    expect(Math.abs(volume(capture, at + 1, 2) + 12)).toBeLessThan(4);
    const over = numbers.findLastIndex((number) => number < 0) / FPS;
    expect(volume(capture, over - 2, 1.5)).toBeLessThan(-60);
  });
});

// Each with a server of its own, most of the time without an encoder.
describe.concurrent("screens in place of a file that breaks", () => {
  it("have no process behind them, and the programme is on again at its time", async () => {
    await using server = await start({});
    const capture = join(root, "broken.ts");
    const watching = tsprobe(server.channel(2), { seconds: 62, save: capture });
    const isFor = (reason: string) =>
      server.logged("error screen on air").some((entry) => entry.reason === reason);
    await until("the file is given up", () => isFor("source_unavailable"), 60);
    const started = server
      .logged("error screen on air")
      .find(({ reason }) => reason === "source_unavailable")!;
    expect(started).toMatchObject({ title: "2 bad", failure: expect.any(String) });
    // Its screen and those of other channels have been painted by then, and the next film is not opened yet.
    let leftMs = 0;
    while (leftMs < 17_000 || leftMs > 26_000) {
      await clock.sleep(500);
      const { channels } = (await (await fetch(`${server.base}/api/channels`)).json()) as Listed;
      const { title, end } = channels.find(({ id }) => id === 2)!.now;
      leftMs = title === "2 bad" ? Date.parse(end) - clock.wallNow() : 0;
    }
    const looks: number[] = [];
    for (let look = 0; look < 16; look++) {
      expect(await server.encoders()).toEqual([]);
      looks.push((await server.children()).length);
      await clock.sleep(250);
    }
    // At the full minute its clock is painted anew, for a moment.
    expect(looks.filter((count) => count === 0).length).toBeGreaterThan(looks.length / 2);
    const report = await watching;
    expectSeamless(report);
    await expectSilentDecode(capture);
    const all = runs((await readFrameNumbers(capture)).slice(0, -3));
    // On a busy machine the first encoder may be so late that a screen comes first.
    if (all[0]!.isScreen && all[0]!.frames < 5 * FPS) all.shift();
    const whole = all.slice(1, -1);
    expect(whole.length).toBeGreaterThanOrEqual(1);
    for (const { isScreen, frames } of whole)
      expect(frames).toBe((isScreen ? BAD_SECONDS : CLIP_SECONDS) * FPS);
  });

  it("or the last picture, held in silence, without the fallback", async () => {
    await using server = await start(
      { ai_auto_heal: { use_error_screen_fallback: false } },
      join(root, "held"),
    );
    const capture = join(root, "held.ts");
    const watching = tsprobe(server.channel(2), { seconds: 50, save: capture });
    const report = await watching;
    expectSeamless(report);
    await expectSilentDecode(capture);
    const numbers = (await readFrameNumbers(capture)).slice(0, -3);
    const last = CLIP_SECONDS * FPS - 1;
    const ended = numbers.indexOf(last);
    expect(ended).toBeGreaterThanOrEqual(0);
    const held = numbers.slice(ended, ended + 10 * FPS);
    expect(new Set(held)).toEqual(new Set([last]));
    expect(volume(capture, ended / FPS + 2, 4)).toBeLessThan(-80);
  });
});

describe("one viewer too many", () => {
  it("is shown a short picture where that is wished for; programs are told", async () => {
    await using server = await start({
      session_manager: { max_sessions_per_channel: 1 },
      error_screens: { session_limit_seconds: 4 },
    });
    const watching = tsprobe(server.channel(1), { seconds: 20 });
    await until("the place is taken", () => server.logged("viewer tuned in").length > 0, 10);
    const program = await fetch(server.channel(1), { headers: { accept: "application/json" } });
    expect([program.status, await program.json()]).toMatchObject([503, { code: "max_sessions_reached" }]);
    const capture = join(root, "limit.ts");
    const refused = await tsprobe(server.channel(1), { seconds: 10, save: capture });
    expectSeamless(refused);
    await expectSilentDecode(capture);
    const numbers = await readFrameNumbers(capture);
    // What is cut off in decoding order may lack pictures that are shown between others.
    expect(numbers.length).toBeGreaterThanOrEqual(4 * FPS - 3);
    expect(numbers.every((number) => number < 0)).toBe(true);
    expectSeamless(await watching);
  });
});

describe("a channel's own screens", () => {
  it("look as they are told, over a restart; a picture that was sent is written anew", async () => {
    const url = (server: ServerUnderTest) => `${server.base}/api/channels/1/error-screen`;
    const png = readFileSync(new URL("../references/error-screens/slate.png", import.meta.url));
    {
      await using server = await start({});
      expect(
        await screen(server, "PUT", 1, { visual_mode: "static", background_color: "navy" }),
      ).toMatchObject({
        ...{ own: { visual_mode: "static", background_color: "navy", image: false }, visual_mode: "static" },
      });
      const refused = await fetch(`${url(server)}/image`, {
        ...{ method: "PUT", headers: { "content-type": "image/png" }, body: "not a picture" },
      });
      expect([refused.status, await refused.json()]).toMatchObject([422, { code: "picture_refused" }]);
      const taken = await fetch(`${url(server)}/image`, {
        ...{ method: "PUT", headers: { "content-type": "image/png" }, body: png },
      });
      expect(await taken.json()).toMatchObject({ own: { image: true } });
      expect(readdirSync(join(data, "error-screens"))).toEqual(["channel-1.png"]);
      const bad = await fetch(url(server), {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ background_color: "bluish" }),
      });
      expect([bad.status, await bad.json()]).toMatchObject([400, { code: "request_invalid" }]);
    }
    await using server = await start({});
    expect(await screen(server, "GET", 1)).toMatchObject({ own: { visual_mode: "static", image: true } });
    await fetch(`${url(server)}/image`, { method: "DELETE" });
    const nulls = { visual_mode: null, background_color: null };
    expect(await screen(server, "PUT", 1, nulls)).toMatchObject({
      own: { image: false },
      visual_mode: "text",
    });
  });
});
