import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { EventHub } from "../base/event-hub.ts";
import { silentLog } from "../base/log.ts";
import { registerEventsApi } from "./events.ts";
import { registerProblems } from "./problems.ts";
import { openManagementScope } from "./scope.ts";

let app: FastifyInstance;
let clock: ManualClock;
let events: EventHub;
let sockets: Socket[];

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 0, 1));
  events = new EventHub(() => clock.wallNow(), 100);
  sockets = [];
  app = await serverOf(events);
});

afterEach(async () => {
  await app.close();
  for (const socket of sockets) socket.destroy();
});

async function serverOf(hub: EventHub): Promise<FastifyInstance> {
  const server = fastify({ forceCloseConnections: true });
  registerProblems(server, silentLog);
  openManagementScope(server, "0.0.0.0", (scope) => registerEventsApi(scope, { events: hub, clock }));
  await server.listen({ host: "127.0.0.1", port: 0 });
  return server;
}

/** A reader: what it has been sent so far, without the head and the framing of chunks. */
class Reader {
  readonly socket: Socket;
  text = "";
  ended = false;

  constructor(server: FastifyInstance, query = "", headers: Record<string, string> = {}) {
    const { port } = server.server.address() as AddressInfo;
    this.socket = connect(port, "127.0.0.1");
    sockets.push(this.socket);
    const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    this.socket.write(`GET /api/events${query} HTTP/1.1\r\n${lines.join("")}\r\n`);
    this.socket.setEncoding("utf8").on("data", (text) => {
      this.text += text;
    });
    this.socket
      .on("error", () => undefined)
      .on("close", () => {
        this.ended = true;
      });
  }

  /** Resolves when `part` has come. */
  async until(part: string | RegExp): Promise<void> {
    while (!(typeof part === "string" ? this.text.includes(part) : part.test(this.text))) {
      await once(this.socket, "data");
    }
  }

  get types(): string[] {
    return [...this.text.matchAll(/^event: (.*)$/gm)].map(([, type]) => type!);
  }

  get lastId(): string {
    return [...this.text.matchAll(/^id: (.*)$/gm)].at(-1)![1]!;
  }
}

const publish = (type: string, channelId?: number, data: Record<string, unknown> = {}) =>
  events.publish({ type, channelId, data });

test("tells what happens, as it happens", async () => {
  publish("session.created", 1);
  const reader = new Reader(app);
  await reader.until("retry: 3000");
  expect(reader.text).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream; charset=utf-8\r\n/i);
  publish("channel.on_air", 3, { name: "A\nB" });
  await reader.until("B");
  expect(reader.types).toEqual(["channel.on_air"]);
  expect(reader.text).toContain(
    'data: {"type":"channel.on_air","at":"2026-01-01T00:00:00.000Z","channel_id":3,"name":"A\\nB"}\n\n',
  );
});

test("a reader that comes back is told what it has missed, and no more", async () => {
  const first = new Reader(app);
  await first.until("retry");
  for (const type of ["a.one", "a.two"]) publish(type);
  await first.until("a.two");
  first.socket.destroy();
  for (const type of ["a.three", "a.four"]) publish(type);
  const again = new Reader(app, "", { "last-event-id": first.lastId });
  await again.until("a.four");
  expect(again.types).toEqual(["a.three", "a.four"]);
  const byQuery = new Reader(app, `?last_event_id=${first.lastId}`);
  await byQuery.until("a.four");
  expect(byQuery.types).toEqual(["a.three", "a.four"]);
});

test("what is missed for good is told", async () => {
  const first = new Reader(app);
  await first.until("retry");
  publish("a.first");
  await first.until("a.first");
  for (let n = 0; n < 150; n++) publish("a.more");
  publish("a.last");
  const again = new Reader(app, "", { "last-event-id": first.lastId });
  await again.until("a.last");
  expect(again.types.slice(0, 2)).toEqual(["feed.gap", "a.more"]);
  expect(again.types.length).toBe(101);
});

test.each(["earlier-5", "nonsense", ""])("the id %j of another run brings all that is kept", async (id) => {
  publish("a.one");
  publish("a.two");
  const reader = new Reader(app, "", { "last-event-id": id });
  await reader.until("a.two");
  expect(reader.types).toEqual(["feed.gap", "a.one", "a.two"]);
});

test("filters by family, by type and by channel", async () => {
  const some = new Reader(app, "?type=session,channel.on_air&channel_id=2");
  await some.until("retry");
  publish("session.idle", 2);
  publish("session.idle", 1);
  publish("sessions.other", 2);
  publish("channel.off_air", 2);
  publish("channel.on_air");
  publish("channel.on_air", 2);
  await some.until("channel.on_air");
  expect(some.types).toEqual(["session.idle", "channel.on_air"]);
});

test("a filter that is not valid is refused with where and why", async () => {
  const reader = new Reader(app, "?type=Session!&channel_id=0", { connection: "close" });
  await once(reader.socket, "close");
  expect(reader.text).toMatch(/^HTTP\/1\.1 400/);
  expect(reader.text).toMatch(/query type: expected names such as/);
});

test("a comment keeps the connection known to be alive", async () => {
  const reader = new Reader(app);
  await reader.until("retry");
  await clock.advance(15_000);
  await reader.until(": heartbeat");
});

test("a reader that does not read is dropped and told; the others are not touched", async () => {
  const [slow, quick] = [new Reader(app), new Reader(app)];
  await Promise.all([slow.until("retry"), quick.until("retry")]);
  slow.socket.pause();
  const filling = "x".repeat(200_000);
  // More than the kernel takes and may wait together.
  for (let count = 0; count < 150; count++) {
    publish("a.large", undefined, { filling, count });
    await quick.until(`"count":${count}}`);
    quick.text = "";
  }
  slow.socket.resume();
  await slow.until("event: feed.dropped");
  if (!slow.ended) await once(slow.socket, "close");
  expect(slow.types.length).toBeLessThan(150);
  publish("a.small");
  await quick.until("a.small");
});

test("a dropped reader that never reads on is let go after ten seconds", async () => {
  const slow = new Reader(app);
  await slow.until("retry");
  slow.socket.pause();
  const filling = "x".repeat(2_000_000);
  // What the kernel takes is a few megabytes; each turn lets it take more.
  for (let count = 0; count < 60; count++) {
    publish("a.large", undefined, { filling });
    await new Promise((resolve) => app.server.getConnections(resolve));
  }
  await clock.advance(10_000);
  expect(clock.pending).toBe(0);
});

test("thirty-two read at once, the next one is refused until one leaves", async () => {
  const readers = Array.from({ length: 32 }, () => new Reader(app));
  await Promise.all(readers.map((reader) => reader.until("retry")));
  const refused = new Reader(app, "", { connection: "close" });
  await once(refused.socket, "close");
  expect(refused.text).toMatch(/^HTTP\/1\.1 503/);
  expect(refused.text).toContain("too_many_listeners");
  expect(refused.text).toMatch(/\r\nretry-after: \d/i);
  readers[0]!.socket.destroy();
  for (;;) {
    const next = new Reader(app, "", { connection: "close" });
    await next.until(/retry: 3000|too_many/);
    if (next.text.includes("retry: 3000")) break;
  }
});

test("readers are let go when the server stops, and nothing is left", async () => {
  const reader = new Reader(app);
  await reader.until("retry");
  const closed = once(reader.socket, "close");
  await app.close();
  await closed;
  expect(clock.pending).toBe(0);
});
