import { z } from "zod";
import {
  AUDIO_MODES,
  OLDER_AUDIO_MODES,
  OLDER_VISUAL_MODES,
  SCREEN_REASONS,
  VISUAL_MODES,
} from "../media/screen-modes.ts";
import { type KeyMeta, LIVE, real, whole } from "./key-parts.ts";

/** A colour, or nothing: the built-in one. The names are CSS's basic ones. */
const colourWords = z
  .string()
  .regex(
    /^(?:|#(?:[0-9a-fA-F]{3}){1,2}|black|silver|gr[ae]y|white|maroon|red|purple|fuchsia|magenta|green|lime|olive|yellow|orange|navy|blue|teal|aqua|cyan)$/,
    "expected a colour: #rrggbb in quotes, or a basic name such as navy",
  );
const colour = () => colourWords.default("");
const COLOUR: KeyMeta = { ...LIVE, words: "colour (#rrggbb in quotes, or a basic name such as navy)" };

const visualMode = z.enum([...VISUAL_MODES, ...names(OLDER_VISUAL_MODES)]);
const audioMode = z.enum([...AUDIO_MODES, ...names(OLDER_AUDIO_MODES)]);

function names<Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(table) as Name[];
}

/** The section `error_screens`. */
export const errorScreens = z.strictObject({
  visual_mode: visualMode
    .default("text")
    .describe(
      "What a screen shows: text (words on a backdrop), static (a picture, or the channel's sign), test_pattern (SMPTE colour bars) or slate (words on one colour). The other names are of older releases.",
    )
    .meta({ ...LIVE, words: VISUAL_MODES.join(", ") }),
  audio_mode: audioMode
    .default("silent")
    .describe(
      "What it sounds like: silent, sine_wave (440 Hz), white_noise, or beep (short, every two seconds).",
    )
    .meta({ ...LIVE, words: AUDIO_MODES.join(", ") }),
  volume: real(-60, -6).default(-20).describe("Level of tone, noise and beep in dBFS.").meta(LIVE),
  background_color: colour().describe("Colour behind the words.").meta(COLOUR),
  text_color: colour()
    .describe("Colour of the words; empty takes one that can be read on the background.")
    .meta(COLOUR),
  accent_color: colour().describe("Colour of the channel's number and of ornaments.").meta(COLOUR),
  image: z
    .string()
    .default("")
    .describe(
      "Picture that fills the screen in mode static: a PNG, JPEG, WebP or GIF file of at most 10 MiB and 40 million pixels.",
    )
    .meta(LIVE),
  logo: z.string().default("").describe("Logo that is shown in place of the channel's number.").meta(LIVE),
  font: z
    .string()
    .default("")
    .describe("TrueType or OpenType file that is preferred to the built-in font, for instance for Chinese.")
    .meta(LIVE),
  font_size: real(24, 200)
    .default(104)
    .describe("Size of a short title in pixels of a picture of 1080 lines; longer titles are set smaller.")
    .meta(LIVE),
  session_limit_seconds: whole(0, 60)
    .default(0)
    .describe(
      "How long a player that is one too many is shown a picture that says so; 0 answers it with 503, which most players and recorders understand better. Programs that accept JSON get the 503 in any case.",
    )
    .meta(LIVE),
  catalogue: z
    .string()
    .default("")
    .describe("JSON file with the words in another language; see the guide.")
    .meta(LIVE),
  reasons: z
    .partialRecord(
      z.enum(SCREEN_REASONS),
      z.strictObject({
        enabled: z.boolean().optional(),
        title: z.string().max(500).optional(),
        subtitle: z.string().max(500).optional(),
        visual_mode: visualMode.optional(),
        audio_mode: audioMode.optional(),
        background_color: colourWords.optional(),
        accent_color: colourWords.optional(),
        image: z.string().optional(),
      }),
    )
    .default({})
    .describe(
      `What is different for one reason (${SCREEN_REASONS.join(", ")}): enabled, title, subtitle, visual_mode, audio_mode, background_color, accent_color, image.`,
    )
    .meta({ ...LIVE, words: "a map of reasons" }),
});
