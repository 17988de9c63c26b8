import { expect, test } from "vitest";
import { ENVIRONMENT_KEYS, readEnvironment, variableOf } from "./environment.ts";
import { CONFIG_SCHEMA } from "./schema.ts";

test("each variable sets its key", () => {
  const env = {
    EXSTREAMTV_HOST: "127.0.0.1",
    EXSTREAMTV_PORT: "9000",
    EXSTREAMTV_FFMPEG: "/opt/ffmpeg",
    EXSTREAMTV_FFPROBE: "/opt/ffprobe",
    EXSTREAMTV_MAX_SESSIONS: "5",
    EXSTREAMTV_THROTTLE_BITRATE: " 8000000 ",
    EXSTREAMTV_THROTTLE_MODE: "burst",
    PATH: "/bin",
    EXSTREAMTV_DATA: "/data",
  };
  expect(readEnvironment(env).map(({ values }) => values)).toEqual([
    { server: { host: "127.0.0.1" } },
    { server: { port: 9000 } },
    { ffmpeg: { path: "/opt/ffmpeg" } },
    { ffmpeg: { ffprobe_path: "/opt/ffprobe" } },
    { session_manager: { max_sessions_per_channel: 5 } },
    { stream_throttler: { target_bitrate_bps: 8_000_000 } },
    { stream_throttler: { mode: "burst" } },
  ]);
});

test("each variable stands for a key that exists", () => {
  const defaults: Record<string, object> = CONFIG_SCHEMA.parse({});
  for (const [section, key] of Object.values(ENVIRONMENT_KEYS)) expect(defaults[section]).toHaveProperty(key);
});

test("an empty variable counts as not given", () => {
  expect(readEnvironment({ EXSTREAMTV_PORT: "", EXSTREAMTV_HOST: "  " })).toEqual([]);
  expect(variableOf({ EXSTREAMTV_DATA: "" }, "EXSTREAMTV_DATA")).toBeUndefined();
});

test.each([
  ["EXSTREAMTV_PORT", "eighty", "environment variable EXSTREAMTV_PORT: server.port: "],
  ["EXSTREAMTV_PORT", "0x50", "environment variable EXSTREAMTV_PORT: server.port: "],
  ["EXSTREAMTV_PORT", "99999", "environment variable EXSTREAMTV_PORT: server.port: "],
  ["EXSTREAMTV_MAX_SESSIONS", "1e9", "EXSTREAMTV_MAX_SESSIONS: session_manager.max_sessions_per_channel: "],
  ["EXSTREAMTV_THROTTLE_MODE", "fast", 'expected realtime, burst, adaptive or disabled, found "fast"'],
])("%s=%s is refused by name", (variable, text, expected) => {
  const [layer] = readEnvironment({ [variable]: text });
  expect(layer?.problems).toEqual([expect.stringContaining(expected)]);
  expect(layer?.values).toEqual({});
});
