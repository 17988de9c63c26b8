import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import type { SessionRequest } from "../sessions/session.ts";
import { SessionManager } from "../sessions/session-manager.ts";
import { registerProblems } from "./problems.ts";
import { openManagementScope } from "./scope.ts";
import { registerSessionsApi } from "./sessions.ts";

const headers = { host: "localhost:8411" };
const limits = {
  ...{ perChannel: 2000, total: 3000, idleTimeoutMs: 300_000, maxErrors: 3 },
  cleanupIntervalMs: 60_000,
};
const on = (id: number): SessionRequest => ({
  channel: { id, number: id + 100, name: `Channel ${id}` },
  protocol: "ts",
  client: { ip: "192.168.1.5", userAgent: "VLC/3.0.18 LibVLC/3.0.18" },
});

let app: FastifyInstance;
let clock: ManualClock;
let sessions: SessionManager;

beforeEach(() => {
  clock = new ManualClock(Date.UTC(2026, 0, 1));
  sessions = new SessionManager({ clock, limits });
  app = fastify();
  registerProblems(app, silentLog);
  openManagementScope(app, "0.0.0.0", (scope) => registerSessionsApi(scope, { sessions }));
});

afterEach(() => app.close());

test("with nobody there, the guide's fields are zero", async () => {
  const answer = await app.inject({ url: "/api/ai/sessions", headers });
  expect(answer.json()).toEqual({
    ...{ total_sessions: 0, sessions_by_channel: {}, average_duration_seconds: 0, total_bytes_sent: 0 },
    sessions: [],
  });
});

test("totals are of the live, all or of one channel, by channel id", async () => {
  const [a] = [sessions.reserve(on(1)), sessions.reserve(on(1)), sessions.reserve(on(2))];
  sessions.reserve({ protocol: "vod", mediaId: 7, client: { ip: "::1", userAgent: "" } });
  a.sent(1_000_000);
  await clock.advance(10_000);
  a.sent(500_000);
  const all = await app.inject({ url: "/api/ai/sessions", headers });
  expect(all.json()).toMatchObject({
    ...{ total_sessions: 4, sessions_by_channel: { "1": 2, "2": 1 } },
    ...{ average_duration_seconds: 10, total_bytes_sent: 1_500_000 },
  });
  const one = (await app.inject({ url: "/api/ai/sessions?channel_id=2", headers })).json();
  expect(one).toMatchObject({ total_sessions: 1, sessions_by_channel: { "2": 1 }, total_bytes_sent: 0 });
  expect(one.sessions.length).toBe(1);
});

test("a session has every field", async () => {
  const session = sessions.reserve(on(1));
  session.sent(1_000_000);
  session.jumped(500_000);
  await clock.advance(4_000);
  session.sent(1_000_000);
  session.failed("reader_fault", "a fault");
  session.throttle = () => ({
    ...{ mode: "adaptive", factor: 1.5 },
    decisions: [{ atMs: clock.wallNow(), reason: "clear", factor: 1.5 }],
  });
  const answer = await app.inject({ url: `/api/ai/sessions/${session.id}`, headers });
  expect(answer.json()).toEqual({
    ...{ session_id: session.id, channel_id: 1, channel_number: 101, media_id: null },
    ...{ client_id: session.clientId, client_ip: "192.168.1.5", user_agent: "VLC/3.0.18 LibVLC/3.0.18" },
    ...{ player: "VLC", protocol: "ts", state: "error" },
    ...{ created_at: "2026-01-01T00:00:00.000Z", last_activity_at: "2026-01-01T00:00:04.000Z" },
    ...{ duration_seconds: 4, bytes_sent: 2_000_000, jumps: 1, error_count: 1 },
    ...{ current_bitrate_bps: 4_000_000, mean_bitrate_bps: 4_000_000 },
    errors: [{ at: "2026-01-01T00:00:04.000Z", class: "reader_fault", message: "a fault" }],
    throttle: {
      ...{ mode: "adaptive", factor: 1.5 },
      decisions: [{ at: "2026-01-01T00:00:04.000Z", reason: "clear", factor: 1.5, behind_seconds: null }],
    },
    ...{ ended_at: null, end_reason: null },
  });
});

test("DELETE ends one, which stays readable; again it is as it was", async () => {
  const session = sessions.reserve(on(1));
  const url = `/api/ai/sessions/${session.id}`;
  const ended = await app.inject({ method: "DELETE", url, headers });
  expect([ended.statusCode, ended.json()]).toMatchObject([
    200,
    { state: "disconnected", end_reason: "ended_by_operator", ended_at: "2026-01-01T00:00:00.000Z" },
  ]);
  expect((await app.inject({ url: "/api/ai/sessions", headers })).json().total_sessions).toBe(0);
  expect((await app.inject({ url, headers })).json()).toEqual(ended.json());
  expect((await app.inject({ method: "DELETE", url, headers })).json()).toEqual(ended.json());
});

test("a page of another site ends nothing", async () => {
  const session = sessions.reserve(on(1));
  const foreign = { ...headers, origin: "http://evil.example" };
  const answer = await app.inject({
    method: "DELETE",
    url: `/api/ai/sessions/${session.id}`,
    headers: foreign,
  });
  expect([answer.statusCode, answer.json().code]).toEqual([403, "origin_refused"]);
  expect(session.state).toBe("created");
});

test.each(["GET", "DELETE"] as const)("%s of an unknown one says why that can be", async (method) => {
  const answer = await app.inject({ method, url: "/api/ai/sessions/unknown", headers });
  expect([answer.statusCode, answer.json()]).toMatchObject([
    404,
    {
      code: "session_not_found",
      title: "Session not found",
      detail: expect.stringContaining("may have ended"),
    },
  ]);
});

test("long lists come in parts", async () => {
  const all = Array.from({ length: 250 }, () => sessions.reserve(on(1)).id);
  const idsOf = async (query: string) => {
    const answer = await app.inject({ url: `/api/ai/sessions${query}`, headers });
    expect(answer.json().total_sessions).toBe(250);
    return answer.json().sessions.map((session: { session_id: string }) => session.session_id);
  };
  expect(await idsOf("")).toEqual(all.slice(0, 100));
  expect(await idsOf("?limit=120&offset=100")).toEqual(all.slice(100, 220));
  expect(await idsOf("?offset=1000")).toEqual([]);
});
