import { expect, it, test } from "vitest";
import { bt709Codes } from "../../test/support/colour-bars.ts";
import { setLuma, toI420 } from "./i420.ts";

function plain(red: number, green: number, blue: number, width = 4, height = 4): Uint8Array {
  return Uint8Array.from({ length: width * height * 4 }, (_, index) => [red, green, blue, 255][index % 4]!);
}

it.each([
  [0, 0, 0],
  [255, 255, 255],
  [191, 191, 0],
  [255, 0, 0],
  [0, 0, 255],
  [18, 52, 86],
])("colour %d %d %d has the codes of BT.709", (red, green, blue) => {
  const planes = toI420(plain(red, green, blue), 4, 4);
  const [y, cb, cr] = bt709Codes([red / 255, green / 255, blue / 255]);
  expect(planes).toHaveLength(24);
  for (const code of planes.subarray(0, 16)) expect(Math.abs(code - y)).toBeLessThanOrEqual(0.5);
  for (const code of planes.subarray(16, 20)) expect(Math.abs(code - cb)).toBeLessThanOrEqual(0.5);
  for (const code of planes.subarray(20, 24)) expect(Math.abs(code - cr)).toBeLessThanOrEqual(0.5);
});

test("chroma is taken where it is sited: at the left one of two pixels", () => {
  // One blue column in black: in full where it is an even one, a quarter where it is beside one.
  const picture = (column: number) => {
    const rgba = plain(0, 0, 0, 8, 2);
    for (const row of [0, 1]) rgba[(row * 8 + column) * 4 + 2] = 255;
    return [...toI420(rgba, 8, 2).subarray(16, 20)].map((code) => code - 128);
  };
  expect(picture(2)).toEqual([0, 56, 0, 0]);
  expect(picture(3)).toEqual([0, 28, 28, 0]);
});

test("an area gets the luma that it is given, and only that", () => {
  const planes = toI420(plain(0, 0, 0, 6, 4), 6, 4);
  setLuma(planes, 6, { left: 1, top: 1, width: 3, height: 2 }, 12);
  const rows = [0, 1, 2, 3].map((row) => [...planes.subarray(row * 6, row * 6 + 6)]);
  const marked = [16, 12, 12, 12, 16, 16];
  expect(rows).toEqual([Array(6).fill(16), marked, marked, Array(6).fill(16)]);
});
