import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { afterAll, expect, test } from "vitest";
import { parseConfigText } from "../config/document.ts";
import { CONFIG_KEYS } from "../config/keys.ts";
import { loadConfig } from "../config/loader.ts";
import { CONFIG_SCHEMA } from "../config/schema.ts";
import { addConfigVerbs, type ConfigOptions, checkReport, configInForce } from "./config.ts";

const folder = mkdtempSync(path.join(tmpdir(), "exstreamtv-config-verbs-"));
const file = path.join(folder, "tv.yaml");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string, env = {}) {
  writeFileSync(file, text);
  return loadConfig({ file, cwd: folder, env, overrides: { server: { host: "::1" } } });
}

async function run(...args: string[]): Promise<string> {
  let written = "";
  const program = new Command();
  addConfigVerbs(program, {
    run: (verb) => verb(),
    write: (text) => {
      written += text;
    },
    sources: ({ config }: ConfigOptions) => ({ file: config, env: {}, cwd: folder }),
    addOptions: (command) => command.option("-c, --config <file>"),
  });
  await program.parseAsync(["config", ...args], { from: "user" });
  return written;
}

test("check counts what is set where, and warns of an unusual rate", () => {
  const text = "server: {port: 80}\nhouse_format:\n  width: 1920\n  height: 1080\n";
  expect(checkReport(load(text, { EXSTREAMTV_THROTTLE_MODE: "burst" })).split("\n")).toEqual([
    `${file} is valid.`,
    `Of ${CONFIG_KEYS.length} keys are set: 1 by command line, 3 by the file, 1 by environment variable EXSTREAMTV_THROTTLE_MODE; the others have their defaults.`,
    expect.stringMatching(/^Warning: stream_throttler\.target_bitrate_bps: For 1920×1080, 6 to 10 Mbit\/s /),
    "",
  ]);
});

test("check lists every problem of the file that it is given", async () => {
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}: 1`);
  writeFileSync(file, keys.join("\n"));
  for (const args of [
    ["check", file],
    ["check", "-c", file],
  ]) {
    const failure = await run(...args).catch((thrown: Error) => thrown);
    expect((failure as Error).message.split("\n")).toHaveLength(40);
    expect(failure).toMatchObject({ code: "config_invalid" });
  }
  writeFileSync(file, "");
  expect(await run("check", file)).toContain("is valid.\nOf ");
  expect(await run("check")).toContain("There is no");
});

test("print gives YAML that can be read back, and the origin of each value", () => {
  const loaded = load('library:\n  folder: "/media\\u0085\\e[31m: # films"\nlog: {level: warn}\n');
  const text = configInForce(loaded);
  expect(text).toContain(`  level: "warn" # ${file}:3\n`);
  expect(text).toContain('  host: "::1" # command line\n');
  expect(text).toContain("  port: 8411 # default\n");
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  expect(CONFIG_SCHEMA.parse(parseConfigText(text, "printed").values)).toEqual(loaded.config);
});

test("print masks secrets", () => {
  expect(configInForce(load("library: {folder: 'smb://me:secret@nas/tv'}\n"))).toContain(
    'folder: "smb://***@nas/tv"',
  );
});

test("schema is JSON Schema, docs the reference", async () => {
  const schema = JSON.parse(await run("schema"));
  expect(schema.properties.server.properties.port).toMatchObject({ type: "integer", maximum: 65_535 });
  expect(schema.additionalProperties).toBe(false);
  expect(await run("docs")).toMatch(/^# Configuration\n/);
});
