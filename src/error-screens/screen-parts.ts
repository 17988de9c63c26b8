import type { Image } from "@napi-rs/canvas";
import type { FontCut } from "./canvas-fonts.ts";
import { css, luminance, mix, type Rgb, readableOn, WHITE } from "./colours.ts";
import type { ScreenView } from "./screen-view.ts";
import type { Block, Stage } from "./stage.ts";

/** Height of the masthead in units. */
const MASTHEAD = 9;
const NAME_SIZE = 4.2;
const FOOTER_SIZE = 3.5;

/** The colours of one screen. */
export interface Palette {
  readonly background: Rgb;
  readonly text: Rgb;
  /** Of words that matter less. */
  readonly quiet: Rgb;
  readonly accent: Rgb;
}

/** Pictures that a screen shows, decoded. */
export interface ScreenPictures {
  readonly image?: Image;
  readonly logo?: Image;
}

/** The colours of a view; words of less weight lean towards the background, and stay readable. */
export function paletteOf({ background, text, accent }: ScreenView): Palette {
  return { background, text, quiet: mix(text, background, 0.26), accent };
}

/** Depth for a colour: lighter where the light comes from, darker opposite, with a glow and rings of the accent. */
export function paintBackdrop(stage: Stage, { background, accent }: Palette): void {
  const { context, width, height } = stage;
  const isDark = luminance(background) < 0.4;
  const slope = context.createLinearGradient(stage.across(0), 0, stage.across(width * 0.8), height);
  slope.addColorStop(0, css(mix(brighten(background, isDark ? 1.5 : 1.06), WHITE, 0.03)));
  slope.addColorStop(0.55, css(background));
  slope.addColorStop(1, css(brighten(background, isDark ? 0.5 : 0.88)));
  context.fillStyle = slope;
  context.fillRect(0, 0, width, height);
  const [x, y] = [stage.across(width * 0.97), height * 1.02];
  // Light adds to what it falls on; on a bright ground it would vanish.
  context.globalCompositeOperation = isDark ? "screen" : "multiply";
  const glow = context.createRadialGradient(x, y, 0, x, y, width * 0.6);
  const light = isDark ? brighten(accent, 0.42) : mix(accent, WHITE, 0.6);
  glow.addColorStop(0, css(light, 1));
  glow.addColorStop(0.35, css(light, 0.38));
  glow.addColorStop(1, css(light, 0));
  context.fillStyle = glow;
  context.fillRect(0, 0, width, height);
  context.lineWidth = stage.unit * 0.5;
  for (let ring = 0; ring < 5; ring++) {
    context.beginPath();
    context.arc(x, y, stage.unit * (22 + ring * 17), 0, 2 * Math.PI);
    context.strokeStyle = css(accent, 0.34 - ring * 0.06);
    context.stroke();
  }
  context.globalCompositeOperation = "source-over";
}

/** A colour of the same hue, `factor` times as bright. */
function brighten(colour: Rgb, factor: number): Rgb {
  return colour.map((value) => Math.min(255, value * factor)) as unknown as Rgb;
}

/** Says whose screen it is: number or logo and name at the start of the top line, the time at its end. */
export function paintMasthead(
  stage: Stage,
  view: ScreenView,
  palette: Palette,
  { logo }: ScreenPictures,
): void {
  const { unit, left, right, top } = stage;
  const baseline = top + (MASTHEAD / 2 + NAME_SIZE * 0.365) * unit;
  const clockWidth =
    view.clock === "" ? 0 : paintClock(stage, view, palette, right, top + (MASTHEAD / 2) * unit);
  let x = left;
  if (logo) x += stage.contain(logo, x, top, 26 * unit, MASTHEAD * unit, "start") + 2.4 * unit;
  else if (view.channelNumber !== "")
    x += paintNumber(stage, view.channelNumber, palette, x, top, MASTHEAD) + 2.4 * unit;
  const name = stage.set(view.channelName, {
    ...{ cut: "bold", colour: palette.text, leading: 1 },
    settings: [{ size: NAME_SIZE * unit, maxLines: 1 }],
    width: right - clockWidth - 4 * unit - x,
  });
  stage.write(name, x, baseline - 0.73 * NAME_SIZE * unit, "start");
}

function paintClock(
  stage: Stage,
  { clock }: ScreenView,
  palette: Palette,
  x: number,
  middle: number,
): number {
  const size = 5.4 * stage.unit;
  const style = { cut: "plain", size, colour: css(palette.text, 0.92) } as const;
  return stage.line(clock, style, x, middle + 0.365 * size, "end");
}

/** The channel's number on a plate of the accent colour, `height` units high; returns its width in pixels. */
export function paintNumber(
  stage: Stage,
  number: string,
  { accent }: Palette,
  x: number,
  y: number,
  height: number,
): number {
  const { unit, fonts } = stage;
  const size = height * 0.58 * unit;
  const width = Math.max(height * unit, fonts.measure("bold")(number) * size + height * 0.5 * unit);
  stage.round(stage.box(x, width), y, width, height * unit, height * 0.22 * unit, css(accent));
  const style = { cut: "bold", size, colour: css(readableOn(accent)) } as const;
  stage.line(number, style, x + width / 2, y + (height / 2) * unit + 0.365 * size, "middle");
  return width;
}

/** When it goes on, at the start of the bottom line, and what went wrong, small, at its end. */
export function paintFooter(stage: Stage, view: ScreenView, palette: Palette): void {
  const { unit, left, right, bottom } = stage;
  const codeWidth = paintErrorCode(stage, view, palette, right, bottom);
  if (view.returnTime === "") return;
  const size = FOOTER_SIZE * unit;
  const dot = 0.62 * unit;
  stage.context.beginPath();
  stage.context.arc(stage.across(left + dot), bottom - 0.365 * size, dot, 0, 2 * Math.PI);
  stage.context.fillStyle = css(palette.accent);
  stage.context.fill();
  let x = left + 3 * unit;
  x += stage.line(view.returnTime, { cut: "bold", size, colour: css(palette.text) }, x, bottom, "start");
  if (view.countdown === "" || x > right - codeWidth - 20 * unit) return;
  const style = { cut: "plain", size, colour: css(palette.quiet) } as const;
  stage.line(view.countdown, style, x + 1.6 * unit, bottom, "start");
}

/** A code for those who are asked for it; returns its width in pixels. */
export function paintErrorCode(
  stage: Stage,
  view: ScreenView,
  palette: Palette,
  x: number,
  y: number,
): number {
  if (view.errorCode === "") return 0;
  const size = 2.9 * stage.unit;
  return stage.line(view.errorCode, { cut: "plain", size, colour: css(palette.quiet, 0.85) }, x, y, "end");
}

/** The sizes that a title of this size is tried in: the longer it is, the smaller, and the more lines it may have. */
export function titleSettings(size: number) {
  return [
    { size, maxLines: 2 },
    { size: size * 0.84, maxLines: 2 },
    { size: size * 0.7, maxLines: 3 },
    { size: size * 0.54, maxLines: 4 },
    { size: size * 0.44, maxLines: 6 },
  ];
}

/** Title and subtitle, set for a width. */
export function setWords(
  stage: Stage,
  view: ScreenView,
  palette: Palette,
  width: number,
  { titleSize = view.titleSize * 100, titleCut = "bold" as FontCut } = {},
): { title: Block; subtitle: Block; gap: number; height: number } {
  const { unit } = stage;
  const title = stage.set(view.title, {
    ...{ cut: titleCut, colour: palette.text, leading: 1.17, width },
    settings: titleSettings(titleSize * unit),
  });
  const subtitleSize = Math.min(Math.max(titleSize * 0.46, 3.6), 4.6) * unit;
  const subtitle = stage.set(view.subtitle, {
    ...{ cut: "plain", colour: palette.quiet, leading: 1.42, width: width * 0.92 },
    settings: [
      { size: subtitleSize, maxLines: 2 },
      { size: subtitleSize * 0.84, maxLines: 3 },
    ],
  });
  const gap = title.height > 0 && subtitle.height > 0 ? 2.5 * unit : 0;
  return { title, subtitle, gap, height: title.height + gap + subtitle.height };
}
