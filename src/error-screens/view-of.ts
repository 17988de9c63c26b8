import { ErrorVisualMode } from "../media/screen-modes.ts";
import { type Catalogue, fillIn } from "./catalogue.ts";
import { cleanText } from "./clean-text.ts";
import { parseColour, type Rgb, readableOn } from "./colours.ts";
import type { ErrorScreenConfig, ParsedMessage } from "./message.ts";
import type { ScreenView } from "./screen-view.ts";

/** Lines of the picture that `fontSize` is counted in. */
const NOMINAL_LINES = 1080;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MAX_NUMBER_LETTERS = 8;

/** How screens look where nothing else is said. */
export const DEFAULT_LOOK = {
  background: "#16213a",
  /** Used where it can be read; black or white elsewhere. */
  text: "#f4f6fb",
  accent: "#f5a524",
  titleSize: 104,
  volume: -20,
} as const;

/** The words of a screen at a moment (ms since the epoch), in a language and a time zone (default the machine's). */
export interface ViewContext {
  readonly atMs: number;
  readonly catalogue: Catalogue;
  readonly timeZone?: string;
}

/** Makes of a message and a configuration what is to be painted. */
export function viewOf(message: ParsedMessage, config: ErrorScreenConfig, context: ViewContext): ScreenView {
  const background = parseColour(config.backgroundColor ?? DEFAULT_LOOK.background)!;
  return {
    visualMode: config.visualMode ?? ErrorVisualMode.TEXT,
    title: cleanText(message.title),
    subtitle: cleanText(message.subtitle ?? ""),
    channelName: cleanText(message.channelName ?? ""),
    channelNumber: cleanText(String(message.channelNumber ?? "")).slice(0, MAX_NUMBER_LETTERS),
    clock: clockOf(message, context),
    ...returnOf(message, context),
    errorCode: cleanText(message.errorCode ?? "").slice(0, 60),
    background,
    text: textColour(config.textColor, background),
    accent: parseColour(config.accentColor ?? DEFAULT_LOOK.accent)!,
    titleSize: (config.fontSize ?? DEFAULT_LOOK.titleSize) / NOMINAL_LINES,
    image: config.image,
    logo: config.logo,
    font: config.font,
  };
}

/** When (ms since the epoch) a screen that was painted at `atMs` will look otherwise; undefined: never. */
export function changesAt({ timestamp }: ParsedMessage, atMs: number): number | undefined {
  return timestamp === true ? (Math.floor(atMs / MINUTE_MS) + 1) * MINUTE_MS : undefined;
}

function textColour(wish: string | undefined, background: Rgb): Rgb {
  if (wish !== undefined) return parseColour(wish)!;
  const usual = parseColour(DEFAULT_LOOK.text)!;
  return readableOn(background)[0] > 128 ? usual : readableOn(background);
}

function clockOf({ timestamp }: ParsedMessage, context: ViewContext): string {
  if (timestamp === undefined || timestamp === false) return "";
  return timeOfDay(timestamp === true ? context.atMs : timestamp.getTime(), context);
}

/** All moves on at the full minute, so that a screen need be painted once in a minute. */
function returnOf(
  { estimatedReturn, timestamp }: ParsedMessage,
  context: ViewContext,
): { returnTime: string; countdown: string } {
  if (estimatedReturn === undefined) return { returnTime: "", countdown: "" };
  const { catalogue, atMs } = context;
  const backMs = estimatedReturn.getTime();
  const time = timeOfDay(backMs, context, backMs - atMs > DAY_MS);
  const returnTime = fillIn(catalogue.back_at, { time });
  // On a screen that nobody paints anew a countdown would be wrong a minute later.
  if (timestamp !== true) return { returnTime, countdown: "" };
  const minutes = Math.ceil(backMs / MINUTE_MS) - Math.floor(atMs / MINUTE_MS);
  if (minutes <= 1) return { returnTime: sentence(catalogue.any_moment), countdown: "" };
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return { returnTime, countdown: "" };
  const values = { hours, minutes: minutes % 60 };
  return { returnTime, countdown: fillIn(hours === 0 ? catalogue.in_minutes : catalogue.in_hours, values) };
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function timeOfDay(ms: number, { catalogue, timeZone }: ViewContext, withDay = false): string {
  const options = { hour: "2-digit", minute: "2-digit", timeZone } as const;
  const format = new Intl.DateTimeFormat(
    catalogue.language,
    withDay ? { ...options, weekday: "short" } : options,
  );
  return format.format(ms);
}
