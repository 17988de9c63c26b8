import { expect, it } from "vitest";
import { bufferLimits } from "../codec/h264-level.ts";
import { h264Buffers } from "./level-limits.ts";

const sps = (profile: number, constraints: number, level: number) =>
  Uint8Array.of(0x67, profile, constraints, level, 0xac);

it("knows the buffers of a level (H.264 tables A-1 and A-2)", () => {
  expect(bufferLimits(sps(100, 0, 30))).toEqual({ maxBps: 15_000_000, maxCpbBits: 15_000_000 });
  expect(bufferLimits(sps(77, 0, 40))).toEqual({ maxBps: 24_000_000, maxCpbBits: 30_000_000 });
  expect(bufferLimits(sps(66, 0, 11))).toEqual({ maxBps: 230_400, maxCpbBits: 600_000 });
  // Level 1b is told from level 1.1 by constraint_set3_flag.
  expect(bufferLimits(sps(66, 0x10, 11))).toEqual({ maxBps: 153_600, maxCpbBits: 420_000 });
  expect(bufferLimits(sps(100, 0, 99))).toBeUndefined();
  expect(bufferLimits(new Uint8Array(2))).toBeUndefined();
});

it("agrees with the analyser, which has a table of its own", () => {
  for (const profile of [66, 77, 100]) {
    for (let level = 9; level <= 52; level++) {
      const ours = bufferLimits(sps(profile, 0, level));
      const judge = h264Buffers(profile, 0, level);
      expect(ours?.maxBps).toBe(judge && judge.transferRate * 8);
      expect(ours?.maxCpbBits).toBe(judge && judge.elementaryBytes * 8);
    }
  }
});
