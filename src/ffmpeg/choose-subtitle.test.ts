import { expect, it } from "vitest";
import { chooseSubtitle, type SubtitleSettings } from "./choose-subtitle.ts";
import type { SubtitleTraits } from "./media-facts.ts";

const german = { language: "ger" };
const english = { language: "eng" };
const forced = { isForced: true };
const deaf = { isHearingImpaired: true };
const byDefault = { isDefault: true };

type Case = [
  what: string,
  burnIn: SubtitleSettings["burnIn"],
  languages: string[],
  audio: string | undefined,
  tracks: SubtitleTraits[],
  chosen: number | undefined,
];

it.each<Case>([
  ["nothing when it is off", "off", ["de"], "ger", [german, { ...german, ...forced }], undefined],
  ["nothing where there is nothing", "preferred", ["de"], "ger", [], undefined],
  ["the preferred language", "preferred", ["de"], "eng", [english, german], 1],
  ["the earlier of two preferences", "preferred", ["de", "en"], "eng", [english, german], 1],
  ["the later where the earlier is not there", "preferred", ["fr", "en"], "eng", [german, english], 1],
  ["nothing without a preference", "preferred", [], "eng", [german, english], undefined],
  ["the full track before the forced one", "preferred", ["de"], "ger", [{ ...german, ...forced }, german], 1],
  ["the default within a language", "preferred", ["de"], "eng", [german, { ...german, ...byDefault }], 1],
  ["no notes for the deaf", "preferred", ["de"], "eng", [{ ...german, ...deaf, ...byDefault }, german], 1],
  ["notes for the deaf rather than nothing", "preferred", ["de"], "eng", [{ ...german, ...deaf }], 0],
  ["no commentary", "preferred", ["de"], "eng", [{ ...german, isCommentary: true }], undefined],
  ["forced ones of the sound's language", "preferred", ["fr"], "ger", [english, { ...german, ...forced }], 1],
  ["the forced track alone", "forced", ["de"], "ger", [german, { ...german, ...forced }], 1],
  ["none that is not forced", "forced", ["de"], "ger", [german], undefined],
  [
    "forced: the sound's language before the preferred one",
    "forced",
    ["en"],
    "deu",
    [
      { ...english, ...forced },
      { ...german, ...forced },
    ],
    1,
  ],
  ["forced: a preferred language", "forced", ["en"], undefined, [{ ...english, ...forced }], 0],
  ["forced: no other language", "forced", ["en"], "eng", [{ ...german, ...forced }], undefined],
  ["one without a language where no other is", "preferred", ["de"], "eng", [english, {}], 1],
  ["a preferred one before one without a language", "preferred", ["de"], "eng", [{}, german], 1],
  ["forced: one without a language", "forced", ["de"], "eng", [{}, forced], 1],
  ["nothing that cannot be shown", "preferred", ["de"], "eng", [{ ...german, kind: undefined }], undefined],
])("%s", (_, burnIn, languages, audio, tracks, chosen) => {
  const usable = tracks.map((traits) => ({ kind: "text" as const, ...traits }));
  const choice = chooseSubtitle(usable, audio === undefined ? undefined : { language: audio }, {
    burnIn,
    languages,
  });
  expect(choice && usable.indexOf(choice as (typeof usable)[number])).toBe(chosen);
});

it("leaves out what this ffmpeg cannot burn in", () => {
  const tracks = [
    { kind: "text" as const, ...german },
    { kind: "bitmap" as const, ...german },
  ];
  const settings = { burnIn: "preferred" as const, languages: ["de"], kinds: ["bitmap" as const] };
  expect(chooseSubtitle(tracks, undefined, settings)).toBe(tracks[1]);
});
