import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { ManualClock } from "./base/clock.ts";
import { EventHub } from "./base/event-hub.ts";
import { silentLog } from "./base/log.ts";
import { ChannelManager } from "./channels/channel-manager.ts";
import { HealthWatch } from "./channels/health-watch.ts";
import { CONFIG_SCHEMA } from "./config/schema.ts";
import { screensFor } from "./error-screens/screens.fixtures.ts";
import { Descriptors } from "./ffmpeg/descriptors.ts";
import { makeApp } from "./http.ts";
import { onDemandSettings } from "./outputs/vod.ts";
import { SessionManager } from "./sessions/session-manager.ts";
import { settingsOf } from "./throttle/settings.fixtures.ts";

const never = () => expect.unreachable();

test.each([
  "/iptv/channels.m3u",
  "/iptv/channel/1.ts",
  "/vod/1.ts",
  "/vod/1.ts?start=5",
  "/api/channels",
  "/api/media",
])("%s is told to wait until the media folder is read, then is not found or empty", async (url) => {
  const clock = new ManualClock();
  const random = () => 0;
  const config = CONFIG_SCHEMA.parse({});
  const limits = { perChannel: 1, total: 1, idleTimeoutMs: 1000, maxErrors: 1, cleanupIntervalMs: 1000 };
  const settings = { leadMs: 8000, ringMs: 12_000, startTicks: 0, clock, random };
  let isReady = false;
  const throttleOf = () => settingsOf("realtime");
  const manager = new ChannelManager({ settings, throttleOf, lingerMs: 0, onEvent: () => {} });
  const app = makeApp({
    ...{ config, clock, random, log: silentLog, startTicks: 0, manager },
    throttle: { of: () => expect.unreachable(), change: () => expect.unreachable() },
    health: new HealthWatch({ manager, clock, settings: () => config.health, onEvent: () => {} }),
    sessions: new SessionManager({ clock, limits }),
    events: new EventHub(() => clock.wallNow()),
    descriptors: await Descriptors.open(clock),
    screens: screensFor(tmpdir(), clock),
    screenControl: { of: never, change: never, setImage: never, show: never, end: never },
    swaps: { swap: never },
    onDemand: () => onDemandSettings(config),
    onDemandStart: () => {},
    isReady: () => isReady,
  });
  for (const method of ["GET", "HEAD"] as const) {
    const answer = await app.inject({ method, url, headers: { host: "localhost" } });
    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([503, "5"]);
    if (method === "GET") expect(answer.json().code).toBe("not_ready");
  }
  isReady = true;
  const answer = await app.inject({ url, headers: { host: "localhost" } });
  expect([200, 404]).toContain(answer.statusCode);
  await app.close();
});
