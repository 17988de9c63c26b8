import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { readProcess, variableOfProcess } from "../../src/ffmpeg/process-table.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { openTs, type TsClient } from "../support/http-ts-client.ts";
import { Inspector } from "../support/inspector.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { run } from "../support/process.ts";
import { ServerUnderTest, type ServerUnderTestOptions } from "../support/server.ts";

const LAUNCHER = fileURLToPath(new URL("../../bin/exstreamtv.js", import.meta.url));
const FPS = 30;
const CLIP_SECONDS = 60;
const RATE_BPS = 800_000;
const BLOCK_MS = 5000;

const clock = new SystemClock();
let root: string;
let media: string;
let starts = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "exstreamtv-supervised-"));
  media = join(root, "media");
  await mkdir(join(media, "Numbers"), { recursive: true });
  const shape = { seconds: CLIP_SECONDS, fps: rational(FPS), width: 320, height: 180 };
  await makeFrameNumberClip(join(media, "Numbers"), "numbers.mp4", shape);
});

afterAll(() => rm(root, { recursive: true, force: true }));

/** A port that nobody has: a server that is started again must be found where it was. */
async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as { port: number };
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

async function start(options: ServerUnderTestOptions = {}): Promise<ServerUnderTest> {
  const config = {
    server: { host: "127.0.0.1", port: await freePort() },
    house_format: { width: 320, height: 180, audio_bitrate_bps: 64_000 },
    stream_throttler: { target_bitrate_bps: RATE_BPS },
    ...options.config,
  };
  const dataFolder = join(root, `data-${starts++}`);
  return ServerUnderTest.start({ folder: media, dataFolder, ...options, config });
}

/** Processes that carry the mark of a server. */
async function marked(serverPid: number): Promise<number[]> {
  const found: number[] = [];
  for (const pid of readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    const mark = await variableOfProcess(pid, "EXSTREAMTV_OWNER");
    if (mark?.split(":")[1] !== String(serverPid)) continue;
    if ((await readProcess(pid))?.zombie === false) found.push(pid);
  }
  return found;
}

async function tune(server: ServerUnderTest): Promise<TsClient> {
  const viewer = await openTs(server.channel(1));
  await viewer.received(1);
  while ((await server.encoders()).length === 0) await clock.sleep(20);
  return viewer;
}

/** Nothing of an ended server is left behind but, for a moment, what is being ended. */
async function expectNothingLeft(serverPid: number): Promise<void> {
  for (let waited = 0; waited < 200 && (await marked(serverPid)).length > 0; waited++) await clock.sleep(20);
  expect(await marked(serverPid)).toEqual([]);
}

async function until(what: string, isSo: () => boolean, seconds: number): Promise<void> {
  const deadlineMs = clock.now() + seconds * 1000;
  while (!isSo()) {
    if (clock.now() > deadlineMs) throw new Error(`not within ${seconds} s: ${what}`);
    await clock.sleep(20);
  }
}

/**
 * How far the newest picture that a viewer has got lies behind the schedule, in frames. What is sent is decoded up to
 * a second later, and the last group of pictures is not whole.
 */
async function framesBehindSchedule(server: ServerUnderTest): Promise<number> {
  const capture = join(root, "after-a-fall.ts");
  // On a busy machine a screen comes first.
  for (let attempt = 0; attempt < 20; attempt++) {
    const viewer = await openTs(server.channel(1));
    viewer.save(capture);
    await viewer.received((RATE_BPS / 8) * 2);
    const place = (clock.wallNow() / 1000) * FPS;
    await viewer.close();
    const last = (await readFrameNumbers(capture)).findLast((number) => number >= 0);
    const round = CLIP_SECONDS * FPS;
    if (last !== undefined) return ((place - last + round / 2) % round) - round / 2;
  }
  throw new Error("no programme after a fall");
}

describe("a server that falls", () => {
  it("is started again, each time at the right place of its schedule, and says why it had ended", async () => {
    await using server = await start({ nodeFlags: ["--inspect-port=0", "--max-old-space-size=160"] });
    const expression = `(() => { const held = []; for (;;) held.push(new Array(100000).fill(0.5)); })()`;
    const falls: readonly [string, string, () => Promise<void>][] = [
      ["killed", "SIGKILL", async () => void process.kill(server.pid, "SIGKILL")],
      ["crashed", "SIGSEGV", async () => void process.kill(server.pid, "SIGSEGV")],
      [
        "had a fault that nothing caught",
        "status 1",
        async () => {
          using inspector = await Inspector.open(server);
          const fault = `new Error("injected", { cause: new Error("the cause") })`;
          await inspector.run(`setTimeout(() => { throw ${fault}; }, 10)`);
        },
      ],
      [
        "left a promise rejected",
        "status 1",
        async () => {
          using inspector = await Inspector.open(server);
          await inspector.run(`void Promise.reject(new Error("rejected"))`);
        },
      ],
      [
        "ran out of heap",
        "SIGABRT",
        async () => {
          using inspector = await Inspector.open(server);
          await inspector.run(expression);
        },
      ],
    ];
    for (const [index, [, how, fall]] of falls.entries()) {
      const { pid } = server;
      const viewer = await tune(server);
      await fall();
      await viewer.closed;
      await server.restarted(index + 1);
      expect(server.pid).not.toBe(pid);
      const told = server.logged(
        "the server was started again by its supervisor, after its last run had ended unasked",
      );
      expect(told.at(-1)).toMatchObject({ restarts: index + 1, last_end: how });
      await expectNothingLeft(pid);

      expect(Math.abs(await framesBehindSchedule(server)), `place after: ${how}`).toBeLessThan(3 * FPS);
    }

    const fatal = server.logged("a fault of the server that nothing caught: it ends in order");
    expect(fatal.map(({ origin }) => origin)).toEqual(["uncaughtException", "unhandledRejection"]);
    expect(JSON.stringify(fatal[0])).toMatch(/injected.*the cause/);
    // Told before the end, where there was time for it.
    expect(server.logged("viewer left").filter(({ reason }) => reason === "fault")).toHaveLength(2);
    expect(await server.stop()).toBe(0);
    await expectNothingLeft(server.pid);
  });
});

describe("an event loop that stands still for five seconds", () => {
  it("is told of with the reason, and viewers stay: nothing is lost, nothing comes twice, nothing too much", async () => {
    await using server = await start({ nodeFlags: ["--inspect-port=0"] });
    const viewer = await tune(server);
    const watching = tsprobe(server.channel(1), { seconds: 22 });
    const capture = join(root, "held-up.ts");
    viewer.save(capture);
    await clock.sleep(2000);
    const beganMs = clock.now();
    const bytes = viewer.bytes;

    using inspector = await Inspector.open(server);
    const busy = `{ const end = Date.now() + ${BLOCK_MS}; while (Date.now() < end); }`;
    await inspector.run(busy);
    // Where other programs have taken most of its processor meanwhile, that is the reason.
    const told = () => heldUp(server, ["own_code", "starved"]).filter((ms) => ms > BLOCK_MS * 0.9);
    await until("the block is told of", () => told().length > 0, 15);

    process.kill(server.pid, "SIGSTOP");
    await clock.sleep(BLOCK_MS);
    process.kill(server.pid, "SIGCONT");
    await until("the stop is told of", () => heldUp(server, ["stopped"]).length > 0, 15);
    expect(server.logged("the server hangs: it is killed and started again")).toEqual([]);

    // As much as was due, half a group of pictures more or less.
    await clock.sleep(1000);
    const seconds = (clock.now() - beganMs) / 1000;
    const received = ((viewer.bytes - bytes) * 8) / RATE_BPS;
    expect(Math.abs(received - seconds)).toBeLessThan(1.5);
    expectSeamless(await watching);
    const end = await viewer.close();
    expect(end.by).toBe("client");
    const numbers = (await readFrameNumbers(capture)).slice(0, -3);
    const shown = numbers.slice(numbers.findIndex((number) => number >= 0));
    expect(shown.length).toBeGreaterThan(12 * FPS);
    expect(shown).toEqual(shown.map((_, index) => (shown[0]! + index) % (CLIP_SECONDS * FPS)));
  });
});

/** For how long the event loop was held up for one of these reasons, as the log tells, in ms. */
function heldUp({ output }: ServerUnderTest, reasons: readonly string[]): number[] {
  const lines = output.split("\n").filter((line) => line.includes('"msg":"the event loop was held up'));
  const told = lines.map((line) => JSON.parse(line) as { reason: string; blocked_ms: number });
  return told.filter(({ reason }) => reasons.includes(reason)).map(({ blocked_ms }) => blocked_ms);
}

describe.concurrent("a supervisor", () => {
  it("kills a server that hangs, and starts it again", async () => {
    await using server = await start({ config: { process: { hang_seconds: 5 } } });
    const { pid } = server;
    await (await tune(server)).close();
    process.kill(pid, "SIGSTOP");
    await server.restarted();
    expect(server.logged("the server hangs: it is killed and started again")).toHaveLength(1);
    await (await tune(server)).close();
    await expectNothingLeft(pid);
    // One that does not hear is ended all the same.
    process.kill(server.pid, "SIGSTOP");
    await server.stop("SIGTERM");
    expect(server.hasEnded).toBe(true);
  });

  it("ends with one Ctrl+C, which a terminal gives to both", async () => {
    await using server = await start();
    await (await tune(server)).close();
    process.kill(server.pid, "SIGINT");
    expect(await server.stop("SIGINT")).toBe(0);
    expect(server.output.match(/Going off air/g)).toHaveLength(1);
    await expectNothingLeft(server.pid);
  });

  it("that is killed takes the server with it, in order, and the next one starts at once", async () => {
    const dataFolder = join(root, "data-killed");
    const server = await start({ dataFolder });
    const viewer = await tune(server);
    process.kill(server.supervisorPid, "SIGKILL");
    await server.ended();
    expect((await viewer.closed).by).toBe("server");
    expect(server.logged("viewer left")).toMatchObject([{ reason: "shutdown" }]);
    expect(
      server.logged("the supervisor is gone: the server ends, so that it can be started again"),
    ).toHaveLength(1);
    await expectNothingLeft(server.pid);
    await using next = await start({ dataFolder });
    await (await tune(next)).close();
    await server[Symbol.asyncDispose]();
  });

  it("gives up a server that keeps falling, with a word and a status of failure", async () => {
    await using server = await start({ config: { process: { max_restarts: 1 } } });
    process.kill(server.pid, "SIGKILL");
    await server.restarted();
    process.kill(server.pid, "SIGKILL");
    await until("it gives up", () => server.hasEnded, 10);
    expect(await server.stop()).toBe(1);
    expect(server.output).toMatch(/SIGKILL.*after 1 restarts within 600 s: it is not started any more/);
  });

  it("starts nothing again that only a person can mend, and is not there where it is not wanted", async () => {
    const file = join(root, "wrong.yaml");
    await writeFile(file, "server: { prot: 1 }\n");
    const wrong = await run(process.execPath, [LAUNCHER, "--config", file, media], { seconds: 30 });
    expect([wrong.status, wrong.stderr.match(/config_invalid/g)?.length]).toEqual([2, 1]);

    const port = await freePort();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(port, "127.0.0.1", resolve));
    const address = ["--host", "127.0.0.1", "--port", String(port), "--data", join(root, "data-taken")];
    const refused = await run(process.execPath, [LAUNCHER, ...address, media], { seconds: 30 });
    await new Promise((resolve) => taken.close(resolve));
    expect([refused.status, refused.stderr.match(/address_in_use/g)?.length]).toEqual([2, 1]);

    await using alone = await start({ env: { EXSTREAMTV_NO_SUPERVISOR: "1" } });
    expect(alone.pid).toBe(alone.supervisorPid);
    await alone.stop("SIGKILL");
    expect(alone.output).not.toContain("started again");
  });
});
