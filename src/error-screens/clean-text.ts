/** The most that is taken of a text, in graphemes. */
const MAX_GRAPHEMES = 500;
/** UTF-16 units that are looked at, whatever the text: a grapheme may be long. */
const MAX_UNITS = 8_000;
/** Marks that one letter may carry; more are piled up to deface a picture. */
const PILED_MARKS = /(\p{M}{4})\p{M}+/gu;
/** Unicode's bidi controls (UAX 9): with them a text turns around what stands beside it. */
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Controls, lone surrogates, private use, noncharacters, and format characters but the joiners of scripts and emoji. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}]|(?![\u200c\u200d])\p{Cf}/gu;
const BLANKS = /[\s\p{Z}\u0085]+/gu;

const STRONG = /\p{L}/u;
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}]/u;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Splits a text into what a reader takes for its letters. */
export function graphemesOf(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/**
 * What may be painted of a text that somebody else wrote: one line of printable characters, at most 500 of them,
 * without controls of any kind. Line breaks become blanks.
 */
export function cleanText(text: string): string {
  const printable = text
    .slice(0, MAX_UNITS)
    .replace(BLANKS, " ")
    .replace(BIDI_CONTROLS, "")
    .replace(UNPRINTABLE, "")
    .replace(PILED_MARKS, "$1")
    .replace(/ {2,}/g, " ")
    .trim();
  if (printable.length <= MAX_GRAPHEMES) return printable;
  const letters = graphemesOf(printable);
  if (letters.length <= MAX_GRAPHEMES) return printable;
  return `${letters
    .slice(0, MAX_GRAPHEMES - 1)
    .join("")
    .trimEnd()}…`;
}

/** The direction in which a text is read: that of its first letter (UAX 9, rule P2). */
export function directionOf(text: string): "ltr" | "rtl" {
  const first = STRONG.exec(text)?.[0];
  return first !== undefined && RIGHT_TO_LEFT.test(first) ? "rtl" : "ltr";
}
