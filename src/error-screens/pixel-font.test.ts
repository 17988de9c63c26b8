import { expect, test } from "vitest";
import { drawable, GLYPH_HEIGHT, GLYPH_WIDTH, glyph } from "./pixel-font.ts";

test("every character that can be drawn has 5×7 pixels of its own", () => {
  const characters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?'\"-_/()+=%&#@* "];
  const pictures = characters.map((each) => glyph(each).map(Number).join(""));
  for (const picture of pictures) expect(picture.length).toBe(GLYPH_WIDTH * GLYPH_HEIGHT);
  expect(new Set(pictures).size).toBe(characters.length);
  expect(glyph("I").map((set) => (set ? "#" : "."))).toEqual([...".###...#....#....#....#....#...###."]);
});

test.each([
  ["ffmpeg was not found", "FFMPEG WAS NOT FOUND"],
  ["Élan à Orléans, naïve Straße", "ELAN A ORLEANS, NAIVE STRASSE"],
  ["“We’ll be back” – soon", '"WE\'LL BE BACK" - SOON'],
  ["a\n\t b\u200f\u0007c", "A B C"],
  ["日本 😀", "?? ?"],
  ["% {x} \\", "% ?X? ?"],
])("%s", (text, drawn) => {
  expect(drawable(text)).toBe(drawn);
});
