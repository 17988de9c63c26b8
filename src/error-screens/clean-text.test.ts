import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { cleanText, directionOf, graphemesOf } from "./clean-text.ts";

it.each([
  ["plain", "plain"],
  ["  line\nbreaks\r\n\tand   blanks\u00a0\u2028here ", "line breaks and blanks here"],
  ["NUL\u0000 bell\u0007 escape\u001b[31m delete\u007f C1\u0085\u009f", "NUL bell escape[31m delete C1"],
  ["right\u202eto\u2066left\u2069\u200f\u061c", "righttoleft"],
  ["zero\u200bwidth\ufeff soft\u00adhyphen", "zerowidth softhyphen"],
  ["half \ud83d emoji, \udc00 and \ufffe", "half emoji, and"],
  ["family 👨‍👩‍👧 and می‌خواهم keep their joiners", "family 👨‍👩‍👧 and می‌خواهم keep their joiners"],
  [`z${"\u0300\u0301".repeat(50)}algo`, "z\u0300\u0301\u0300\u0301algo"],
  ["'quotes\" : \\ % %{pts} {braces} [a] <b>", "'quotes\" : \\ % %{pts} {braces} [a] <b>"],
])("makes %j paintable: %j", (text, clean) => {
  expect(cleanText(text)).toBe(clean);
});

test("five hundred letters are the most, whatever they are made of", () => {
  expect(graphemesOf(cleanText("😀".repeat(600)))).toHaveLength(500);
  expect(cleanText("x".repeat(501))).toBe(`${"x".repeat(499)}…`);
  expect(cleanText("x".repeat(500))).toBe("x".repeat(500));
});

test("whatever comes, what is left is short and has no controls", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 700 }), (text) => {
      const clean = cleanText(text);
      expect(graphemesOf(clean).length).toBeLessThanOrEqual(500);
      expect(clean).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
      expect(cleanText(clean)).toBe(clean);
    }),
  );
});

describe("the direction is that of the first letter", () => {
  it.each([
    ["Hello שלום", "ltr"],
    ["שלום Hello", "rtl"],
    ["123 مرحبا", "rtl"],
    ["“…” 42", "ltr"],
    ["", "ltr"],
  ] as const)("%j: %s", (text, direction) => {
    expect(directionOf(text)).toBe(direction);
  });
});
