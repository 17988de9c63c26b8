import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "../base/errors.ts";
import { type ConfigSources, type LoadedConfig, loadConfig } from "./loader.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "exstreamtv-config-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string | Uint8Array): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function load(sources: Partial<ConfigSources> = {}): LoadedConfig {
  return loadConfig({ env: {}, cwd: folder, ...sources });
}

function failure(sources: Partial<ConfigSources>): AppError {
  try {
    load(sources);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(AppError);
    return thrown as AppError;
  }
  throw new Error("accepted");
}

describe("where things are", () => {
  test("with nothing given: ./data, and no file", () => {
    const loaded = load();
    expect(loaded.dataFolder).toBe(path.join(folder, "data"));
    expect(loaded.file).toBeUndefined();
    expect(loaded.config.server.port).toBe(8411);
  });

  test("config.yaml in the data folder is read when no file is named", () => {
    const file = write("tv/config.yaml", "server: {port: 1234}\n");
    const loaded = load({ env: { EXSTREAMTV_DATA: "tv" } });
    expect(loaded).toMatchObject({ file, dataFolder: path.join(folder, "tv") });
    expect(loaded.config.server).toMatchObject({ host: "0.0.0.0", port: 1234 });
  });

  test("the command line's data folder and file win over the environment's", () => {
    write("other/config.yaml", "server: {port: 1}\n");
    const file = write("named.yaml", "server: {port: 2}\n");
    const env = { EXSTREAMTV_DATA: "nowhere", EXSTREAMTV_CONFIG: "missing.yaml" };
    const loaded = load({ env, dataFolder: "other", file: "named.yaml" });
    expect(loaded).toMatchObject({ file, dataFolder: path.join(folder, "other") });
    expect(loaded.config.server.port).toBe(2);
    expect(load({ env: { EXSTREAMTV_CONFIG: file } }).config.server.port).toBe(2);
  });
});

describe("order", () => {
  const text = "server: {host: file, port: 1}\nstream_throttler: {mode: burst}\nlog: {level: debug}\n";

  test("command line, environment, file, default", () => {
    const file = write("order.yaml", text);
    const { config } = load({
      file,
      env: { EXSTREAMTV_HOST: "env", EXSTREAMTV_PORT: "2", EXSTREAMTV_THROTTLE_MODE: "" },
      overrides: { server: { host: undefined, port: 3 } },
    });
    expect(config.server).toMatchObject({ host: "env", port: 3 });
    expect(config.stream_throttler).toMatchObject({ mode: "burst", target_bitrate_bps: 4_000_000 });
    expect(config.log.level).toBe("debug");
  });

  test("a file that sets the default explicitly does not undo a variable", () => {
    const file = write("default.yaml", "server: {port: 8411}\n");
    expect(load({ file, env: { EXSTREAMTV_PORT: "9" } }).config.server.port).toBe(9);
  });
});

test("the guide's complete example is valid", () => {
  const sections = [
    "# Session management\nsession_manager:\n  max_sessions_per_channel: 50\n  idle_timeout_seconds: 300\n  cleanup_interval_seconds: 60\n",
    '# Stream throttling\nstream_throttler:\n  enabled: true\n  target_bitrate_bps: 4000000\n  mode: "realtime"\n',
    "# AI self-healing\nai_auto_heal:\n  enabled: true\n  use_error_screen_fallback: true\n  hot_swap_enabled: true\n  \n",
    "# Database backup\ndatabase_backup:\n  enabled: true\n  interval_hours: 24\n  keep_count: 7\n  compress: true\n",
  ];
  expect(load({ file: write("guide.yaml", sections.join("\n")) }).config).toEqual(load().config);
});

test("a section whose keys are all commented out sets nothing", () => {
  expect(load({ file: write("hollow.yaml", "server:\n  # port: 1\nlog:\n") }).config).toEqual(load().config);
  expect(load({ file: write("empty.yaml", "") }).config).toEqual(load().config);
});

describe("unreadable:", () => {
  test("a named file that is missing", () => {
    const missing = path.join(folder, "absent.yaml");
    for (const sources of [{ file: "absent.yaml" }, { env: { EXSTREAMTV_CONFIG: "absent.yaml" } }]) {
      expect(failure(sources)).toMatchObject({ code: "config_unreadable" });
      expect(failure(sources).message).toContain(`${missing}: ENOENT`);
    }
  });

  test("a folder, a file too large, a value of 10 MB, a pipe, a device, and bytes that are not UTF-8", () => {
    const large = write("large.yaml", `# ${"x".repeat(64 * 1024)}`);
    const value = write("value.yaml", `log: {level: ${"x".repeat(10_000_000)}}\n`);
    const pipe = path.join(folder, "pipe.yaml");
    execFileSync("mkfifo", [pipe]);
    const binary = write("binary.yaml", Uint8Array.of(0x61, 0x3a, 0xff, 0xfe));
    for (const file of [folder, large, value, pipe, "/dev/zero", binary]) {
      const { code, message } = failure({ file });
      expect(code).toBe("config_unreadable");
      expect(message).toContain(file);
    }
  });
});

describe("invalid: names origin, key path and what was expected", () => {
  test("in a file: its line", () => {
    const file = write(
      "wrong.yaml",
      "server:\n  port: 80\n\nstream_throttler:\n  mode: fast\n  moode: burst\n",
    );
    const { code, message } = failure({ file });
    expect(code).toBe("config_invalid");
    expect(message.split("\n")).toEqual([
      `${file}:5: stream_throttler.mode: expected realtime, burst, adaptive or disabled, found "fast"`,
      `${file}:6: stream_throttler.moode: unknown key; did you mean mode? known here: enabled, target_bitrate_bps, mode, burst_seconds, adaptive_min_factor, adaptive_max_factor, adaptive_step, adaptive_backoff, adaptive_window_seconds`,
    ]);
  });

  test("a file that is no mapping", () => {
    const file = write("list.yaml", "# hello\n- server\n");
    expect(failure({ file }).message).toBe(`${file}:2: expected sections of keys, found a list`);
  });

  test("prototype keys", () => {
    const file = write("proto.yaml", "server:\n  port: 1\n__proto__:\n  server: {port: 2}\n");
    expect(failure({ file }).message).toContain(
      `${file}:3: __proto__: unknown key; known here: server, ffmpeg`,
    );
    expect(({} as { server?: unknown }).server).toBeUndefined();
  });

  test("in the environment and on the command line", () => {
    expect(failure({ env: { EXSTREAMTV_PORT: "-1" } }).message).toMatch(
      /^environment variable EXSTREAMTV_PORT: server\.port: /,
    );
    expect(failure({ overrides: { server: { port: 70_000 } } }).message).toMatch(
      /^command line: server\.port: /,
    );
  });

  test("long lists of faults are cut", () => {
    const keys = Array.from({ length: 30 }, (_, index) => `k${index}: 1`);
    const lines = failure({ file: write("many.yaml", keys.join("\n")) }).message.split("\n");
    expect(lines).toHaveLength(11);
    expect(lines[10]).toBe("… and 20 more");
  });
});

test("every origin's problems are named at once, as many as are asked for", () => {
  const keys = Array.from({ length: 250 }, (_, index) => `k${index}: 1`);
  const file = write("many.yaml", keys.join("\n"));
  const sources = { file, cwd: folder, env: { EXSTREAMTV_PORT: "x", EXSTREAMTV_THROTTLE_MODE: "brust" } };
  expect(() => loadConfig(sources, 1000)).toThrow(
    /EXSTREAMTV_PORT[\s\S]*did you mean burst\?[\s\S]*… and 50 more$/,
  );
});

test("says where each value comes from", () => {
  const file = write("origin.yaml", "server:\n  host: 127.0.0.1\n  port: 80\nlog: {level: warn}\n");
  const { originOf } = load({ file, env: { EXSTREAMTV_PORT: "81" }, overrides: { log: { level: "debug" } } });
  expect(originOf(["server", "host"])).toBe(`${file}:2`);
  expect(originOf(["server", "port"])).toBe("environment variable EXSTREAMTV_PORT");
  expect(originOf(["log", "level"])).toBe("command line");
  expect(originOf(["library", "folder"])).toBe("default");
});

test("any bytes are loaded or refused with an AppError", () => {
  const key = fc.constantFrom(
    "server",
    "port",
    "house_format",
    "fps",
    "log",
    "level",
    "__proto__",
    "constructor",
  );
  const line = fc
    .tuple(
      fc.constantFrom("", "  ", "    "),
      key,
      fc.constantFrom(": 1", ":", ": null", ": {}", ": []", ": auto"),
    )
    .map((parts) => parts.join(""));
  const texts = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.array(line, { maxLength: 8 }).map((lines) => new TextEncoder().encode(lines.join("\n"))),
  );
  fc.assert(
    fc.property(texts, (bytes) => {
      try {
        expect(load({ file: write("any.yaml", bytes) }).config.server.host).toBe("0.0.0.0");
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(AppError);
      }
    }),
    { numRuns: 300 },
  );
}, 30_000);
