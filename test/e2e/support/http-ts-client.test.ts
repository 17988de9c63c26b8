import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SystemClock } from "../../../src/base/clock.ts";
import { openTs } from "../../support/http-ts-client.ts";

const PIECE = Buffer.alloc(64 * 1024, "transport stream ");
const clock = new SystemClock();

let folder: string;
let server: Server;
let base: string;
let answer: RequestListener;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "http-ts-"));
  server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

it.each(["1.0", "1.1"] as const)(
  "saves the whole body over HTTP/%s, without its framing",
  async (httpVersion) => {
    answer = (_, response) => {
      response.writeHead(200, { "Content-Type": "video/mp2t" });
      for (let index = 0; index < 10; index++) response.write(PIECE);
      response.end("end");
    };
    const client = await openTs(`${base}/a.ts?b=c`, { httpVersion });
    client.save(join(folder, "saved.ts"));
    expect(client).toMatchObject({ status: 200, bytes: 0, headers: { "content-type": "video/mp2t" } });
    expect(await client.closed).toEqual({ by: "server", complete: true });
    expect(client.bytes).toBe(10 * PIECE.length + 3);
    expect(client.firstByteMs).toBeGreaterThan(0);
    const whole = Buffer.concat([...Array(10).fill(PIECE), Buffer.from("end")]);
    expect((await readFile(join(folder, "saved.ts"))).equals(whole)).toBe(true);
  },
);

it("asks as it is told, and takes HEAD, refusals and sized bodies for what they are", async () => {
  answer = (request, response) => {
    response.writeHead(request.url === "/none" ? 404 : 200, {
      "X-Method": request.method,
      "X-Agent": "a: b",
    });
    response.end(request.headers["user-agent"]);
  };
  const head = await openTs(base, { method: "HEAD" });
  expect(head).toMatchObject({ status: 200, headers: { "x-method": "HEAD", "x-agent": "a: b" } });
  expect(await head.closed).toEqual({ by: "server", complete: true });
  const refused = await openTs(`${base}/none`, { headers: { "User-Agent": "Kodi" } });
  expect(await refused.closed).toEqual({ by: "server", complete: true });
  expect(refused).toMatchObject({ status: 404, bytes: 4 });
});

it("tells a body that was cut off from a finished one", async () => {
  answer = (_, response) => {
    response.write(PIECE);
    response.once("drain", () => response.destroy());
    response.flushHeaders();
    setImmediate(() => response.destroy());
  };
  const client = await openTs(base);
  expect(await client.closed).toMatchObject({ complete: false });
  await expect(client.received(10 * PIECE.length)).rejects.toThrow("the stream ended");
});

it("makes the server wait while it does not read", async () => {
  const total = 1000 * PIECE.length;
  let sent = 0;
  answer = (_, response) => {
    const more = () => {
      while (sent < total) {
        sent += PIECE.length;
        if (!response.write(PIECE)) return;
      }
      response.end();
    };
    response.on("drain", more);
    more();
  };
  /** What the server has sent when it gets rid of nothing any more. */
  const stuckAt = async () => {
    for (;;) {
      const before = sent;
      await clock.sleep(250);
      if (sent === before) return sent;
    }
  };
  const client = await openTs(base, { pauseReading: true });
  expect(await stuckAt()).toBeLessThan(total / 2);
  expect(client.bytes).toBeLessThan(5 * PIECE.length);
  client.resume();
  await client.received(total / 4);
  client.pause();
  const pausedMs = clock.now();
  const { bytes } = client;
  expect(await stuckAt()).toBeLessThan(total);
  expect(client.bytes).toBe(bytes);
  client.resume();
  const pauseMs = clock.now() - pausedMs;
  await client.received(total);
  expect(client.longestSilenceMs).toBeLessThan(pauseMs);
  expect(await client.closed).toEqual({ by: "server", complete: true });
});

it("hangs up when told to", async () => {
  answer = (_, response) => {
    response.write(PIECE);
  };
  const client = await openTs(base);
  await client.received(PIECE.length);
  expect(await client.close()).toEqual({ by: "client", complete: false });
});

it("serves as two hundred viewers without keeping what they are sent", async () => {
  answer = (_, response) => {
    for (let index = 0; index < 8; index++) response.write(PIECE);
  };
  const clients = await Promise.all(Array.from({ length: 200 }, () => openTs(base)));
  await Promise.all(clients.map((client) => client.received(8 * PIECE.length)));
  expect(clients.every(({ bytes }) => bytes === 8 * PIECE.length)).toBe(true);
  await Promise.all(clients.map((client) => client.close()));
});

it("rejects when nobody answers, or somebody answers nothing", async () => {
  const mute = createTcpServer((socket) => socket.resume().end()).listen(0, "127.0.0.1");
  await new Promise((resolve) => mute.once("listening", resolve));
  const { port } = mute.address() as AddressInfo;
  await expect(openTs(`http://127.0.0.1:${port}/`)).rejects.toThrow("before an answer");
  await new Promise((resolve) => mute.close(resolve));
  await expect(openTs(`http://127.0.0.1:${port}/`)).rejects.toThrow("ECONNREFUSED");
});
