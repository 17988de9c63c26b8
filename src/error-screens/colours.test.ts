import { expect, it, test } from "vitest";
import { contrast, luminance, mix, parseColour, readableOn } from "./colours.ts";

it.each([
  ["#1a2b3c", [26, 43, 60]],
  ["#fff", [255, 255, 255]],
  ["0xFF8000", [255, 128, 0]],
  [" ff8000 ", [255, 128, 0]],
  ["Navy", [0, 0, 128]],
  ["#12345", undefined],
  ["#gggggg", undefined],
  ["", undefined],
  ["red;drop", undefined],
  ["constructor", undefined],
])("reads %j as %j", (text, colour) => {
  expect(parseColour(text)).toEqual(colour);
});

test("luminance and contrast are those of WCAG", () => {
  expect(luminance([255, 255, 255])).toBeCloseTo(1);
  expect(contrast([255, 255, 255], [0, 0, 0])).toBeCloseTo(21);
  expect(contrast([119, 119, 119], [255, 255, 255])).toBeCloseTo(4.48, 2);
});

it.each([
  [
    [245, 165, 36],
    [8, 10, 14],
  ],
  [
    [22, 33, 58],
    [255, 255, 255],
  ],
  [
    [255, 255, 255],
    [8, 10, 14],
  ],
] as const)("on %j one reads %j", (ground, text) => {
  expect(readableOn(ground)).toEqual(text);
  expect(contrast(ground, readableOn(ground))).toBeGreaterThan(4.5);
});

test("a mixture lies between", () => {
  expect(mix([0, 100, 200], [100, 100, 0], 0.25)).toEqual([25, 100, 150]);
});
