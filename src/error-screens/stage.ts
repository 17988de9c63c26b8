import type { Image, SKRSContext2D } from "@napi-rs/canvas";
import type { CanvasFonts, FontCut } from "./canvas-fonts.ts";
import { directionOf } from "./clean-text.ts";
import { css, type Rgb } from "./colours.ts";
import { type FittedText, fitText, type Setting } from "./fit-text.ts";

/** Title-safe: nothing that must be read lies further out (EBU R 95: 5 % on each side). */
const SAFE = 0.05;
/** Height of a capital letter above its line, and of a line of text, in sizes. */
const CAPITAL = 0.73;
/** Margin below a line's letters, in sizes: from the foot of a line to where the next block may begin. */
const DESCENT = 0.24;

/** Where text stands: at the side where reading starts, in the middle, or at the side where reading ends. */
export type Align = "start" | "middle" | "end";

/** A block of text that has been set and has a height. */
export interface Block {
  readonly fitted: FittedText;
  readonly cut: FontCut;
  readonly colour: string;
  /** From line to line, in sizes. */
  readonly leading: number;
  /** From the top of its capitals to the foot of its last line. */
  readonly height: number;
}

/** How a block is to be set; sizes in units. */
export interface BlockStyle {
  readonly cut: FontCut;
  readonly colour: Rgb;
  readonly alpha?: number;
  readonly leading: number;
  readonly settings: readonly Setting[];
  readonly width: number;
}

/**
 * A canvas with a designer's tools: units of a hundredth of the picture's height (of a picture of 16:9 that fits
 * into it), a safe area, and texts that know how high they are. It is mirrored where reading goes right to left.
 */
export class Stage {
  readonly context: SKRSContext2D;
  readonly fonts: CanvasFonts;
  readonly width: number;
  readonly height: number;
  /** Pixels of one unit. */
  readonly unit: number;
  readonly isMirrored: boolean;

  constructor(
    context: SKRSContext2D,
    fonts: CanvasFonts,
    width: number,
    height: number,
    direction: "ltr" | "rtl",
  ) {
    this.context = context;
    this.fonts = fonts;
    this.width = width;
    this.height = height;
    this.unit = Math.min(height, (width * 9) / 16) / 100;
    this.isMirrored = direction === "rtl";
  }

  get left(): number {
    return this.width * SAFE;
  }

  get right(): number {
    return this.width * (1 - SAFE);
  }

  get top(): number {
    return this.height * SAFE;
  }

  get bottom(): number {
    return this.height * (1 - SAFE);
  }

  get safeWidth(): number {
    return this.right - this.left;
  }

  /** A place that lies `x` pixels from the left edge when reading goes left to right. */
  across(x: number): number {
    return this.isMirrored ? this.width - x : x;
  }

  /** Left edge of something `width` wide whose edge at the start of reading is at `x`. */
  box(x: number, width: number): number {
    return this.isMirrored ? this.width - x - width : x;
  }

  /** Sets a text; sizes and width are in pixels. */
  set(text: string, style: BlockStyle): Block {
    const shown = this.fonts.withoutMissingSymbols(text);
    const fitted = fitText(shown, style.width, style.settings, this.fonts.measure(style.cut));
    const count = fitted.lines.length;
    const height = count === 0 ? 0 : fitted.size * (CAPITAL + DESCENT + (count - 1) * style.leading);
    return { fitted, cut: style.cut, colour: css(style.colour, style.alpha), leading: style.leading, height };
  }

  /** Writes a block below `top`, its edge of alignment at `x` (as in `across`); returns where it ends. */
  write({ fitted, cut, colour, leading, height }: Block, x: number, top: number, align: Align): number {
    const { size, lines } = fitted;
    for (const [index, line] of lines.entries()) {
      this.line(line, { cut, size, colour }, x, top + size * (CAPITAL + index * leading), align);
    }
    return top + height;
  }

  /** Writes one line on the baseline `y`; returns its width in pixels. */
  line(
    text: string,
    { cut, size, colour }: { cut: FontCut; size: number; colour: string },
    x: number,
    y: number,
    align: Align,
  ): number {
    const { context } = this;
    this.fonts.use(context, cut, size);
    context.fillStyle = colour;
    context.direction = directionOf(text);
    context.textBaseline = "alphabetic";
    const isLeft = (align === "start") !== this.isMirrored;
    context.textAlign = align === "middle" ? "center" : isLeft ? "left" : "right";
    context.fillText(text, this.across(x), y);
    return context.measureText(text).width;
  }

  /** A rectangle with round corners. */
  round(x: number, y: number, width: number, height: number, radius: number, colour: string): void {
    const { context } = this;
    context.beginPath();
    context.roundRect(x, y, width, height, radius);
    context.fillStyle = colour;
    context.fill();
  }

  /** A picture as large as fits into the box without being cut, at the side where reading starts, or in its middle. */
  contain(
    image: Image,
    x: number,
    y: number,
    width: number,
    height: number,
    align: Align = "middle",
  ): number {
    const scale = Math.min(width / image.width, height / image.height);
    const [shownWidth, shownHeight] = [image.width * scale, image.height * scale];
    const inset = align === "start" ? 0 : (width - shownWidth) / 2;
    this.context.drawImage(
      image,
      this.box(x + inset, shownWidth),
      y + (height - shownHeight) / 2,
      shownWidth,
      shownHeight,
    );
    return shownWidth;
  }

  /** A picture that covers the whole screen; what does not fit is cut off on both sides alike. */
  cover(image: Image): void {
    const scale = Math.max(this.width / image.width, this.height / image.height);
    const [shownWidth, shownHeight] = [image.width * scale, image.height * scale];
    this.context.drawImage(
      image,
      (this.width - shownWidth) / 2,
      (this.height - shownHeight) / 2,
      shownWidth,
      shownHeight,
    );
  }
}
