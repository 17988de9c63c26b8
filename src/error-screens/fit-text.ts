import { graphemesOf } from "./clean-text.ts";

/** Width of a text that is set in a size of 1. */
export type Measure = (text: string) => number;

/** A way to set a text: the size of its letters, and how many lines it may take then. */
export interface Setting {
  readonly size: number;
  readonly maxLines: number;
}

/** A text as it is set. */
export interface FittedText {
  readonly size: number;
  readonly lines: readonly string[];
}

const ELLIPSIS = "…";
/** How finely the width is searched in which lines are of about the same length. */
const BALANCE_STEPS = 7;

/**
 * Sets a text in the first of the settings (the largest letters first) in which it fits `width` with no word broken.
 * In the last one words that are too long are broken, and what is too much is shortened with an ellipsis.
 */
export function fitText(
  text: string,
  width: number,
  settings: readonly Setting[],
  measure: Measure,
): FittedText {
  if (text === "") return { size: settings[0]?.size ?? 0, lines: [] };
  for (const { size, maxLines } of settings) {
    const { lines, isBroken } = wrap(text, width / size, measure);
    if (lines.length <= maxLines && !isBroken) {
      return { size, lines: balance(text, lines, width / size, measure) };
    }
  }
  const { size, maxLines } = settings.at(-1)!;
  const { lines } = wrap(text, width / size, measure);
  if (lines.length <= maxLines) return { size, lines };
  const last = lines.slice(maxLines - 1).join(" ");
  return { size, lines: [...lines.slice(0, maxLines - 1), shorten(last, width / size, measure, true)] };
}

/** One line of a text, with an ellipsis where it is longer than `width` (in sizes of 1) or goes on behind. */
export function shorten(text: string, width: number, measure: Measure, goesOn = false): string {
  if (!goesOn && measure(text) <= width) return text;
  const letters = graphemesOf(text);
  const cut = (count: number) =>
    `${letters
      .slice(0, count)
      .join("")
      .replace(/[\s,.;:–—-]+$/u, "")}${ELLIPSIS}`;
  // The longest beginning that fits; measuring each would take long for a long text.
  let [fits, tooLong] = [0, letters.length + 1];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (measure(cut(middle)) <= width) fits = middle;
    else tooLong = middle;
  }
  return cut(fits);
}

interface Wrapped {
  readonly lines: string[];
  /** A word was longer than a line. */
  readonly isBroken: boolean;
}

function wrap(text: string, width: number, measure: Measure): Wrapped {
  const lines: string[] = [];
  let isBroken = false;
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && measure(`${last} ${word}`) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else if (measure(word) <= width) lines.push(word);
    else {
      isBroken = true;
      lines.push(...breakWord(word, width, measure));
    }
  }
  return { lines, isBroken };
}

function breakWord(word: string, width: number, measure: Measure): string[] {
  const pieces = [""];
  for (const letter of graphemesOf(word)) {
    const last = pieces.at(-1)!;
    if (last === "" || measure(last + letter) <= width) pieces[pieces.length - 1] = last + letter;
    else pieces.push(letter);
  }
  return pieces;
}

/** The same number of lines, as even in length as they can be: a last line of one word looks left over. */
function balance(text: string, lines: string[], width: number, measure: Measure): string[] {
  if (lines.length === 1) return lines;
  let best = lines;
  let [narrow, wide] = [width / 2, width];
  for (let step = 0; step < BALANCE_STEPS; step++) {
    const middle = (narrow + wide) / 2;
    const tried = wrap(text, middle, measure);
    if (tried.lines.length <= lines.length && !tried.isBroken) {
      best = tried.lines;
      wide = middle;
    } else narrow = middle;
  }
  return best;
}
