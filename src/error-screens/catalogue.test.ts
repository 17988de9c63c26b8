import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, test } from "vitest";
import { SCREEN_REASONS } from "../media/screen-modes.ts";
import { ENGLISH, fillIn, loadCatalogue } from "./catalogue.ts";

const folder = mkdtempSync(join(tmpdir(), "exstreamtv-catalogue-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: string): string {
  const path = join(folder, "words.json");
  writeFileSync(path, content);
  return path;
}

test("English has words for every reason", () => {
  expect(Object.keys(ENGLISH.reasons).sort()).toEqual([...SCREEN_REASONS].sort());
  for (const { title, subtitle } of Object.values(ENGLISH.reasons))
    expect([title, subtitle]).not.toContain("");
});

test("a translation is laid over English", () => {
  const words = loadCatalogue(
    file(
      '{"language": "de", "back_at": "Weiter um {time}", "reasons": {"off_air": {"title": "Sendepause"}}}',
    ),
  );
  expect(words.language).toBe("de");
  expect(words.back_at).toBe("Weiter um {time}");
  expect(words.reasons.off_air).toEqual({ ...ENGLISH.reasons.off_air, title: "Sendepause" });
  expect(words.reasons.loading).toEqual(ENGLISH.reasons.loading);
});

it.each([
  ["", /JSON/],
  ['{"back_at": 5}', /back_at: /],
  ['{"reasons": {"boredom": {"title": "x"}}}', /boredom/],
  ['{"language": "no such language"}', /language: expected a language/],
  [`{"any_moment": "${"x".repeat(501)}"}`, /any_moment: /],
  [`"${"x".repeat(70_000)}"`, /larger than/],
])("refuses %.40j", (content, fault) => {
  const path = file(content);
  expect(() => loadCatalogue(path)).toThrow(fault);
});

test("a file that is not there is named", () => {
  expect(() => loadCatalogue("/no/such/words.json")).toThrow(
    /error_screens\.catalogue: \/no\/such\/words\.json/,
  );
});

test("values are filled in, and nothing else is touched", () => {
  expect(fillIn("{hours} h {minutes} min, {__proto__} {other} {", { hours: 1, minutes: "{hours}" })).toBe(
    "1 h {hours} min, {__proto__} {other} {",
  );
});
