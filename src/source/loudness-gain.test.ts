import { expect, it } from "vitest";
import { parseSummary } from "../ffmpeg/loudness.ts";
import { gainFor } from "./loudness-gain.ts";

it.each([
  ["a loud file", -9, 0.5, -23, { decibels: -14, limited: false }],
  ["a quiet file", -40, -30, -23, { decibels: 17, limited: false }],
  ["a quiet file with peaks", -30, -4, -16, { decibels: 14, limited: true }],
  ["a very quiet file", -55, -40, -16, { decibels: 24, limited: false }],
  ["noise", -65, -60, -23, undefined],
  ["what could not be measured", undefined, undefined, -23, undefined],
] as const)("%s", (_, integratedLufs, truePeakDb, target, gain) => {
  expect(gainFor({ stream: 1, integratedLufs, truePeakDb }, target)).toEqual(gain);
});

it("reads the summary of ebur128", () => {
  const lines = [
    "[Parsed_ebur128_2 @ 0x5] Summary:",
    "",
    "  Integrated loudness:",
    "    I:         -21.1 LUFS",
    "    Threshold: -31.1 LUFS",
    "  Loudness range:",
    "    LRA:         0.0 LU",
    "  True peak:",
    "    Peak:      -18.1 dBFS",
  ];
  expect(parseSummary(lines)).toEqual({ integratedLufs: -21.1, truePeakDb: -18.1 });
  expect(parseSummary([...lines.slice(0, -1), "    Peak:       -inf dBFS"])).toEqual({});
  expect(parseSummary([])).toEqual({});
});
