import { tmpdir } from "node:os";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { EventHub } from "../base/event-hub.ts";
import { silentLog } from "../base/log.ts";
import { rational } from "../base/rational.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import { HealthWatch } from "../channels/health-watch.ts";
import { CONFIG_SCHEMA } from "../config/schema.ts";
import { screensFor } from "../error-screens/screens.fixtures.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { houseFormat } from "../media/house-format.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import { SessionManager } from "../sessions/session-manager.ts";
import { registerManagement } from "./management.ts";
import { registerProblems } from "./problems.ts";
import { channelId, FAILURES } from "./schemas.ts";
import { openManagementScope } from "./scope.ts";

const never = () => expect.unreachable();

const format = houseFormat({
  ...{ width: 640, height: 360, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 2_000_000, audioBps: 96_000 },
});
const item = (title: string, seconds: number) => ({
  ...{ mediaId: 1, title, facts: {} as MediaFacts, frames: seconds * 30 },
});
const channel = (id: number, number: number, ...titles: string[]): ChannelDefinition => ({
  ...{ id, number, name: `Channel ${number}`, format, openScreens: () => expect.unreachable() },
  schedule: new LoopSchedule(titles.map((title) => item(title, 60))),
  open: () => expect.unreachable(),
});

const limits = {
  ...{ perChannel: 5, total: 10, idleTimeoutMs: 300_000, maxErrors: 3 },
  cleanupIntervalMs: 60_000,
};
let app: FastifyInstance;
let clock: ManualClock;
let sessions: SessionManager;
let events: EventHub;

beforeEach(() => {
  clock = new ManualClock(Date.UTC(2026, 0, 1, 12, 0, 30));
  events = new EventHub(() => clock.wallNow());
  sessions = new SessionManager({ clock, limits });
  app = fastify();
  registerProblems(app, silentLog);
  const channels = { definitions: [channel(7, 12, "A", "B"), channel(3, 2, "C")], onAir: [] };
  const { health } = CONFIG_SCHEMA.parse({});
  registerManagement(app, {
    health: new HealthWatch({ manager: channels, clock, settings: () => health, onEvent: () => undefined }),
    host: "0.0.0.0",
    clock,
    sessions,
    events,
    screens: screensFor(tmpdir(), clock),
    screenControl: { of: never, change: never, setImage: never, show: never, end: never },
    swaps: { swap: never },
    channels,
    throttle: { of: () => expect.unreachable(), change: () => expect.unreachable() },
  });
});

afterEach(() => app.close());

const headers = { host: "localhost:8411" };

test("lists channels by number, with what is on", async () => {
  const answer = await app.inject({ url: "/api/channels", headers });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers["cache-control"]).toBe("no-store");
  const now = { start: "2026-01-01T12:00:00.000Z", end: "2026-01-01T12:01:00.000Z" };
  expect(answer.json()).toEqual({
    channels: [
      {
        ...{ id: 3, number: 2, name: "Channel 2", on_air: false, status: "healthy" },
        ...{ now: { title: "C", ...now }, next: { title: "C" } },
      },
      {
        ...{ id: 7, number: 12, name: "Channel 12", on_air: false, status: "healthy" },
        ...{ now: { title: "A", ...now }, next: { title: "B" } },
      },
    ],
  });
});

test("a channel that nobody watches is well, and says that it is off", async () => {
  const answer = await app.inject({ url: "/api/ai/channels/7/health", headers });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({
    ...{ channel_id: 7, status: "healthy", on_air: false, current_fps: 0, expected_fps: 30 },
    ...{ current_speed: 1, current_bitrate_kbps: 0, dropped_frames: 0, sessions_active: 0 },
    ...{ lead_seconds: 0, latency_seconds: null, source: null, screen: null, item: { title: "A" } },
    ...{ restarts: 0, errors_recent: {}, incidents_open: 0, self_measurement: null },
    reasons: [{ code: "off", status: "healthy" }],
  });
  const all = await app.inject({ url: "/api/ai/channels/health", headers });
  expect(all.json().channels.map(({ channel_id }: { channel_id: number }) => channel_id)).toEqual([3, 7]);
  const unknown = await app.inject({ url: "/api/ai/channels/9/health", headers });
  expect([unknown.statusCode, unknown.json().code]).toEqual([404, "channel_not_found"]);
});

test("answers nobody else, with problem details", async () => {
  const answer = await app.inject({ url: "/api/channels", headers, remoteAddress: "192.168.1.5" });
  expect(answer.statusCode).toBe(403);
  expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
  expect(answer.json()).toMatchObject({
    ...{ type: "/docs/errors#management_local_only", status: 403, code: "management_local_only" },
    title: "Management answers this machine only",
    detail: expect.stringContaining("192.168.1.5"),
  });
  const rebound = await app.inject({ url: "/api/channels", headers: { host: "evil.example" } });
  expect(rebound.json()).toMatchObject({ status: 403, code: "host_refused" });
});

test("says of a request that is not valid what is wrong and where", async () => {
  app = fastify();
  registerProblems(app, silentLog);
  openManagementScope(app, "0.0.0.0", (scope) => {
    const querystring = z.object({ channel_id: channelId() });
    scope.get("/query", { schema: { querystring, response: FAILURES } }, async () => {
      throw new AppError("channel_not_found", "never");
    });
    const body = z.strictObject({ mode: z.enum(["a", "b"]), nested: z.object({ rate: z.number() }) });
    scope.put("/body", { schema: { body, response: FAILURES } }, async () => {
      throw new AppError("channel_not_found", "never");
    });
    const answered = z.object({ answer: z.number() });
    scope.get("/broken", { schema: { response: { 200: answered, ...FAILURES } } }, async () => {
      return { answer: "secret" } as unknown as { answer: number };
    });
  });
  for (const text of ["x", "0", "-1", "1.5", "", "1e99", "NaN"]) {
    const answer = await app.inject({ url: "/api/query", query: { channel_id: text }, headers });
    expect([text, answer.statusCode, answer.json().code]).toEqual([text, 400, "request_invalid"]);
    expect(answer.json().errors[0]).toMatchObject({ in: "query", field: "channel_id" });
    expect(answer.json().detail).toMatch(/^query channel_id: \S/);
  }
  const put = (payload: string) =>
    app.inject({
      ...{ method: "PUT", url: "/api/body", payload },
      headers: { ...headers, "content-type": "application/json" },
    });
  const bad = await put('{"mode": "c", "nested": {"rate": "5"}, "more": 1}');
  expect(
    bad.json().errors.map(({ in: part, field }: { in: string; field: string }) => [part, field]),
  ).toEqual([
    ["body", "mode"],
    ["body", "nested.rate"],
    ["body", ""],
  ]);
  expect((await put("{")).json()).toMatchObject({ status: 400, code: "request_invalid" });
  expect((await put('{"__proto__": {"mode": "a"}}')).json()).toMatchObject({ code: "request_invalid" });
  const broken = await app.inject({ url: "/api/broken", headers });
  expect(broken.json()).toMatchObject({ status: 500, code: "internal" });
  expect(broken.body).not.toContain("secret");
});
