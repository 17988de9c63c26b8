import type { SKRSContext2D } from "@napi-rs/canvas";
import { css, type Rgb } from "./colours.ts";
import type { Area } from "./i420.ts";

/** Luma code of −2 %, below what RGB can say. */
export const BELOW_BLACK_CODE = 12;

const share = (red: number, green = red, blue = red): Rgb => [red * 255, green * 255, blue * 255];
const BLACK = share(0);
const WHITE = share(1);

interface Row {
  /** Lower edge as a share of the height. */
  readonly bottom: number;
  /** Colours of the side panels. */
  readonly sides: readonly [left: Rgb, right: Rgb];
  /** Fields of the 4:3 centre, with their widths in bars, seven of which fill it. Two colours are a ramp. */
  readonly fields: readonly (readonly [bars: number, colour: Rgb, to?: Rgb])[];
}

/** SMPTE RP 219: 75 % bars, 100 % patches, a ramp, black, white and steps about black. */
const ROWS: readonly Row[] = [
  {
    bottom: 7 / 12,
    sides: [share(0.4), share(0.4)],
    fields: [
      [1, share(0.75)],
      [1, share(0.75, 0.75, 0)],
      [1, share(0, 0.75, 0.75)],
      [1, share(0, 0.75, 0)],
      [1, share(0.75, 0, 0.75)],
      [1, share(0.75, 0, 0)],
      [1, share(0, 0, 0.75)],
    ],
  },
  { bottom: 8 / 12, sides: [share(0, 1, 1), share(0, 0, 1)], fields: [[7, share(0.75)]] },
  {
    bottom: 9 / 12,
    sides: [share(1, 1, 0), share(1, 0, 0)],
    fields: [
      [1, BLACK],
      [5, BLACK, WHITE],
      [1, WHITE],
    ],
  },
  {
    bottom: 1,
    sides: [share(0.15), share(0.15)],
    fields: [
      [3 / 2, BLACK],
      [2, WHITE],
      [5 / 6 + 2 / 3, BLACK],
      [1 / 3, share(0.02)],
      [1 / 3, BLACK],
      [1 / 3, share(0.04)],
      [1, BLACK],
    ],
  },
];
/** Bars from the left edge of the centre to the field below black, and its width. */
const BELOW_BLACK = { from: 3 / 2 + 2 + 5 / 6, bars: 1 / 3 };

/** Paints the bars; a picture that is no wider than 4:3 has no side panels. */
export function paintBars(context: SKRSContext2D, width: number, height: number): void {
  const { side, bar } = geometry(width, height);
  let top = 0;
  for (const { bottom, sides, fields } of ROWS) {
    const end = Math.round(bottom * height);
    const fill = (from: number, to: number, style: SKRSContext2D["fillStyle"]) => {
      context.fillStyle = style;
      context.fillRect(Math.round(from), top, Math.round(to) - Math.round(from), end - top);
    };
    fill(0, side, css(sides[0]));
    fill(width - side, width, css(sides[1]));
    let from = side;
    for (const [bars, colour, rampTo] of fields) {
      const to = from + bars * bar;
      const ramp = context.createLinearGradient(from, 0, to, 0);
      ramp.addColorStop(0, css(colour));
      ramp.addColorStop(1, css(rampTo ?? colour));
      fill(from, to, rampTo ? ramp : css(colour));
      from = to;
    }
    top = end;
  }
}

/** The field of −2 %, which is to be given its code when the picture is no longer RGB. */
export function belowBlack(width: number, height: number): Area {
  const { side, bar } = geometry(width, height);
  const left = Math.round(side + BELOW_BLACK.from * bar);
  const right = Math.round(side + (BELOW_BLACK.from + BELOW_BLACK.bars) * bar);
  const top = Math.round(ROWS[2]!.bottom * height);
  return { left, top, width: right - left, height: height - top };
}

function geometry(width: number, height: number): { side: number; bar: number } {
  const centre = Math.min(width, (height * 4) / 3);
  return { side: (width - centre) / 2, bar: centre / 7 };
}
