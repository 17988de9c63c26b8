import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { createLogger } from "../base/log.ts";
import { LiveConfig } from "../config/live-config.ts";
import { loadConfig } from "../config/loader.ts";
import { Reloading } from "./reloading.ts";

const folder = mkdtempSync(path.join(tmpdir(), "exstreamtv-reloading-"));
const file = path.join(folder, "config.yaml");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the level of the log follows, and the change of it is told whichever way it goes", async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ level: "info", pretty: false, destination });
  const messages = () => lines.splice(0).map((line) => (JSON.parse(line) as { msg: string }).msg);
  const clock = new ManualClock();
  const sources = { dataFolder: folder, env: {} };
  const live = new LiveConfig(sources, loadConfig(sources), () => undefined);
  // Written between the loading and the beginning of the watch, as while media are being scanned.
  writeFileSync(file, "log: {level: error}\n");
  let fingerprint = "1";
  const watchFolder = () => ({ close: () => undefined });
  const options = { live, log, clock, file, watchFolder, fingerprint: async () => fingerprint };
  const reloading = new Reloading(options);
  expect(messages()).toEqual(["setting applied", "configuration reloaded"]);
  expect(log.level).toBe("error");

  reloading.now("SIGHUP");
  expect(messages(), "below the level").toEqual([]);
  await clock.advance(0);
  writeFileSync(file, "log: {level: debug}\n");
  fingerprint = "2";
  await clock.advance(6000);
  expect(messages()).toEqual(["setting applied", "configuration reloaded"]);
  expect(log.level).toBe("debug");
  fingerprint = "3";
  await clock.advance(6000);
  expect(messages(), "touched, not changed").toEqual([]);
  reloading.now("SIGHUP");
  expect(messages()).toEqual(["configuration has not changed"]);

  writeFileSync(file, "log: {level: silly}\n");
  reloading.now("SIGHUP");
  expect(messages()).toEqual(["configuration refused, the settings in force stay"]);
  fingerprint = "4";
  await clock.advance(6000);
  expect(messages(), "the same once more").toEqual([]);
  reloading.close();
  expect(clock.pending).toBe(0);
});
