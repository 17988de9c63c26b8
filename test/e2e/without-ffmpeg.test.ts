import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { CELL_PIXELS, MB_CELLS } from "../../src/codec/flat-picture.ts";
import { drawPlainScreen } from "../../src/error-screens/plain-screen.ts";
import { locateFfmpeg } from "../../src/ffmpeg/locate.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless, expectSilentDecode } from "../support/perfect.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";

const SHAPE = { fps: rational(30), width: 384, height: 216 };
/** Two clips of six seconds, so that encoders are started often. */
const CLIP_FRAMES = 180;
const CYCLE = 2 * CLIP_FRAMES;
const MISSING = /^there is no usable ffmpeg/;
const FOUND = "ffmpeg is there again; programmes go on";

const clock = new SystemClock();
const root = mkdtempSync(join(tmpdir(), "exstreamtv-without-"));
const media = join(root, "media");
const data = join(root, "data");
const ffmpeg = join(root, "bin", "ffmpeg");
const away = join(root, "bin", "ffmpeg.away");
const env = { EXSTREAMTV_FFMPEG: ffmpeg };

beforeAll(async () => {
  mkdirSync(join(root, "bin"));
  mkdirSync(join(media, "Numbers"), { recursive: true });
  symlinkSync((await locateFfmpeg({ clock, env: process.env })).ffmpeg, ffmpeg);
  for (const [index, name] of ["1.mp4", "2.mp4"].entries()) {
    const numbers = { seconds: CLIP_FRAMES / SHAPE.fps.num, firstNumber: index * CLIP_FRAMES };
    await makeFrameNumberClip(join(media, "Numbers"), name, { ...SHAPE, ...numbers });
  }
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const start = () => ServerUnderTest.start({ folder: media, dataFolder: data, config: SMALL_HOUSE, env });

/** Waits for something that the server does by itself. */
async function until(what: string, isSo: () => boolean, seconds: number): Promise<void> {
  const deadlineMs = clock.now() + seconds * 1000;
  while (!isSo()) {
    if (clock.now() > deadlineMs) throw new Error(`not within ${seconds} s: ${what}`);
    await clock.sleep(100);
  }
}

const saysMissing = (server: ServerUnderTest) =>
  server.output.split("\n").filter((line) => line.startsWith("{") && MISSING.test(JSON.parse(line).msg));

/** Luma of picture `number` of a file. */
function luma(file: string, number: number): Buffer {
  const graph = `select=eq(n\\,${number})`;
  const args = ["-v", "error", "-i", file, "-vf", graph, "-frames:v", "1", "-f", "rawvideo", "-"];
  return execFileSync("ffmpeg", args, { maxBuffer: 2 ** 26 }).subarray(0, SHAPE.width * SHAPE.height);
}

/** Luma of the plain screen with these words, pixel by pixel as it is decoded. */
function plain(title: string, detail: string): Buffer {
  const { cells, widthMbs } = drawPlainScreen(SHAPE, { title, detail });
  return Buffer.from(
    Array.from({ length: SHAPE.width * SHAPE.height }, (_, at) => {
      const x = Math.floor((at % SHAPE.width) / CELL_PIXELS);
      const y = Math.floor(Math.floor(at / SHAPE.width) / CELL_PIXELS);
      return 16 * cells[y * widthMbs * MB_CELLS + x]!;
    }),
  );
}

/** Expects a capture that is flawless, in which programme and screen take turns and the programme keeps its time. */
async function expectTurns(capture: string, shows: readonly string[]): Promise<number[]> {
  await expectSilentDecode(capture);
  // The capture ends in decoding order: its last pictures may lack one that is shown between them.
  const numbers = (await readFrameNumbers(capture)).slice(0, -3);
  const turns = numbers.map((number) => (number < 0 ? "screen" : "programme"));
  const taken = turns.filter((turn, index) => turn !== turns[index - 1]);
  // On a busy machine the first encoder may be so late that a screen comes first.
  expect(taken.slice(-shows.length)).toEqual(shows);
  expect(taken.length).toBeLessThanOrEqual(shows.length + 1);
  const clocks = numbers.flatMap((number, at) => (number < 0 ? [] : [(number - at + 1e6 * CYCLE) % CYCLE]));
  expect(new Set(clocks).size).toBe(1);
  return numbers;
}

describe("a server whose ffmpeg is missing", () => {
  it("refuses to start with nothing to show, and says how to get one", async () => {
    renameSync(ffmpeg, away);
    const fresh = { folder: media, dataFolder: join(root, "fresh"), config: SMALL_HOUSE, env };
    await expect(ServerUnderTest.start(fresh)).rejects.toThrow(
      /ffmpeg was not found \(ffmpeg_missing\)\n.*ffmpeg does not exist\. Install it with .*apt install ffmpeg/,
    );
    renameSync(away, ffmpeg);
  });

  it("moved away while it runs: channels stay connected, say what is wrong, and come back by themselves", async () => {
    await using server = await start();
    const capture = join(root, "running.ts");
    const watching = tsprobe(server.channel(1), { seconds: 65, save: capture });
    await clock.sleep(8_000);
    const screens = server.logged("error screen on air").length;
    const returns = server.logged("back to the programme").length;
    renameSync(ffmpeg, away);
    await until("the loss is noticed", () => saysMissing(server).length > 0, 30);
    await until("the screen is fed", () => server.logged("error screen on air").length > screens, 20);
    expect(await server.encoders()).toEqual([]);
    await clock.sleep(8_000);
    expect(server.logged("encoder failed; another one takes over").map((entry) => entry.class)).toContain(
      "ffmpeg_gone",
    );
    renameSync(away, ffmpeg);
    await until("it is found", () => server.logged(FOUND).length > 0, 15);
    await until("the programme is back", () => server.logged("back to the programme").length > returns, 15);

    const report = await watching;
    expectSeamless(report);
    expect(report.closed_early).toBe(false);
    const numbers = await expectTurns(capture, ["programme", "screen", "programme"]);
    const screen = numbers.flatMap((number, at) => (number < 0 ? [at] : []));
    const words = plain("ffmpeg is missing", "The programme goes on by itself as soon as it is back.");
    expect(luma(capture, screen[Math.floor(screen.length / 2)]!).equals(words)).toBe(true);
    expect(server.logged("viewer left").length).toBe(1);
  });

  it("broken at the start: known channels are there, say what is wrong, and go on when it is repaired", async () => {
    expect(existsSync(join(data, "library.json"))).toBe(true);
    renameSync(ffmpeg, away);
    writeFileSync(ffmpeg, "#!/bin/sh\necho no such library >&2\nexit 127\n", { mode: 0o755 });
    await makeFrameNumberClip(join(media, "Numbers"), "3 new.mp4", { ...SHAPE, seconds: 2 });
    await using server = await start();
    expect(server.output).toMatch(/There is no usable ffmpeg: .*no such library/);
    expect(server.output).toMatch(/3 new\.mp4: It is new, and ffmpeg/);
    expect(saysMissing(server).length).toBe(1);
    const ready = await fetch(`${server.base}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: "ready" }]);
    const playlist = await (await fetch(`${server.base}/iptv/channels.m3u`)).text();
    expect(playlist).toContain(",Numbers\n");

    const capture = join(root, "start.ts");
    const watching = tsprobe(server.channel(1), { seconds: 30, save: capture });
    await until("the screen is on air", () => server.logged("error screen on air").length > 0, 20);
    await clock.sleep(7_000);
    expect(await server.encoders()).toEqual([]);
    expect(server.logged("encoder failed; another one takes over")).toEqual([]);
    renameSync(away, ffmpeg);
    await until("the programme is back", () => server.logged("back to the programme").length > 0, 20);

    const report = await watching;
    expectSeamless(report);
    expect(report.closed_early).toBe(false);
    await expectTurns(capture, ["screen", "programme"]);
    const words = plain("ffmpeg does not work", "The programme goes on by itself as soon as it does.");
    expect(luma(capture, 60).equals(words)).toBe(true);
    expect(server.logged("encoder chosen").length).toBe(1);
    expect(await server.stop()).toBe(0);
  });
});
