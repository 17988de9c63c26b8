import { z } from "zod";
import { AppError } from "../base/errors.ts";
import {
  AUDIO_MODES,
  type ErrorAudioMode,
  type ErrorVisualMode,
  OLDER_AUDIO_MODES,
  OLDER_VISUAL_MODES,
  VISUAL_MODES,
} from "../media/screen-modes.ts";
import { parseColour } from "./colours.ts";

/** What an error screen says. Any text will do: it is shown, never interpreted, and shortened where it is too long. */
export interface ErrorScreenMessage {
  readonly title: string;
  readonly subtitle?: string;
  readonly channelName?: string;
  readonly channelNumber?: number | string;
  /** The time of day that is shown: a moment, or `true` for now, whenever that is. Default none. */
  readonly timestamp?: Date | number | string | boolean;
  /** When the programme is expected back; with `timestamp: true` it is counted down to. */
  readonly estimatedReturn?: Date | number | string;
  /** Shown small, for those who are asked for it. */
  readonly errorCode?: string;
}

/** How an error screen looks and sounds; what is left out is as configured. */
export interface ErrorScreenConfig {
  readonly visualMode?: ErrorVisualMode;
  readonly audioMode?: ErrorAudioMode;
  /** Colours: `#rgb`, `#rrggbb` or a basic CSS name. Without a colour of text one is taken that can be read. */
  readonly backgroundColor?: string;
  readonly textColor?: string;
  readonly accentColor?: string;
  /** Path of a PNG, JPEG, WebP or GIF that fills the screen in mode `static`. */
  readonly image?: string;
  /** Path of the channel's logo. */
  readonly logo?: string;
  /** Path of a TrueType or OpenType font. */
  readonly font?: string;
  /** Size of the title in pixels of a picture of 1080 lines, 24 … 200. */
  readonly fontSize?: number;
  /** Level of tone, noise and beep in dBFS (AES17: 0 is a sine that just fits), −60 … −6. */
  readonly volume?: number;
}

/** Takes a sentence about a name of an older release that was understood. */
export type OnNotice = (text: string) => void;

const moment = z
  .union([z.date(), z.number(), z.string()])
  .transform((value) => new Date(value))
  .refine((value) => !Number.isNaN(value.getTime()), "expected a time, for instance 2026-05-01T21:45:00Z");
const text = z.string().max(10_000);
const colour = z
  .string()
  .refine(
    (value) => parseColour(value) !== undefined,
    "expected a colour: #rrggbb or a basic name, for instance navy",
  );
const path = z.string().min(1).max(4096);

const MESSAGE = z.strictObject({
  title: text,
  subtitle: text.optional(),
  channelName: text.optional(),
  channelNumber: z.union([z.number(), z.string().max(20)]).optional(),
  timestamp: z.union([z.boolean(), moment]).optional(),
  estimatedReturn: moment.optional(),
  errorCode: text.optional(),
});

const CONFIG = z.strictObject({
  visualMode: z.enum(VISUAL_MODES).optional(),
  audioMode: z.enum(AUDIO_MODES).optional(),
  backgroundColor: colour.optional(),
  textColor: colour.optional(),
  accentColor: colour.optional(),
  image: path.optional(),
  logo: path.optional(),
  font: path.optional(),
  fontSize: z.number().min(24).max(200).optional(),
  volume: z.number().min(-60).max(-6).optional(),
});

/** A message whose moments have been understood. */
export type ParsedMessage = z.output<typeof MESSAGE>;

/** Checks a message, in camelCase or snake_case. Throws `error_screen_invalid`. */
export function parseMessage(input: unknown): ParsedMessage {
  return check(MESSAGE, withCamelKeys(input));
}

/**
 * Checks a configuration, in camelCase or snake_case; names of older releases are understood, with a notice.
 * Throws `error_screen_invalid`, with every fault.
 */
export function parseScreenConfig(input: unknown, onNotice: OnNotice): ErrorScreenConfig {
  const values = withCamelKeys(input);
  if (typeof values !== "object" || values === null) return check(CONFIG, values);
  return check(CONFIG, withoutOlderNames(values as Record<string, unknown>, onNotice));
}

function modeNamed(name: string, older: Readonly<Record<string, string>>, onNotice: OnNotice): string {
  const now = Object.hasOwn(older, name) ? older[name] : undefined;
  if (now !== undefined) onNotice(`"${name}" is the name of an older release: it is "${now}" now.`);
  return now ?? name;
}

function withoutOlderNames(given: Record<string, unknown>, onNotice: OnNotice): Record<string, unknown> {
  const { customImagePath, audioVolume, ...values } = given;
  const { visualMode, audioMode } = values;
  if (visualMode === "black" || visualMode === "blank") values.backgroundColor ??= "#000000";
  if (typeof visualMode === "string") values.visualMode = modeNamed(visualMode, OLDER_VISUAL_MODES, onNotice);
  if (typeof audioMode === "string") values.audioMode = modeNamed(audioMode, OLDER_AUDIO_MODES, onNotice);
  if (typeof customImagePath === "string") {
    onNotice('"custom_image_path" is the name of an older release: it is "image" now.');
    values.image ??= customImagePath;
  }
  if (typeof audioVolume === "number") {
    onNotice('"audio_volume" is of an older release: it is "volume", in dBFS, now.');
    values.volume ??= Math.min(-6, Math.max(-60, 20 * Math.log10(Math.max(audioVolume, 1e-6))));
  }
  return values;
}

function withCamelKeys(input: unknown): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const entries = Object.entries(input).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [camel(name), value]));
}

function check<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const name = issue.path.join(".");
    return name === "" ? issue.message : `${name}: ${issue.message}`;
  });
  throw new AppError("error_screen_invalid", faults.join("; "));
}
