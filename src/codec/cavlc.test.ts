import { expect, test } from "vitest";
import { BitWriter } from "./bit-writer.ts";
import { writeBlock } from "./cavlc.ts";

function bitsOf(coefficients: readonly number[], size = 16): string {
  const w = new BitWriter();
  writeBlock(
    w,
    Int16Array.from({ length: size }, (_, index) => coefficients[index] ?? 0),
  );
  const bits = Array.from(w.finish(), (byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.slice(0, bits.lastIndexOf("1"));
}

// Worked by hand with tables 9-5, 9-7 to 9-10; the first four are the examples of I. Richardson, "The H.264
// Advanced Video Compression Standard", 7.4.2.
test.each([
  ["ones", [0, 3, 0, 1, -1, -1, 0, 1], "000010001110010111101101"],
  ["levels", [-2, 4, 3, -3, 0, 0, -1], "000000011010001001000010111001100"],
  ["zeros between", [0, 0, 0, 1, 0, 1, 0, 0, 0, -1], "0001110001110010"],
  ["nothing", [], "1"],
  ["one", [1], "0101"],
  ["a first level that cannot be one", [2], "00010111"],
  ["a prefix of 14", [9], "00010100000000000000100001"],
  ["an escape", [20], `000101${"0".repeat(15)}1${(36 - 30).toString(2).padStart(12, "0")}1`],
])("%s", (_, coefficients, bits) => {
  expect(bitsOf(coefficients)).toBe(bits);
});

test.each([
  ["nothing", [], "01"],
  ["a one", [-1], "111"],
  ["more", [12], `0001110000000000000010110${"1"}`],
])("chroma DC: %s", (_, coefficients, bits) => {
  expect(bitsOf(coefficients, 4)).toBe(bits);
});
