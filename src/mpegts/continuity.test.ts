import { expect, test } from "vitest";
import { ContinuityCounters } from "./continuity.ts";

function packet(counter: number, options: { payload?: boolean; content?: number } = {}): Uint8Array {
  const bytes = new Uint8Array(188).fill(options.content ?? counter);
  bytes[3] = (options.payload === false ? 0x20 : 0x10) | counter;
  return bytes;
}

const lone = { payload: false };

test.each([
  ["counts up and wraps", [packet(14), packet(15), packet(0)], ["ok", "ok", "ok"]],
  ["a lost packet", [packet(1), packet(3)], ["ok", "error"]],
  ["out of order", [packet(1), packet(3), packet(2), packet(4)], ["ok", "error", "error", "error"]],
  ["one duplicate", [packet(1), packet(1), packet(2)], ["ok", "duplicate", "ok"]],
  ["two duplicates", [packet(1), packet(1), packet(1)], ["ok", "duplicate", "error"]],
  ["a repeated counter with other bytes", [packet(1), packet(1, { content: 9 })], ["ok", "error"]],
  ["without payload it stands", [packet(1), packet(1, lone), packet(2)], ["ok", "ok", "ok"]],
  ["without payload it must not rise", [packet(1), packet(2, lone)], ["ok", "error"]],
  [
    "a loss before a packet without payload counts once",
    [packet(1), packet(2, lone), packet(3)],
    ["ok", "error", "ok"],
  ],
])("%s", (_, packets, outcomes) => {
  const counters = new ContinuityCounters();
  expect(packets.map((bytes) => counters.check(bytes, 0, 256, false))).toEqual(outcomes);
});

test("PIDs are counted apart, and discontinuity_indicator excuses any step", () => {
  const counters = new ContinuityCounters();
  expect(counters.check(packet(5), 0, 1, false)).toBe("ok");
  expect(counters.check(packet(9), 0, 2, false)).toBe("ok");
  expect(counters.check(packet(12), 0, 1, true)).toBe("ok");
  expect(counters.check(packet(13), 0, 1, false)).toBe("ok");
  expect(counters.last(2)).toBe(9);
});
