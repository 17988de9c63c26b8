import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { wrap, writeCard } from "./cards.ts";

const folder = mkdtempSync(join(tmpdir(), "exstreamtv-cards-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ["One", ["One"]],
  ["one two three", ["one two", "three"]],
  ["one two three four five six", ["one two", "three four", "five six"]],
  ["one two three four five six seven", ["one two", "three four", "five six…"]],
  ["extraordinarily", ["extraordi…"]],
  ["line\nbreaks\tand  blanks", ["line", "breaks and", "blanks"]],
  ["😀😀😀😀😀😀😀😀😀😀", ["😀😀😀😀😀😀😀😀😀😀"]],
])("breaks %j into %j", (text, lines) => {
  expect(wrap(text, 10, 3)).toEqual(lines);
});

it("never writes a line that is too long, nor too many of them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
      const lines = wrap(text, 12, 3);
      expect(lines.length).toBeLessThanOrEqual(3);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(12);
    }),
  );
});

it("puts every text into a file, and nothing of it into the card", async () => {
  const title = "x',movie=/etc/hostname,%{pts} \\ : ' [a]";
  const card = await writeCard(folder, "title-7", title, "");
  expect(JSON.stringify(card)).not.toContain("movie");
  const texts = card.lines.map(({ textFile }) => readFileSync(join(folder, textFile), "utf8"));
  expect(texts.join(" ")).toBe(title);
  for (const { textFile } of card.lines) expect(textFile).toMatch(/^[a-z0-9.-]+$/);
});
