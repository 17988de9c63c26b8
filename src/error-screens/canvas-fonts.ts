import { createRequire } from "node:module";
import { createCanvas, GlobalFonts, type SKRSContext2D } from "@napi-rs/canvas";
import { graphemesOf } from "./clean-text.ts";
import type { Measure } from "./fit-text.ts";

/** The cuts that screens are set in. */
export type FontCut = "bold" | "plain";

/** The fonts that come with the project, by cut; where the first lacks a letter, the next one is asked. */
const SHIPPED: Readonly<Record<FontCut, readonly string[]>> = {
  bold: ["DejaVuSansCondensed-Bold.ttf", "DejaVuSans-Bold.ttf"],
  plain: ["DejaVuSansCondensed.ttf", "DejaVuSans.ttf"],
};
const CUSTOM = "EX custom";
/** No font has a letter for it: a noncharacter (Unicode 23.7). */
const MISSING = "\u{10fffe}";
const MEASURING_SIZE = 100;

/**
 * The fonts of one picture, always from files: what is installed on the machine is asked last, for letters that the
 * shipped fonts lack.
 */
export class CanvasFonts {
  readonly #families: Record<FontCut, string>;
  readonly #context = createCanvas(1, 1).getContext("2d");
  readonly #missing: string;

  /** `custom`: path of a font that is preferred to the shipped ones. Throws when it is none. */
  constructor(custom?: string) {
    if (custom !== undefined && !GlobalFonts.registerFromPath(custom, CUSTOM)) {
      throw new Error(`${custom} is not a font`);
    }
    const { resolve } = createRequire(import.meta.url);
    const familiesOf = (cut: FontCut) => {
      const shipped = SHIPPED[cut].map((file, rank) => {
        const family = `EX ${cut} ${rank}`;
        GlobalFonts.registerFromPath(resolve(`dejavu-fonts-ttf/ttf/${file}`), family);
        return family;
      });
      const families = custom === undefined ? shipped : [CUSTOM, ...shipped];
      return families.map((family) => `"${family}"`).join(", ");
    };
    this.#families = { bold: familiesOf("bold"), plain: familiesOf("plain") };
    this.#missing = this.#shapeOf(MISSING);
  }

  /** Makes a context write in a cut and size (pixels). */
  use(context: SKRSContext2D, cut: FontCut, size: number): void {
    context.font = this.#css(cut, size);
  }

  /** Measures texts of a cut in sizes of 1. */
  measure(cut: FontCut): Measure {
    this.use(this.#context, cut, MEASURING_SIZE);
    const font = this.#context.font;
    return (text) => {
      this.#context.font = font;
      return this.#context.measureText(text).width / MEASURING_SIZE;
    };
  }

  /** Leaves out emoji and symbols that no font has: a row of boxes tells nobody anything. */
  withoutMissingSymbols(text: string): string {
    if (!/[\p{So}\p{Extended_Pictographic}]/u.test(text)) return text;
    const kept = graphemesOf(text).filter((letter) => {
      const isSymbol = /^[\p{So}\p{Extended_Pictographic}]/u.test(letter);
      return !isSymbol || this.#shapeOf(String.fromCodePoint(letter.codePointAt(0)!)) !== this.#missing;
    });
    return kept.join("").replace(/ {2,}/g, " ").trim();
  }

  /** What a letter measures: equal to that of a missing one only for the box that stands for it. */
  #shapeOf(letter: string): string {
    this.use(this.#context, "bold", MEASURING_SIZE);
    const { width, actualBoundingBoxLeft, actualBoundingBoxRight, actualBoundingBoxAscent } =
      this.#context.measureText(letter);
    return [width, actualBoundingBoxLeft, actualBoundingBoxRight, actualBoundingBoxAscent].join();
  }

  #css(cut: FontCut, size: number): string {
    return `${size.toFixed(2)}px ${this.#families[cut]}`;
  }
}
