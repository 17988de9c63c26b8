import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LiveConfig, type ReloadOutcome } from "./live-config.ts";
import { loadConfig } from "./loader.ts";
import { reloadNews } from "./reload-news.ts";
import type { Config } from "./schema.ts";

let folder: string;
let file: string;
let applied: Config[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "exstreamtv-live-"));
  file = path.join(folder, "config.yaml");
  applied = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(text: string | undefined, env = {}): LiveConfig {
  if (text !== undefined) writeFileSync(file, text);
  const sources = { dataFolder: folder, env };
  return new LiveConfig(sources, loadConfig(sources), (config) => void applied.push(config));
}

function news(outcome: ReloadOutcome): string[] {
  return reloadNews(outcome).map(
    ({ level, message, fields }) => `${level} ${message} ${JSON.stringify(fields)}`,
  );
}

test("live keys are applied, the others wait for a restart until they are as they were", () => {
  const live = start("server: {port: 80}\nchannels: {linger_seconds: 5}\n");
  writeFileSync(file, "server: {port: 81}\nchannels: {linger_seconds: 6}\nai_auto_heal: {enabled: false}\n");
  expect(news(live.reload())).toEqual([
    'info setting applied {"key":"channels.linger_seconds","before":5,"after":6}',
    'warn setting needs a restart {"key":"server.port","in_force":80,"configured":81}',
    'info setting has no effect yet {"key":"ai_auto_heal.enabled","before":true,"after":false}',
    'info configuration reloaded {"applied":1,"need_restart":1,"without_effect":1}',
  ]);
  expect(applied).toEqual([live.running]);
  expect(live.running).toMatchObject({ server: { port: 80 }, channels: { linger_seconds: 6 } });
  expect(news(live.reload())).toEqual([
    'warn setting needs a restart {"key":"server.port","in_force":80,"configured":81}',
    "info configuration has not changed {}",
  ]);
  writeFileSync(file, "server: {port: 80}\nchannels: {linger_seconds: 6}\nai_auto_heal: {enabled: false}\n");
  expect(news(live.reload())).toEqual([
    'info configuration reloaded {"applied":0,"need_restart":0,"without_effect":0}',
  ]);
});

test("a bad file changes nothing and says why, and a good one after it is taken", () => {
  const live = start("channels: {linger_seconds: 5}\n");
  writeFileSync(file, "channels:\n  linger_seconds: 6\n  linger: 7\n");
  expect(news(live.reload())).toEqual([
    expect.stringMatching(
      /^error configuration refused, the settings in force stay .*config\.yaml:3: channels\.linger: /,
    ),
  ]);
  expect(applied).toEqual([]);
  expect(live.running.channels.linger_seconds).toBe(5);
  writeFileSync(file, "channels:\n  linger_seconds: 6\n");
  expect(live.reload().kind).toBe("reloaded");
});

test("a file that vanishes is a fault; one that appears is read", () => {
  const live = start(undefined);
  expect(live.reload().kind).toBe("unchanged");
  writeFileSync(file, "log: {level: warn}\n");
  expect(live.reload()).toMatchObject({ kind: "reloaded", applied: [{ before: "info", after: "warn" }] });
  rmSync(file);
  expect(live.reload()).toMatchObject({ kind: "refused", error: { code: "config_unreadable" } });
  expect(live.running.log.level).toBe("warn");
});

test("what the environment sets is not undone by the file", () => {
  const live = start("", { EXSTREAMTV_THROTTLE_BITRATE: "3000000" });
  writeFileSync(file, "stream_throttler: {target_bitrate_bps: 5000000}\n");
  expect(live.reload().kind).toBe("unchanged");
});

test("advice is given with a reload, and a failure to apply is a refusal", () => {
  const live = start("");
  writeFileSync(file, "stream_throttler: {target_bitrate_bps: 9000000}\n");
  expect(news(live.reload())).toContainEqual(expect.stringContaining("warn For 1280×720, 3 to 5 Mbit/s"));
  const sources = { dataFolder: folder, env: {} };
  const broken = new LiveConfig(sources, loadConfig(sources), () => {
    throw new Error("no");
  });
  writeFileSync(file, "log: {level: warn}\n");
  expect(broken.reload()).toMatchObject({ kind: "refused", error: { code: "internal", message: "no" } });
  expect(broken.running.log.level).toBe("info");
});

test("whatever is written into the file, a reload has an outcome and a valid configuration stays in force", () => {
  const live = start("");
  const piece = fc.constantFrom(
    ...[
      "channels:\n",
      "  linger_seconds: ",
      "7\n",
      "log: {level: warn}\n",
      "server: {port: ",
      "}",
      "__proto__:\n",
    ],
    ...[
      "  port: 1\n",
      "&a [",
      "*a, ",
      "]",
      "- ",
      "? ",
      "!!set ",
      "constructor: {}\n",
      "\n",
      "...\n",
      "'",
      '"',
      "\t",
    ],
  );
  const contents = fc.oneof(
    { weight: 30, arbitrary: fc.uint8Array({ maxLength: 80 }) },
    { weight: 60, arbitrary: fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")) },
    fc.constant("x".repeat(10_000_000)),
    fc.constant(`log: {level: ${"x".repeat(60_000)}}`),
    fc.constant(`a: &a [${"*a,".repeat(15_000)}]`),
  );
  fc.assert(
    fc.property(contents, (content) => {
      writeFileSync(file, content);
      const outcome = live.reload();
      expect(reloadNews(outcome).length).toBeGreaterThan(0);
      if (outcome.kind === "refused") expect(outcome.error.code).toMatch(/^config_/);
      expect(live.running.server).toMatchObject({ host: "0.0.0.0", port: 8411 });
      expect(Object.getPrototypeOf(live.running)).toBe(Object.prototype);
    }),
    { numRuns: 300 },
  );
  expect(({} as { port?: unknown }).port).toBeUndefined();
}, 60_000);
