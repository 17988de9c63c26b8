import { drawable, GLYPH_HEIGHT, GLYPH_WIDTH } from "./pixel-font.ts";

/** What a plain screen says; the small print may be empty. */
export interface PlainText {
  readonly title: string;
  readonly detail: string;
}

/** A line of text in its place; all numbers are cells. */
export interface PlacedLine {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** Cells along the side of a pixel of the font. */
  readonly scale: number;
}

/** Where everything of a plain screen stands. Lines are missing where they do not fit. */
export interface PlainLayout {
  readonly title: readonly PlacedLine[];
  readonly detail: readonly PlacedLine[];
  /** The line between title and small print. */
  readonly rule?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** Share of the picture in each direction that every television shows. */
const SAFE = 0.9;
/** Wanted height of capitals, as a share of the picture's. */
const TITLE_HEIGHT = 0.08;
const DETAIL_HEIGHT = 0.04;
const TITLE_LINES = 3;
const DETAIL_LINES = 3;
/** Between characters, between lines, and around the rule, in pixels of the font. */
const LETTER_GAP = 1;
const LINE_GAP = 3;
const RULE_GAP = 5;
/** Width of the rule as a share of the picture's. */
const RULE_WIDTH = 0.1;
/** Words are broken only where a line takes at least so many characters. */
const BREAKABLE_CHARACTERS = 8;
/** Less of a text that does not fit would say nothing. */
const WORTH_SHORTENING_LINES = 2;
const ELLIPSIS = "...";

interface Block {
  readonly lines: readonly string[];
  readonly scale: number;
}

/** Lays a title and small print out in the middle of `columns` × `rows` cells, as large as they fit and no larger. */
export function layOut(text: PlainText, columns: number, rows: number): PlainLayout {
  const width = Math.floor(columns * SAFE);
  const height = Math.floor(rows * SAFE);
  const wanted = (share: number) => Math.max(1, Math.round((rows * share) / GLYPH_HEIGHT));
  const title = fitted(text.title, wanted(TITLE_HEIGHT), TITLE_LINES, width, height);
  if (!title) return { title: [], detail: [] };
  const ruleScale = wanted(DETAIL_HEIGHT);
  const between = 2 * RULE_GAP * title.scale + ruleScale;
  const left = height - blockHeight(title) - between;
  const detail = fitted(text.detail, Math.min(ruleScale, title.scale), DETAIL_LINES, width, left);
  const total = blockHeight(title) + (detail ? between + blockHeight(detail) : 0);
  const top = Math.floor((rows - total) / 2);
  const placed = { title: place(title, columns, top), detail: [] };
  if (!detail) return placed;
  const ruleWidth = Math.max(1, Math.round(columns * RULE_WIDTH));
  const y = top + blockHeight(title) + RULE_GAP * title.scale;
  const rule = { x: Math.floor((columns - ruleWidth) / 2), y, width: ruleWidth, height: ruleScale };
  return { ...placed, rule, detail: place(detail, columns, top + blockHeight(title) + between) };
}

/** The text in lines at the largest scale up to `wanted` at which it fits; undefined when it has no place. */
function fitted(
  text: string,
  wanted: number,
  maxLines: number,
  width: number,
  height: number,
): Block | undefined {
  const words = drawable(text)
    .split(" ")
    .filter((word) => word !== "");
  if (words.length === 0) return undefined;
  for (let scale = wanted; scale >= 1; scale--) {
    const characters = charactersIn(width, scale);
    const block = { lines: wrap(words, characters), scale };
    const isWhole = block.lines.length <= maxLines && words.every((word) => word.length <= characters);
    if (isWhole && blockHeight(block) <= height) return { lines: balanced(words, block.lines), scale };
  }
  return shortened(words, maxLines, width, height);
}

/** As much of the text as there is place for at the smallest scale, long words broken. */
function shortened(
  words: readonly string[],
  maxLines: number,
  width: number,
  height: number,
): Block | undefined {
  const characters = charactersIn(width, 1);
  const place = Math.min(maxLines, Math.floor((height + LINE_GAP) / (GLYPH_HEIGHT + LINE_GAP)));
  if (characters < BREAKABLE_CHARACTERS || place < WORTH_SHORTENING_LINES) return undefined;
  const pieces = words.flatMap((word) => word.match(new RegExp(`.{1,${characters}}`, "g")) ?? []);
  const lines = wrap(pieces, characters);
  if (lines.length <= place) return { lines, scale: 1 };
  const last = lines[place - 1]!.slice(0, characters - ELLIPSIS.length) + ELLIPSIS;
  return { lines: [...lines.slice(0, place - 1), last], scale: 1 };
}

function wrap(words: readonly string[], characters: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= characters) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** As many lines as these, of about equal lengths. */
function balanced(words: readonly string[], lines: readonly string[]): readonly string[] {
  let best = lines;
  for (;;) {
    const narrower = wrap(words, Math.max(...best.map((line) => line.length)) - 1);
    const isLonger = narrower.some((line) => line.length >= Math.max(...best.map(({ length }) => length)));
    if (narrower.length > lines.length || isLonger) return best;
    best = narrower;
  }
}

function charactersIn(width: number, scale: number): number {
  return Math.floor((width / scale + LETTER_GAP) / (GLYPH_WIDTH + LETTER_GAP));
}

function blockHeight({ lines, scale }: Block): number {
  return (lines.length * (GLYPH_HEIGHT + LINE_GAP) - LINE_GAP) * scale;
}

function place({ lines, scale }: Block, columns: number, top: number): PlacedLine[] {
  return lines.map((text, index) => {
    const width = (text.length * (GLYPH_WIDTH + LETTER_GAP) - LETTER_GAP) * scale;
    const y = top + index * (GLYPH_HEIGHT + LINE_GAP) * scale;
    return { text, x: Math.floor((columns - width) / 2), y, scale };
  });
}
