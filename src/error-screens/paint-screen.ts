import type { SKRSContext2D } from "@napi-rs/canvas";
import { ErrorVisualMode } from "../media/screen-modes.ts";
import type { CanvasFonts } from "./canvas-fonts.ts";
import { directionOf } from "./clean-text.ts";
import { css, type Rgb } from "./colours.ts";
import {
  type Palette,
  paintBackdrop,
  paintErrorCode,
  paintFooter,
  paintMasthead,
  paintNumber,
  paletteOf,
  type ScreenPictures,
  setWords,
} from "./screen-parts.ts";
import type { ScreenView } from "./screen-view.ts";
import { paintBars } from "./smpte-bars.ts";
import { Stage } from "./stage.ts";

/** Colours of words that stand on a picture or on colour bars, whatever the screen's own are. */
const ON_PICTURE = {
  text: [250, 251, 253],
  quiet: [203, 208, 216],
  shade: [6, 8, 12],
} as const satisfies Record<string, Rgb>;

/** Paints a screen over the whole of a canvas. */
export function paintScreen(
  context: SKRSContext2D,
  fonts: CanvasFonts,
  size: { readonly width: number; readonly height: number },
  view: ScreenView,
  pictures: ScreenPictures,
): void {
  const direction = directionOf(`${view.title} ${view.subtitle} ${view.channelName}`);
  const stage = new Stage(context, fonts, size.width, size.height, direction);
  const palette = paletteOf(view);
  switch (view.visualMode) {
    case ErrorVisualMode.TEXT:
      paintText(stage, view, palette, pictures);
      break;
    case ErrorVisualMode.SLATE:
      paintSlate(stage, view, palette, pictures);
      break;
    case ErrorVisualMode.TEST_PATTERN:
      paintTestPattern(stage, view, palette);
      break;
    case ErrorVisualMode.STATIC:
      if (pictures.image) paintPicture(stage, view, palette, pictures);
      else paintIdent(stage, view, palette, pictures);
  }
}

/** Words at the start of the line, a little below the middle, on a backdrop. */
function paintText(stage: Stage, view: ScreenView, palette: Palette, pictures: ScreenPictures): void {
  const { unit, left, top, bottom } = stage;
  paintBackdrop(stage, palette);
  paintMasthead(stage, view, palette, pictures);
  const words = setWords(stage, view, palette, Math.min(stage.safeWidth, 138 * unit));
  const rule = { height: 0.9 * unit, width: 9 * unit, gap: 4.2 * unit };
  const height = rule.height + rule.gap + words.height;
  const room = { from: top + 11 * unit, to: bottom - 6 * unit };
  let y = Math.max(room.from, room.from + (room.to - room.from - height) * 0.54);
  const ruleLeft = stage.box(left, rule.width);
  stage.round(ruleLeft, y, rule.width, rule.height, rule.height / 2, css(palette.accent));
  y = stage.write(words.title, left, y + rule.height + rule.gap, "start") + words.gap;
  stage.write(words.subtitle, left, y, "start");
  paintFooter(stage, view, palette);
}

/** One plain colour, everything in the middle, between two fine lines. */
function paintSlate(stage: Stage, view: ScreenView, palette: Palette, { logo }: ScreenPictures): void {
  const { context, unit, width, height, left, right, top, bottom } = stage;
  context.fillStyle = css(palette.background);
  context.fillRect(0, 0, width, height);
  const middle = width / 2;
  const line = { cut: "plain", size: 3.6 * unit, colour: css(palette.quiet) } as const;
  const [upper, lower] = [top + 10.5 * unit, bottom - 10.5 * unit];
  context.fillStyle = css(palette.text, 0.22);
  for (const y of [upper, lower]) {
    context.fillRect(left, Math.round(y), right - left, Math.max(1, Math.round(0.22 * unit)));
  }
  if (logo) stage.contain(logo, middle - 15 * unit, top, 30 * unit, 8.4 * unit);
  else {
    const name = [view.channelNumber, view.channelName].filter((part) => part !== "").join("   ");
    const block = stage.set(name, {
      ...{ cut: "bold", colour: palette.text, leading: 1, width: stage.safeWidth },
      settings: [{ size: 4.2 * unit, maxLines: 1 }],
    });
    stage.write(block, middle, top + 3 * unit, "middle");
  }
  const words = setWords(stage, view, palette, Math.min(stage.safeWidth, 140 * unit));
  let y = upper + (lower - upper - words.height) / 2;
  y = stage.write(words.title, middle, y, "middle") + words.gap;
  stage.write(words.subtitle, middle, y, "middle");
  const foot = bottom - 2.4 * unit;
  const back = [view.returnTime, view.countdown].filter((part) => part !== "").join("  ·  ");
  stage.line(back, { ...line, colour: css(palette.text) }, middle, foot, "middle");
  stage.line(view.clock, line, left, foot, "start");
  paintErrorCode(stage, view, palette, right, foot);
}

/** A picture that covers the screen; words, if there are any, at its foot, on a shade that makes them readable. */
function paintPicture(stage: Stage, view: ScreenView, palette: Palette, pictures: ScreenPictures): void {
  const { context, unit, width, height, left, bottom } = stage;
  context.fillStyle = "black";
  context.fillRect(0, 0, width, height);
  stage.cover(pictures.image!);
  const onPicture = { ...palette, text: ON_PICTURE.text, quiet: ON_PICTURE.quiet };
  const words = setWords(stage, view, onPicture, Math.min(stage.safeWidth, 130 * unit), {
    titleSize: view.titleSize * 72,
  });
  const footer = view.returnTime === "" && view.errorCode === "" ? 0 : 7.5 * unit;
  const start = bottom - footer - words.height;
  if (words.height + footer > 0) shade(stage, start - 22 * unit, height, 0.9);
  if (view.channelName !== "" || view.channelNumber !== "" || view.clock !== "" || pictures.logo) {
    shade(stage, 24 * unit, 0, 0.62);
    paintMasthead(stage, view, onPicture, pictures);
  }
  const y = stage.write(words.title, left, start, "start") + words.gap;
  stage.write(words.subtitle, left, y, "start");
  paintFooter(stage, view, onPicture);
}

/** Darkens from nothing at `from` to `most` at the edge `to`. */
function shade({ context, width }: Stage, from: number, to: number, most: number): void {
  const slope = context.createLinearGradient(0, from, 0, to);
  slope.addColorStop(0, css(ON_PICTURE.shade, 0));
  slope.addColorStop(0.6, css(ON_PICTURE.shade, most * 0.72));
  slope.addColorStop(1, css(ON_PICTURE.shade, most));
  context.fillStyle = slope;
  context.fillRect(0, Math.min(from, to), width, Math.abs(to - from));
}

/** The channel's own sign, large: its logo, or its number and name; words below. */
function paintIdent(stage: Stage, view: ScreenView, palette: Palette, { logo }: ScreenPictures): void {
  const { unit, width, top, bottom, right } = stage;
  paintBackdrop(stage, palette);
  const middle = width / 2;
  const sign = 26 * unit;
  const words = setWords(stage, view, palette, Math.min(stage.safeWidth, 120 * unit), {
    titleSize: view.titleSize * 58,
    titleCut: "plain",
  });
  const name = stage.set(logo ? "" : view.channelName, {
    ...{ cut: "bold", colour: palette.text, leading: 1.1, width: Math.min(stage.safeWidth, 120 * unit) },
    settings: [
      { size: 9 * unit, maxLines: 1 },
      { size: 6 * unit, maxLines: 2 },
    ],
  });
  const hasNumber = !logo && view.channelNumber !== "";
  const signHeight = logo || hasNumber ? sign : 0;
  const nameGap = name.height > 0 && signHeight > 0 ? 4.5 * unit : 0;
  const wordsGap = words.height > 0 && signHeight + name.height > 0 ? 6 * unit : 0;
  const total = signHeight + nameGap + name.height + wordsGap + words.height;
  let y = top + Math.max(0, (bottom - 8 * unit - top - total) / 2) + 3 * unit;
  if (logo) stage.contain(logo, middle - 45 * unit, y, 90 * unit, sign);
  else if (hasNumber) {
    const plate = fittedNumber(stage, view.channelNumber);
    paintNumber(stage, view.channelNumber, palette, middle - plate / 2, y, 26);
  }
  y = stage.write(name, middle, y + signHeight + nameGap, "middle") + wordsGap;
  y = stage.write(words.title, middle, y, "middle") + words.gap;
  stage.write(words.subtitle, middle, y, "middle");
  const back = [view.returnTime, view.countdown].filter((part) => part !== "").join("  ·  ");
  const style = { cut: "plain", size: 3.5 * unit, colour: css(palette.text) } as const;
  stage.line(back, style, middle, bottom, "middle");
  stage.line(view.clock, { ...style, size: 5.4 * unit }, right, top + 6.5 * unit, "end");
  paintErrorCode(stage, view, palette, right, bottom);
}

function fittedNumber({ unit, fonts }: Stage, number: string): number {
  return Math.max(26 * unit, fonts.measure("bold")(number) * 26 * 0.58 * unit + 13 * unit);
}

/** Colour bars with a plate that says whose they are; the fields to be measured stay free. */
function paintTestPattern(stage: Stage, view: ScreenView, palette: Palette): void {
  const { context, unit, width, height } = stage;
  paintBars(context, width, height);
  const onPlate = { ...palette, text: ON_PICTURE.text, quiet: ON_PICTURE.quiet };
  const words = setWords(stage, view, onPlate, 88 * unit, { titleSize: view.titleSize * 66 });
  const name = [view.channelNumber, view.channelName].filter((part) => part !== "").join("  ");
  const small = { cut: "bold", colour: palette.accent, leading: 1, width: 88 * unit } as const;
  const head = stage.set(name, { ...small, settings: [{ size: 3.6 * unit, maxLines: 1 }] });
  const foot = stage.set(
    [view.clock, view.returnTime, view.countdown, view.errorCode].filter((part) => part !== "").join("  ·  "),
    { ...small, cut: "plain", colour: ON_PICTURE.quiet, settings: [{ size: 3 * unit, maxLines: 1 }] },
  );
  const blocks = [head, words.title, words.subtitle, foot].filter((block) => block.height > 0);
  if (blocks.length === 0) return;
  const [pad, gap] = [4.6 * unit, 2.6 * unit];
  const plateHeight = 2 * pad + blocks.reduce((sum, block) => sum + block.height, (blocks.length - 1) * gap);
  const plateWidth = 88 * unit + 2 * pad;
  let y = (height * 7) / 24 - plateHeight / 2 + 0.02 * height;
  const plateTop = Math.max(stage.top, y);
  stage.round((width - plateWidth) / 2, plateTop, plateWidth, plateHeight, 1.6 * unit, css(ON_PICTURE.shade));
  y = plateTop + pad;
  for (const block of blocks) y = stage.write(block, width / 2, y, "middle") + gap;
}
