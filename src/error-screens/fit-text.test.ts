import fc from "fast-check";
import { expect, it, test } from "vitest";
import { fitText, type Setting, shorten } from "./fit-text.ts";

/** Every letter is as wide as high. */
const measure = (text: string) => [...text].length;
const settings: readonly Setting[] = [
  { size: 4, maxLines: 1 },
  { size: 2, maxLines: 2 },
  { size: 1, maxLines: 3 },
];
/** Room for 5 letters of size 4, 10 of size 2, 20 of size 1. */
const WIDTH = 20;

it.each([
  ["", 4, []],
  ["short", 4, ["short"]],
  ["two words", 2, ["two words"]],
  ["lines are even in length", 1, ["lines are even", "in length"]],
  ["one two three four", 2, ["one two", "three four"]],
  ["unbreakable", 1, ["unbreakable"]],
  ["extraordinarilyextraordinarily", 1, ["extraordinarilyextra", "ordinarily"]],
  ["a b c d e f g h i j k l m n o p q r s t u v w x y z", 1, undefined],
])("sets %j", (text, size, lines) => {
  const fitted = fitText(text, WIDTH, settings, measure);
  expect(fitted.size).toBe(size);
  if (lines) expect(fitted.lines).toEqual(lines);
});

test("what does not fit at all ends with an ellipsis, in the last line", () => {
  const { size, lines } = fitText("word ".repeat(40).trim(), WIDTH, settings, measure);
  expect([size, lines.length]).toEqual([1, 3]);
  expect(lines[2]).toMatch(/^word word word word…$/);
});

test("a last line of one word is not left over", () => {
  const { lines } = fitText("one two three fou five six", 20, [{ size: 1, maxLines: 2 }], measure);
  expect(lines).toEqual(["one two three", "fou five six"]);
});

it.each([
  ["abcdefghij", 10, "abcdefghij"],
  ["abcdefghijk", 10, "abcdefghi…"],
  ["abcdefgh, ijk", 10, "abcdefgh…"],
  ["😀😀😀😀", 3, "😀😀…"],
  ["abc", 0, "…"],
])("shortens %j to %d letters: %j", (text, width, expected) => {
  expect(shorten(text, width, measure)).toBe(expected);
});

test("no line is ever too long, nor are there too many, and nothing is lost but what an ellipsis stands for", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z ]{0,200}$/), fc.integer({ min: 3, max: 60 }), (raw, width) => {
      const text = raw.replace(/ +/g, " ").trim();
      const { size, lines } = fitText(text, width * 4, settings, measure);
      const { maxLines } = settings.find((setting) => setting.size === size)!;
      expect(lines.length).toBeLessThanOrEqual(maxLines);
      for (const line of lines) expect(measure(line) * size).toBeLessThanOrEqual(width * 4);
      const said = lines.join("").replaceAll(" ", "");
      const whole = text.replaceAll(" ", "");
      if (said.endsWith("…")) expect(whole.startsWith(said.slice(0, -1))).toBe(true);
      else expect(said).toBe(whole);
    }),
  );
});
