import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearest, nearestKey } from "./nearest.ts";

test.each([
  [["server", "prot"], "server.port"],
  [["server", "Host"], "server.host"],
  [["stream_throttler", "targetBitrateBps"], "stream_throttler.target_bitrate_bps"],
  [["stream_throttler", "target-bitrate"], "stream_throttler.target_bitrate_bps"],
  [["sever"], "server"],
  [["stream-throttler"], "stream_throttler"],
  [["log", "port"], "server.port"],
  [["gop_second"], "house_format.gop_seconds"],
  [["server.port"], "server.port"],
  [["__proto__"], undefined],
  [["x".repeat(100_000)], undefined],
  [[], undefined],
])("by %j is meant %s", (path, key) => {
  expect(nearestKey(path)).toBe(key);
});

test.each([
  ["", "abc", 3],
  ["mode", "mode", 0],
  ["moed", "mode", 1],
  ["kitten", "sitting", 3],
])("from %s to %s: %d steps", (a, b, steps) => {
  expect(editDistance(a, b)).toBe(steps);
});

test("the distance is symmetric, and zero for equal texts alone", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
  );
});

test("nothing is near where nothing is", () => {
  expect(nearest("x", [])).toBeUndefined();
});
