import { expect, test } from "vitest";
import { CONFIG_KEYS, CONFIG_SECTIONS, keyAt } from "./keys.ts";

test.each([
  ["server.port", "whole number, 0 to 65535"],
  ["server.host", "text, not empty"],
  ["house_format.width", "even whole number, 16 to 7680"],
  ["house_format.fps", "auto, or number, 10 to 120"],
  ["stream_throttler.mode", "realtime, burst, adaptive or disabled"],
  ["database_backup.compress", "true or false"],
])("%s is said to be: %s", (name, type) => {
  expect(CONFIG_KEYS.find((key) => key.name === name)?.type).toBe(type);
});

test("no key is of a kind that has no words", () => {
  expect(CONFIG_KEYS.filter(({ type }) => /^value/.test(type))).toEqual([]);
  expect(CONFIG_KEYS.filter(({ type }) => /\d{16}/.test(type))).toEqual([]);
});

test("each key is found by its path, and nothing by another", () => {
  for (const key of CONFIG_KEYS) expect(keyAt(key.path)).toBe(key);
  for (const path of [[], ["server"], ["server", "toString"], ["__proto__", "constructor"]]) {
    expect(keyAt(path)).toBeUndefined();
  }
  expect(CONFIG_SECTIONS.flatMap(({ keys }) => keys)).toEqual(CONFIG_KEYS);
});
