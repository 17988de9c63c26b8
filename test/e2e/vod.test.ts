import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { readPcr } from "../../src/mpegts/pcr-monitor.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { openTs, type TsClient } from "../support/http-ts-client.ts";
import { ffmpegDecode, mpvPlay, tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";

const FPS = 30;
const SECONDS = 14;
const FRAMES = FPS * SECONDS;
/** Longer than what the kernel takes for a client that does not read. */
const LONG_SECONDS = 45;
const BURST_SECONDS = 3;
const IDLE_SECONDS = 10;
const FAILED_OVER = "encoder failed; another one takes over";
const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-vod-"));
const films = join(folder, "media", "Films");
let server: ServerUnderTest;

/** Ids are given in the order of the files. */
const LONG = 1;
const SHORT = 2;

beforeAll(async () => {
  mkdirSync(films, { recursive: true });
  const shape = { fps: rational(FPS), width: 384, height: 216, noisy: true };
  await makeFrameNumberClip(films, "long.mp4", { ...shape, seconds: LONG_SECONDS });
  await makeFrameNumberClip(films, "short.mp4", { ...shape, seconds: SECONDS });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function serve(throttler: object, onDemand: object): void {
  beforeAll(async () => {
    server = await ServerUnderTest.start({
      folder: join(folder, "media"),
      config: {
        ...SMALL_HOUSE,
        stream_throttler: { ...SMALL_HOUSE.stream_throttler, ...throttler },
        session_manager: { idle_timeout_seconds: IDLE_SECONDS },
        on_demand: onDemand,
      },
    });
  });
  afterEach(() => expect.poll(encoders, { timeout: 10_000, interval: 100 }).toEqual([]));
  afterAll(() => server.stop());
}

const address = (id: number, query = "") => `${server.base}/vod/${id}.ts${query}`;

/** Process ids of the encoders of these films: not of one that measures the machine. */
async function encoders(): Promise<number[]> {
  const running = await server.encoders();
  return running.filter((pid) => readCommand(pid).includes(films));
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Processor time that a process has used, in ticks of the kernel. */
function processorTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

interface Session {
  readonly session_id: string;
  readonly bytes_sent: number;
}

const get = async (path: string): Promise<unknown> => (await fetch(server.base + path)).json();

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** Plays to the end, saved under `name`. */
async function play(
  id: number,
  name: string,
  query = "",
  during?: (client: TsClient) => Promise<void>,
): Promise<string> {
  const file = join(folder, `${name}.ts`);
  const client = await openTs(address(id, query));
  client.save(file);
  expect([client.status, client.headers["content-type"]]).toEqual([200, "video/mp2t"]);
  await during?.(client);
  expect(await client.closed).toEqual({ by: "server", complete: true });
  return file;
}

/** What every judge says of a whole, well-ended stream that shows these frames. */
async function expectPerfect(file: string, frames: readonly number[]): Promise<void> {
  expect(await readFrameNumbers(file)).toEqual(frames);
  expectSeamless(await tsprobe(file));
  expect(await ffmpegDecode(file)).toEqual([]);
}

/** Media time at a byte position of a file, in ms: by the last PCR before it. */
function mediaClock(file: string): (bytes: number) => number {
  const stream = readFileSync(file);
  const clocks: { at: number; ms: number }[] = [];
  for (let at = 0; at < stream.length; at += 188) {
    if (stream[at + 3]! & 0x20 && stream[at + 4]! >= 7 && stream[at + 5]! & 0x10)
      clocks.push({ at, ms: readPcr(stream, at + 6) / 27_000 });
  }
  return (bytes) => (clocks.findLast(({ at }) => at < bytes)?.ms ?? clocks[0]!.ms) - clocks[0]!.ms;
}

describe("a file on demand", () => {
  serve({ burst_seconds: BURST_SECONDS }, { max_encoders: 2 });

  it("is played whole: every frame, once, in a perfect stream that ends with the last one", async () => {
    const arrivals: { ms: number; bytes: number }[] = [];
    const file = await play(SHORT, "whole", "", async (client) => {
      await client.received(1);
      const beganMs = clock.now();
      const timer = clock.every(50, () => {
        arrivals.push({ ms: clock.now() - beganMs, bytes: client.bytes });
      });
      await client.closed;
      timer.cancel();
    });
    await expectPerfect(file, numbers(0, FRAMES));
    expect((await mpvPlay(file)).complaints).toEqual([]);
    const mediaMs = mediaClock(file);
    for (const { ms, bytes } of arrivals) {
      // However late a piece comes, it never comes too soon: at twice the pace, then no further ahead.
      expect(mediaMs(bytes)).toBeLessThan(Math.min(2 * ms, ms + BURST_SECONDS * 1000) + 500);
    }
    expect(arrivals.at(-1)!.ms).toBeGreaterThan((SECONDS - BURST_SECONDS - 1) * 1000);
    const ahead = Math.max(...arrivals.map(({ ms, bytes }) => mediaMs(bytes) - ms));
    // Its first group of pictures was there before the answer: that much does not depend on the encoder.
    expect(ahead, "is sent ahead").toBeGreaterThan(300);
  });

  it.each([
    [5, 150],
    [7.35, 221],
    [0.1, 3],
    [SECONDS - 0.5, FRAMES - 15],
    [SECONDS - 0.04, FRAMES - 1],
  ])("begins at second %s with frame %i, exactly", async (start, frame) => {
    const file = await play(SHORT, `from-${start}`, `?start=${start}`);
    expect(await readFrameNumbers(file)).toEqual(numbers(frame, FRAMES));
    expect(await ffmpegDecode(file)).toEqual([]);
  });

  it("survives the death of its encoder: twice killed, and not a frame is missing or repeated", async () => {
    const before = server.logged(FAILED_OVER).length;
    const file = await play(SHORT, "killed", "?start=0.5", async (client) => {
      for (const bytes of [300_000, 1_000_000]) {
        await client.received(bytes);
        const [encoder] = await encoders();
        process.kill(encoder!, "SIGKILL");
      }
    });
    expect(server.logged(FAILED_OVER).length).toBe(before + 2);
    await expectPerfect(file, numbers(15, FRAMES));
  });
});

describe("an on-demand viewer", () => {
  serve({ enabled: false }, { max_encoders: 1 });

  it("that pauses holds its encoder back, and goes on where it was", async () => {
    const file = await play(LONG, "paused", "", async (client) => {
      await client.received(100_000);
      client.pause();
      const [encoder] = await encoders();
      // Until the kernel takes no more, and the encoder cannot write any more.
      let ticks = -1;
      for (let used = 0; used !== ticks; used = processorTicks(encoder!)) {
        ticks = used;
        await clock.sleep(1000);
      }
      await clock.sleep(1500);
      expect(processorTicks(encoder!) - ticks, "an encoder that is held back does nothing").toBeLessThan(5);
      expect(client.bytes).toBeLessThan(2_000_000);
      client.resume();
    });
    await expectPerfect(file, numbers(0, LONG_SECONDS * FPS));
  });

  it("that stays paused is ended, and its encoder with it", async () => {
    const client = await openTs(address(LONG), { pauseReading: true });
    await expect.poll(encoders, { timeout: 5000 }).toHaveLength(1);
    await expect.poll(encoders, { timeout: (IDLE_SECONDS + 40) * 1000, interval: 200 }).toEqual([]);
    client.resume();
    expect((await client.closed).by).not.toBe("client");
    expect(client.bytes).toBeLessThan(9_000_000);
    expect(server.logged("viewer left").at(-1)).toMatchObject({ media: LONG, reason: "idle_timeout" });
  });

  it("that goes takes its encoder with it, also before the first picture", async () => {
    const client = await openTs(address(LONG));
    await client.received(50_000);
    expect(await encoders()).toHaveLength(1);
    await client.close();
    await expect.poll(encoders, { timeout: 5000, interval: 50 }).toEqual([]);
    const controller = new AbortController();
    const asking = fetch(address(LONG), { signal: controller.signal });
    await expect.poll(encoders, { interval: 10 }).toHaveLength(1);
    controller.abort();
    await expect(asking).rejects.toThrow();
  });

  it("is a session that is seen while it lasts, and whose end says why", async () => {
    const client = await openTs(address(LONG), { headers: { "User-Agent": "VLC/3.0.18 LibVLC/3.0.18" } });
    await client.received(200_000);
    const listed = (await get("/api/ai/sessions")) as { total_sessions: number; sessions: Session[] };
    expect(listed).toMatchObject({ total_sessions: 1, sessions_by_channel: {} });
    const [session] = listed.sessions;
    expect(session).toMatchObject({
      ...{ protocol: "vod", media_id: LONG, channel_id: null, player: "VLC", state: "active" },
      throttle: { mode: "disabled" },
    });
    expect(session!.bytes_sent).toBeGreaterThanOrEqual(200_000);
    const path = `/api/ai/sessions/${session!.session_id}`;
    await fetch(server.base + path, { method: "DELETE" });
    expect((await client.closed).by).not.toBe("client");
    expect(await get(path)).toMatchObject({ state: "disconnected", end_reason: "ended_by_operator" });
    await expect.poll(encoders, { timeout: 5000 }).toEqual([]);
    await play(SHORT, "finished", "?start=12");
    // The server's log comes through a pipe.
    await expect
      .poll(() => server.logged("viewer left").filter(({ media }) => media === SHORT))
      .toMatchObject([{ reason: "finished", protocol: "vod" }]);
  });

  it("finds the ids of files", async () => {
    expect(await get("/api/media")).toEqual({
      total: 2,
      media: [
        { id: LONG, title: "long", duration_seconds: LONG_SECONDS, channel_id: 1, channel_number: 1 },
        { id: SHORT, title: "short", duration_seconds: SECONDS, channel_id: 1, channel_number: 1 },
      ],
    });
  });

  it("cannot ask for two files on one connection", async () => {
    const before = server.logged("viewer left").filter(({ reason }) => reason === "finished").length;
    const { hostname, port } = new URL(server.base);
    const socket = connect({ host: hostname, port: Number(port) });
    const ask = (id: number) => `GET /vod/${id}.ts HTTP/1.1\r\nHost: tv\r\n\r\n`;
    socket.write(ask(LONG) + ask(SHORT));
    const closed = new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
    socket.resume();
    await closed;
    // Not because the first one was played to its end.
    expect(server.logged("viewer left").filter(({ reason }) => reason === "finished").length).toBe(before);
  });

  it("that only looks at the head starts nothing", async () => {
    for (const query of ["", "?start=3"]) {
      const client = await openTs(address(SHORT, query), { method: "HEAD" });
      const { "content-type": type, "accept-ranges": ranges } = client.headers;
      expect([client.status, type, ranges]).toEqual([200, "video/mp2t", "none"]);
      expect(await encoders()).toEqual([]);
      await client.close();
    }
  });

  it("is refused when there are enough, with what allows more, and admitted when one has gone", async () => {
    const first = await openTs(address(LONG));
    const refused = await fetch(address(SHORT));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await refused.json()).toMatchObject({
      code: "on_demand_full",
      detail: expect.stringContaining("on_demand.max_encoders (now 1)"),
      ...{ limit: 1, key: "on_demand.max_encoders" },
    });
    await first.close();
    await expect.poll(encoders, { timeout: 5000, interval: 50 }).toEqual([]);
    // As a player does that jumps.
    for (const start of [1, 5, 3]) {
      const next = await openTs(address(SHORT, `?start=${start}`));
      expect(next.status).toBe(200);
      await next.received(20_000);
      await next.close();
    }
  });

  it.each([
    ["?start=14", 400, "start_invalid", "less than 14.000"],
    ["?start=1e9", 400, "start_invalid", "less than 14.000"],
    ["?start=-1", 400, "start_invalid", '"-1"'],
    ["?start=soon", 400, "start_invalid", '"soon"'],
    ["?start=", 400, "start_invalid", '""'],
    ["?start=1&start=2", 400, "start_invalid", '["1","2"]'],
  ])("is told what a start can be: %s", async (query, status, code, words) => {
    for (const method of ["GET", "HEAD"]) {
      const response = await fetch(address(SHORT, query), { method });
      expect(response.status).toBe(status);
      if (method === "HEAD") continue;
      const problem = await response.json();
      expect(problem).toMatchObject({
        code,
        duration_seconds: SECONDS,
        detail: expect.stringContaining(words),
      });
    }
  });

  it.each(["99", "0", "one", "1.5", "-1", "999999999999"])("is told that there is no file %s", async (id) => {
    const response = await fetch(`${server.base}/vod/${id}.ts`);
    expect([response.status, await response.json()]).toMatchObject([404, { code: "media_not_found" }]);
  });

  it("is told why a file cannot be played, instead of getting an empty stream", async () => {
    renameSync(join(films, "short.mp4"), join(folder, "away.mp4"));
    const response = await fetch(address(SHORT));
    renameSync(join(folder, "away.mp4"), join(films, "short.mp4"));
    expect([response.status, await response.json()]).toMatchObject([
      502,
      { code: "encoder_failed", detail: expect.stringContaining("No such file") },
    ]);
  });

  it("is let go when the server stops, which leaves no process", async () => {
    const client = await openTs(address(LONG));
    await client.received(50_000);
    expect(await server.stop()).toBe(0);
    expect((await client.closed).by).not.toBe("client");
    expect(await encoders()).toEqual([]);
    expect(readdirSync(films)).toHaveLength(2);
  });
});
