import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { redactText, redactValue } from "../base/redact.ts";
import { FOLLOW_PARAMETER, FollowedSessions } from "./followed-sessions.ts";
import type { SessionRequest } from "./session.ts";
import { SessionManager } from "./session-manager.ts";

const request: SessionRequest = {
  channel: { id: 1, number: 1, name: "One" },
  protocol: "hls",
  client: { ip: "192.168.1.5", userAgent: "hls.js" },
};
const limits = {
  ...{ perChannel: 2, total: 10, idleTimeoutMs: 300_000, maxErrors: 10 },
  cleanupIntervalMs: 60_000,
};

let clock: ManualClock;
let manager: SessionManager;
let followed: FollowedSessions;

beforeEach(() => {
  clock = new ManualClock();
  manager = new SessionManager({ clock, limits });
  followed = new FollowedSessions(manager);
});

test("two players behind one address are two sessions, each by its own secret", () => {
  const one = followed.begin(request);
  const two = followed.begin(request);
  expect(one.secret).not.toBe(two.secret);
  expect(followed.find(one.secret)).toBe(one.session);
  expect(followed.find(two.secret)).toBe(two.session);
  expect(manager.count).toBe(2);
  expect(() => followed.begin(request)).toThrow("Max sessions reached");
});

test.each([undefined, "", "x".repeat(32), "x".repeat(10_000), ["a"], {}, 5])("%j is nobody's", (secret) => {
  followed.begin(request);
  expect(followed.find(secret)).toBeUndefined();
});

test("a session's id does not follow it: those who may list sessions cannot become one", () => {
  const { session, secret } = followed.begin(request);
  expect(secret).not.toContain(session.id);
  expect(followed.find(session.id)).toBeUndefined();
});

test("requests keep it, silence makes it idle, the sweep ends it, and its secret with it", async () => {
  const { session, secret } = followed.begin(request);
  for (let segment = 0; segment < 60; segment++) {
    followed.find(secret)!.sent(500_000);
    await clock.advance(6_000);
  }
  expect([session.state, session.bytesSent]).toEqual(["active", 30_000_000]);
  await clock.advance(90_000);
  expect(session.state).toBe("idle");
  followed.find(secret)!.sent(500_000);
  expect(session.state).toBe("active");
  await clock.advance(360_000);
  expect([session.state, session.endReason]).toEqual(["disconnected", "idle_timeout"]);
  expect(followed.find(secret)).toBeUndefined();
  expect([manager.count, clock.pending]).toEqual([0, 0]);
});

test("a master playlist that nobody follows holds its slot for a minute or two", async () => {
  const { session, secret } = followed.begin(request);
  await clock.advance(120_000);
  expect(session.endReason).toBe("idle_timeout");
  expect(followed.find(secret)).toBeUndefined();
});

test("the secret is masked in what is logged", () => {
  const { secret } = followed.begin(request);
  const uri = `/iptv/channel/1/segment-5.ts?${FOLLOW_PARAMETER}=${secret}&n=1`;
  expect(redactText(`GET ${uri} from 10.0.0.1`)).not.toContain(secret);
  expect(JSON.stringify(redactValue({ url: uri, [FOLLOW_PARAMETER]: secret }))).not.toContain(secret);
});
