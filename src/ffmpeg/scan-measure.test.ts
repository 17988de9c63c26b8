import { describe, expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import type { VideoFacts } from "./media-facts.ts";
import { judgeFields, mayBeInterlaced, parseIdet } from "./scan-measure.ts";

const NTSC = rational(30_000, 1001);
const PAL = rational(25);

describe("the verdict on counted fields", () => {
  it.each([
    ["video flagged as such", [60, 0, 0, 0], PAL, "interlaced", "tff"],
    ["video flagged progressive", [0, 58, 2, 0], PAL, "progressive", "bff"],
    ["film flagged interlaced", [1, 0, 59, 0], PAL, "interlaced", "progressive"],
    ["a graphic that only looks combed", [46, 4, 11, 0], NTSC, "progressive", undefined],
    ["3:2 pulldown, top first", [48, 0, 13, 24], NTSC, "progressive", "telecined_tff"],
    ["3:2 pulldown, bottom first", [0, 24, 36, 23], NTSC, "interlaced", "telecined_bff"],
    ["repeated fields at 25 pictures", [30, 0, 30, 24], PAL, "interlaced", "tff"],
    ["fields in no order", [30, 25, 5, 0], PAL, "interlaced", undefined],
    ["a still", [2, 0, 1, 0], PAL, "interlaced", undefined],
  ] as const)("%s", (_, [tff, bff, progressive, repeated], frameRate, fieldOrder, verdict) => {
    expect(judgeFields({ tff, bff, progressive, repeated, pictures: 61 }, { frameRate, fieldOrder })).toBe(
      verdict,
    );
  });
});

it("reads idet's last words", () => {
  const lines = [
    "[Parsed_idet_0 @ 0x55b5da70a3c0] Repeated Fields: Neither:    37 Top:    12 Bottom:    11",
    "[Parsed_idet_0 @ 0x55b5da70a3c0] Single frame detection: TFF:    48 BFF:     1 Progressive:    10 Undetermined:     1",
    "[Parsed_idet_0 @ 0x55b5da70a3c0] Multi frame detection: TFF:    57 BFF:     0 Progressive:     4 Undetermined:     0",
  ];
  expect(parseIdet(lines)).toEqual({ tff: 48, bff: 1, progressive: 10, repeated: 23, pictures: 60 });
  expect(parseIdet(["Conversion failed!"])).toMatchObject({ tff: 0, pictures: 0 });
});

it.each([
  ["a DVD", { codec: "mpeg2video", height: 480 }, true],
  ["a film of 24 pictures", { height: 1080, frameRate: rational(24_000, 1001) }, false],
  ["720p", { height: 720 }, false],
  ["anything that says it is", { height: 90, fieldOrder: "interlaced" }, true],
  ["a codec without fields", { codec: "vp9", height: 1080, fieldOrder: "interlaced" }, false],
  ["50 whole pictures", { height: 1080, frameRate: rational(50) }, false],
] as const)("looks into %s: %o: %s", (_, facts, measured) => {
  const video = { codec: "h264", frameRate: PAL, fieldOrder: "progressive", ...facts } as VideoFacts;
  expect(mayBeInterlaced(video)).toBe(measured);
});
