/** A colour as shares of full red, green and blue, gamma-coded as in sRGB and BT.709, 0 … 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Full white. */
export const WHITE: Rgb = [255, 255, 255];
/** What text on bright ground is written in. */
const INK: Rgb = [8, 10, 14];

/** CSS's basic names (CSS Color 4, 6.1) and the few that people write besides. */
const NAMES: Readonly<Record<string, Rgb>> = {
  black: [0, 0, 0],
  silver: [192, 192, 192],
  gray: [128, 128, 128],
  grey: [128, 128, 128],
  white: [255, 255, 255],
  maroon: [128, 0, 0],
  red: [255, 0, 0],
  purple: [128, 0, 128],
  fuchsia: [255, 0, 255],
  magenta: [255, 0, 255],
  green: [0, 128, 0],
  lime: [0, 255, 0],
  olive: [128, 128, 0],
  yellow: [255, 255, 0],
  orange: [255, 165, 0],
  navy: [0, 0, 128],
  blue: [0, 0, 255],
  teal: [0, 128, 128],
  aqua: [0, 255, 255],
  cyan: [0, 255, 255],
};

/** Reads `#rgb`, `#rrggbb` (also with `0x` or nothing in front) or a basic colour's name; undefined when it is none. */
export function parseColour(text: string): Rgb | undefined {
  const word = text.trim().toLowerCase();
  if (Object.hasOwn(NAMES, word)) return NAMES[word];
  const digits = /^(?:#|0x)?([0-9a-f]{3}|[0-9a-f]{6})$/.exec(word)?.[1];
  if (digits === undefined) return undefined;
  const pairs = digits.length === 3 ? [...digits].map((digit) => digit + digit) : digits.match(/../g)!;
  return pairs.map((pair) => Number.parseInt(pair, 16)) as unknown as Rgb;
}

/** `share` (0 … 1) of `other` in `colour`. */
export function mix(colour: Rgb, other: Rgb, share: number): Rgb {
  return colour.map((value, index) => value + (other[index]! - value) * share) as unknown as Rgb;
}

/** For a canvas. */
export function css([red, green, blue]: Rgb, alpha = 1): string {
  return `rgba(${Math.round(red)},${Math.round(green)},${Math.round(blue)},${alpha})`;
}

/** Relative luminance, 0 … 1 (WCAG 2.2). */
export function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** How well two colours can be told apart, 1 … 21 (WCAG 2.2); text needs 4.5. */
export function contrast(one: Rgb, other: Rgb): number {
  const [bright, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (bright + 0.05) / (dark + 0.05);
}

/** White or nearly black, whichever reads better on a colour. */
export function readableOn(colour: Rgb): Rgb {
  return contrast(WHITE, colour) >= contrast(INK, colour) ? WHITE : INK;
}
