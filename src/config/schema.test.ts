import { describe, expect, test } from "vitest";
import { z } from "zod";
import { rational } from "../base/rational.ts";
import { houseFormat } from "../media/house-format.ts";
import { CONFIG_SCHEMA } from "./schema.ts";

test("nothing given is a valid configuration: the defaults", () => {
  expect(CONFIG_SCHEMA.parse({})).toEqual({
    health: {
      ...{ fps_degraded_percent: 98, fps_unhealthy_percent: 90, speed_degraded_percent: 98 },
      ...{ lead_degraded_percent: 50, lead_unhealthy_percent: 15 },
      ...{ dropped_degraded_percent: 0, dropped_unhealthy_percent: 5 },
      ...{ failures_minutes: 5, failures_degraded: 3, failures_unhealthy: 10 },
      ...{ faulty_samples_unhealthy: 3, failed_after_seconds: 30, startup_seconds: 15 },
      ...{ worsen_seconds: 3, recover_seconds: 30, incident_close_seconds: 300 },
      ...{ self_measurement: true, self_measurement_seconds: 30 },
    },
    error_screens: {
      ...{ visual_mode: "text", audio_mode: "silent", volume: -20 },
      ...{ background_color: "", text_color: "", accent_color: "" },
      ...{
        image: "",
        logo: "",
        font: "",
        font_size: 104,
        session_limit_seconds: 0,
        catalogue: "",
        reasons: {},
      },
    },
    server: { host: "0.0.0.0", port: 8411, trusted_proxies: [] },
    subtitles: { burn_in: "off", preferred_languages: [] },
    audio: { preferred_languages: [], loudness: "off", loudness_target_lufs: -23 },
    ffmpeg: { path: "", ffprobe_path: "", encoder: "libx264" },
    house_format: { width: 1280, height: 720, fps: 30, gop_seconds: 1, audio_bitrate_bps: 128_000 },
    channels: { lead_seconds: 8, ring_seconds: 12, linger_seconds: 30 },
    library: { folder: "", probe_concurrency: 2 },
    session_manager: {
      max_sessions_per_channel: 50,
      max_sessions_total: 1000,
      max_errors: 10,
      idle_timeout_seconds: 300,
      cleanup_interval_seconds: 60,
    },
    on_demand: { max_encoders: 2 },
    stream_throttler: {
      ...{ enabled: true, target_bitrate_bps: 4_000_000, mode: "realtime", burst_seconds: 5 },
      ...{ adaptive_min_factor: 1, adaptive_max_factor: 2, adaptive_step: 0.1, adaptive_backoff: 0.7 },
      adaptive_window_seconds: 2,
    },
    ai_auto_heal: { enabled: true, use_error_screen_fallback: true, hot_swap_enabled: true },
    database_backup: { enabled: true, interval_hours: 24, keep_count: 7, compress: true },
    process: {
      ...{ loop_delay_warning_ms: 500, memory_warning_percent: 85, hang_seconds: 30 },
      ...{ max_restarts: 10, restart_window_seconds: 600 },
    },
    live_sources: {
      ...{ live_delay_seconds: 6, slot_minutes: 60, return_after_seconds: 60 },
      ...{ freeze_seconds: 0, black_seconds: 0, silence_seconds: 0 },
    },
    log: { level: "info" },
    encoders: {
      ...{ max_concurrent: "auto", starts_per_second: "auto" },
      ...{ memory_reserve_mb: 128, fd_reserve: 128 },
    },
  });
});

describe("refuses", () => {
  test.each([
    ["an unknown section", { throttler: {} }],
    ["an unknown key", { server: { prot: 1 } }],
    ["a prototype key", JSON.parse('{"__proto__": {"server": {}}}')],
    ["a prototype key in a section", JSON.parse('{"server": {"__proto__": {"port": 1}}}')],
    ["an odd width", { house_format: { width: 1281 } }],
    ["a picture too small", { house_format: { height: 14 } }],
    ["a picture too large", { house_format: { width: 7682 } }],
    ["no frames", { house_format: { fps: 0 } }],
    ["an unknown frame rate word", { house_format: { fps: "film" } }],
    ["a long group of pictures", { house_format: { gop_seconds: 2.5 } }],
    ["a proxy by name", { server: { trusted_proxies: ["proxy.lan"] } }],
    ["a network that is none", { server: { trusted_proxies: ["10.0.0.0/33"] } }],
    ["a network of two lengths", { server: { trusted_proxies: ["10.0.0.0/8/8"] } }],
    ["a fraction of a viewer", { session_manager: { max_sessions_per_channel: 1.5 } }],
    ["a port beyond 16 bits", { server: { port: 65_536 } }],
    ["an unknown mode", { stream_throttler: { mode: "fast" } }],
    ["text for a number", { stream_throttler: { target_bitrate_bps: "4000000" } }],
    ["text for yes or no", { ai_auto_heal: { enabled: "yes" } }],
    ["infinity", { channels: { linger_seconds: Number.POSITIVE_INFINITY } }],
  ])("%s", (_, values) => {
    expect(CONFIG_SCHEMA.safeParse(values).success).toBe(false);
  });
});

test.each([10, 23.976, 29.97, 59.94, 120, "auto"])("takes %s as a frame rate", (fps) => {
  expect(CONFIG_SCHEMA.parse({ house_format: { fps } }).house_format.fps).toBe(fps);
});

test("takes addresses and networks as proxies", () => {
  const trusted_proxies = ["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "192.168.1.1/32"];
  expect(CONFIG_SCHEMA.parse({ server: { trusted_proxies } }).server.trusted_proxies).toEqual(
    trusted_proxies,
  );
});

test.each([10, 30, 120])(
  "the smallest rate leaves room for video beside the largest audio at %s fps",
  (fps) => {
    const bounds = {
      stream_throttler: { target_bitrate_bps: 800_000 },
      house_format: { audio_bitrate_bps: 320_000 },
    };
    const { house_format, stream_throttler } = CONFIG_SCHEMA.parse(bounds);
    const { width, height, gop_seconds, audio_bitrate_bps } = house_format;
    const rates = { totalBps: stream_throttler.target_bitrate_bps, audioBps: audio_bitrate_bps };
    const choice = { width, height, fps: rational(fps), gopSeconds: gop_seconds, ...rates };
    expect(houseFormat(choice).videoPeakBps).toBeGreaterThan(50_000);
  },
);

test("each section and key is described, and has a default that its own bounds admit", () => {
  const described = z.toJSONSchema(CONFIG_SCHEMA, { io: "input" });
  for (const [section, schema] of Object.entries(described.properties ?? {})) {
    if (typeof schema === "boolean") throw new Error(`${section} is no section`);
    expect(schema.description, section).toMatch(/\.$/);
    for (const [key, value] of Object.entries(schema.properties ?? {})) {
      if (typeof value === "boolean") throw new Error(`${section}.${key} admits anything`);
      expect(value.description, `${section}.${key}`).toMatch(/\.$/);
      expect(value, `${section}.${key}`).toHaveProperty("default");
      expect(value.applies, `${section}.${key}: applies`).toMatch(/^(live|restart|later)$/);
      expect(value.since, `${section}.${key}: since`).toMatch(/^\d+\.\d+$/);
      expect(CONFIG_SCHEMA.safeParse({ [section]: { [key]: value.default } }).success).toBe(true);
    }
  }
});
