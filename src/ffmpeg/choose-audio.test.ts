import { describe, expect, it } from "vitest";
import { canonicalLanguage, chooseAudio } from "./choose-audio.ts";
import type { AudioFacts } from "./media-facts.ts";

const german = { language: "ger" };
const english = { language: "eng" };
const french = { language: "fr" };
const commentary = { isCommentary: true };
const description = { isDescription: true };
const byDefault = { isDefault: true };

describe("the sound of a file", () => {
  it.each<[string, Partial<AudioFacts>[], string[], number | undefined]>([
    ["none", [], ["de"], undefined],
    ["the default", [german, { ...english, ...byDefault }], [], 1],
    ["the first without a default", [german, english], [], 0],
    ["a preferred language before the default", [{ ...english, ...byDefault }, german], ["de"], 1],
    ["the earlier of two preferences", [english, french, german], ["de", "fr"], 2],
    ["the later where the earlier is not there", [english, french], ["de", "fr"], 1],
    ["the default where no preference is there", [english, { ...french, ...byDefault }], ["ja"], 1],
    ["the default within a language", [german, { ...german, ...byDefault }], ["deu"], 1],
    ["no commentary", [{ ...byDefault, ...commentary }, english], [], 1],
    ["no commentary in the preferred language", [{ ...german, ...commentary }, english], ["de"], 1],
    ["no description for the blind", [{ ...german, ...description }, german], ["de"], 1],
    ["a commentary when there is nothing else", [{ ...english, ...commentary }], ["de"], 0],
    ["one that does not say its language", [{}], ["de"], 0],
  ])("%s", (_, streams, preferred, chosen) => {
    const facts = streams.map((more, index) => ({
      index,
      codec: "aac",
      sampleRate: 48_000,
      channels: 2,
      ...more,
    }));
    expect(chooseAudio(facts, preferred)?.index).toBe(chosen);
  });
});

it.each([
  ["ger", "de"],
  ["deu", "de"],
  ["DE", "de"],
  ["de-AT", "de"],
  ["pt_BR", "pt"],
  ["fre", "fr"],
  ["gsw", "gsw"],
  ["und", undefined],
  ["", undefined],
  ["x'); drop", undefined],
  [undefined, undefined],
])("%j is the language %j", (code, language) => {
  expect(canonicalLanguage(code)).toBe(language);
});
