import fc from "fast-check";
import { expect, test } from "vitest";
import { afterReload, diffConfig, shownValue } from "./diff.ts";
import { CONFIG_KEYS, type ConfigKey } from "./keys.ts";
import { CONFIG_SCHEMA, type Config } from "./schema.ts";

const DEFAULTS = CONFIG_SCHEMA.parse({});
const names = (before: Config, after: Config) => diffConfig(before, after).map(({ key }) => key.name);

test("each key that differs is listed with both values, and how it applies", () => {
  const after = CONFIG_SCHEMA.parse({
    server: { port: 1 },
    log: { level: "warn" },
    ai_auto_heal: { enabled: false },
  });
  expect(
    diffConfig(DEFAULTS, after).map(({ key, before, after: to }) => [key.name, before, to, key.applies]),
  ).toEqual([
    ["server.port", 8411, 1, "restart"],
    ["ai_auto_heal.enabled", true, false, "later"],
    ["log.level", "info", "warn", "live"],
  ]);
  expect(diffConfig(DEFAULTS, CONFIG_SCHEMA.parse({}))).toEqual([]);
});

/** Any valid configuration of the keys that reload differently. */
const configs = fc
  .record(
    {
      server: fc.record({ port: fc.integer({ min: 0, max: 65_535 }) }),
      channels: fc.record({ linger_seconds: fc.integer({ min: 0, max: 100 }) }, { requiredKeys: [] }),
      session_manager: fc.record({ max_sessions_per_channel: fc.integer({ min: 1, max: 9 }) }),
      log: fc.record({ level: fc.constantFrom("debug", "info", "silent") }),
    },
    { requiredKeys: [] },
  )
  .map((values) => CONFIG_SCHEMA.parse(values));

test("after a reload only keys that need a restart differ from what was read, and only they are kept", () => {
  fc.assert(
    fc.property(configs, configs, (running, read) => {
      const inForce = afterReload(running, read);
      const restart = CONFIG_KEYS.filter(({ applies }) => applies === "restart").map(({ name }) => name);
      expect(names(inForce, read)).toEqual(names(running, read).filter((name) => restart.includes(name)));
      expect(names(running, inForce)).toEqual(names(running, read).filter((name) => !restart.includes(name)));
      expect(names(running, read)).toEqual(names(read, running));
    }),
  );
});

test("what is shown of a secret is a mask", () => {
  const key = (name: string) => ({ path: ["server", name] }) as unknown as ConfigKey;
  expect(shownValue(key("api_token"), "abc")).toBe("***");
  expect(shownValue(key("api_token"), "")).toBe("");
  expect(shownValue(key("url"), "http://me:pw@host/")).toBe("http://***@host/");
  expect(shownValue(key("port"), 80)).toBe(80);
});
