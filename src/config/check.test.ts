import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLayer } from "./check.ts";

const problem = (values: unknown) => checkLayer(values, () => "here").problems.join("\n");

test.each([
  [
    "a key mistyped",
    { server: { prot: 1 } },
    "server.prot: unknown key; did you mean port? known here: host, port",
  ],
  [
    "a section mistyped",
    { sever: {} },
    /^here: sever: unknown key; did you mean server\? known here: server, /,
  ],
  ["a key in a wrong section", { log: { port: 1 } }, /did you mean port in the section server\?/],
  ["a key in no section", { port: 1 }, /did you mean port in the section server\?/],
  [
    "a key with its section before a dot",
    { "server.port": 1 },
    /"server.port": .*port in the section server\?/,
  ],
  ["a word mistyped", { stream_throttler: { mode: "realtme" } }, /found "realtme"; did you mean realtime\?$/],
  ["a number out of bounds", { server: { port: -1 } }, "expected whole number, 0 to 65535, found -1"],
  ["an odd number", { house_format: { width: 641 } }, "expected even whole number, 16 to 7680, found 641"],
  ["a number as text", { server: { port: "80" } }, 'found "80"'],
  ["nothing", { server: { port: null } }, "found nothing"],
  ["a list", { server: { port: [1] } }, "found a list"],
  ["a section for a value", { server: { port: {} } }, "found a section"],
  ["a value for a section", { server: 5 }, "here: server: expected a section of keys, found 5"],
  ["no sections at all", 5, "here: expected sections of keys, found 5"],
  ["a long text", { server: { port: "x".repeat(1e6) } }, `found "${"x".repeat(40)}…"`],
  ["a password in an address", { server: { port: "http://me:secret@host" } }, 'found "http://***@host"'],
])("%s", (_, values, expected) => {
  expect(problem(values)).toMatch(expected);
  expect(problem(values).length).toBeLessThan(400);
});

test("control characters of keys and values do not reach a terminal", () => {
  expect(problem({ "\u001b]0;x\u0007\u009b": 1, server: { port: "\u009b31m" } })).not.toMatch(/[^\P{Cc}\n]/u);
});

test("problems beyond two hundred are counted", () => {
  const values = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, 1]));
  const { problems, furtherProblems } = checkLayer(values, () => "here");
  expect([problems.length, furtherProblems]).toEqual([200, 4800]);
});

test("any value is accepted, or has a problem", () => {
  const section = fc.constantFrom(
    "server",
    "house_format",
    "stream_throttler",
    "log",
    "__proto__",
    "constructor",
  );
  const key = fc.constantFrom("port", "fps", "mode", "level", "host", "__proto__", "toString");
  const held = fc.oneof(fc.anything(), fc.dictionary(key, fc.anything()));
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.dictionary(section, held)), (values) => {
      const layer = checkLayer(values, () => "here");
      expect(layer.problems.every((text) => text.startsWith("here: "))).toBe(true);
    }),
    { numRuns: 500 },
  );
}, 30_000);
