import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { FONT_FOLDER } from "./burn-in.ts";
import type { CardLine, CardPicture } from "./encoder-input.ts";
import { CARD_FONT_FILE } from "./picture-chain.ts";

const LINE_CHARACTERS = 32;
const MAX_TITLE_LINES = 3;
const TITLE_SIZE = 0.085;
const SUBTITLE_SIZE = 0.045;
const SUBTITLE_FONT_STYLES = ["", "-Bold", "-Oblique", "-BoldOblique"];
const LINE_SPACING = 1.35;
const TITLE_COLOUR = "0xf2f4f8";
const SUBTITLE_COLOUR = "0x8f9bb3";

/** Makes the working folder of encoders that draw text, with the fonts of cards and subtitles in it. */
export async function prepareCardFolder(folder: string): Promise<void> {
  const fonts = join(folder, FONT_FOLDER);
  await mkdir(fonts, { recursive: true });
  const { resolve } = createRequire(import.meta.url);
  const font = (style: string) => resolve(`dejavu-fonts-ttf/ttf/DejaVuSans${style}.ttf`);
  await copyFile(font("-Bold"), join(folder, CARD_FONT_FILE));
  for (const style of SUBTITLE_FONT_STYLES) await copyFile(font(style), join(fonts, `subtitles${style}.ttf`));
}

/**
 * Writes the texts of a card into files of the working folder and returns the card. `name` (letters, digits and
 * `-`) keeps cards apart; a card of the same name is replaced.
 */
export async function writeCard(
  folder: string,
  name: string,
  title: string,
  subtitle: string,
): Promise<CardPicture> {
  const titleLines = wrap(title, LINE_CHARACTERS, MAX_TITLE_LINES);
  const texts = [
    ...titleLines.map((text) => ({ text, size: TITLE_SIZE, colour: TITLE_COLOUR })),
    { text: wrap(subtitle, LINE_CHARACTERS * 2, 1).join(" "), size: SUBTITLE_SIZE, colour: SUBTITLE_COLOUR },
  ].filter(({ text }) => text !== "");
  const height = texts.reduce((total, { size }) => total + size * LINE_SPACING, 0);
  let top = (1 - height) / 2;
  const lines: CardLine[] = [];
  for (const [index, { text, size, colour }] of texts.entries()) {
    const textFile = `${name}-${index}.txt`;
    await writeFile(join(folder, textFile), text);
    lines.push({ textFile, size, colour, middle: top + (size * LINE_SPACING) / 2 });
    top += size * LINE_SPACING;
  }
  return { kind: "card", lines };
}

/** Breaks a text between words into at most `maxLines` lines; what does not fit is cut off with an ellipsis. */
export function wrap(text: string, maxCharacters: number, maxLines: number): string[] {
  const lines: string[] = [];
  for (const word of text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && length(last) + 1 + length(word) <= maxCharacters) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  const isCut = (index: number) => index === maxLines - 1 && lines.length > maxLines;
  return lines.slice(0, maxLines).map((line, index) => shorten(line, maxCharacters, isCut(index)));
}

/** Cuts a line that is too long, or that the text goes on behind. */
function shorten(line: string, maxCharacters: number, goesOn: boolean): string {
  if (length(line) <= maxCharacters && !goesOn) return line;
  const kept = [...line].slice(0, maxCharacters - 1).join("");
  return `${kept.trimEnd()}…`;
}

function length(text: string): number {
  return [...text].length;
}
