import { z } from "zod";
import { LOG_LEVELS } from "../base/log.ts";
import {
  AUDIO_MODES,
  OLDER_AUDIO_MODES,
  OLDER_VISUAL_MODES,
  SCREEN_REASONS,
  VISUAL_MODES,
} from "../media/screen-modes.ts";
import { VIDEO_ENCODERS } from "../media/video-encoders.ts";

/** How released bytes are paced; docs of each mode: the design's table of throttle modes. */
export const THROTTLE_MODES = ["realtime", "burst", "adaptive", "disabled"] as const;

/** One of the throttle modes. */
export type ThrottleMode = (typeof THROTTLE_MODES)[number];

/**
 * When a changed value takes effect: at the next reload (`live`), when the server is started again (`restart`), or
 * not before the part that it belongs to is built (`later`).
 */
export type Applies = "live" | "restart" | "later";

/** What a key says of itself beside its type, default and description. */
interface KeyMeta {
  readonly applies: Applies;
  /** The version that introduced the key. */
  readonly since: string;
  /** What may be written, in words, where the schema alone does not say it well. */
  readonly words?: string;
  readonly [name: string]: unknown;
}

const LIVE: KeyMeta = { applies: "live", since: "0.1" };
const RESTART: KeyMeta = { applies: "restart", since: "0.1" };
const LATER: KeyMeta = { applies: "later", since: "0.1" };

/** A whole number from `min` to `max`. */
const whole = (min: number, max: number) => z.int().min(min).max(max);

/** A real number from `min` to `max`. */
const real = (min: number, max: number) => z.number().min(min).max(max);

/** A picture dimension in pixels: even, as 4:2:0 chroma needs. */
const pixels = () => z.int().min(16).max(7680).multipleOf(2);

const server = z.strictObject({
  host: z
    .string()
    .min(1)
    .default("0.0.0.0")
    .describe("Address to listen on; 127.0.0.1 keeps the server to this machine.")
    .meta(RESTART),
  port: whole(0, 65_535).default(8411).describe("TCP port to listen on; 0 takes any free one.").meta(RESTART),
});

const ffmpeg = z.strictObject({
  path: z.string().default("").describe("The ffmpeg program; empty looks on PATH.").meta(RESTART),
  ffprobe_path: z.string().default("").describe("The ffprobe program; empty looks on PATH.").meta(RESTART),
  encoder: z
    .enum(["auto", ...VIDEO_ENCODERS])
    .default("libx264")
    .describe(
      "What encodes the picture. libx264 is software; auto takes the first hardware encoder that works here. When hardware fails, software takes over.",
    )
    .meta(RESTART),
});

const houseFormat = z.strictObject({
  width: pixels().default(1280).describe("Width of every channel's picture in pixels, even.").meta(RESTART),
  height: pixels().default(720).describe("Height of every channel's picture in pixels, even.").meta(RESTART),
  fps: z
    .union([z.literal("auto"), real(10, 120)], { error: 'expected a frame rate from 10 to 120, or "auto"' })
    .default(30)
    .describe(
      "Frames per second. 23.976, 29.97 and 59.94 mean the exact NTSC rates; auto takes the commonest rate of the channel's media.",
    )
    .meta(RESTART),
  gop_seconds: real(0.5, 2)
    .default(1)
    .describe(
      "Length of a group of pictures in seconds: how often a viewer can join and a source can change.",
    )
    .meta(RESTART),
  audio_bitrate_bps: whole(32_000, 320_000)
    .default(128_000)
    .describe("Rate of the AAC audio in bit/s.")
    .meta(RESTART),
});

const channels = z.strictObject({
  lead_seconds: real(4, 60)
    .default(8)
    .describe(
      "How far sources run ahead of what is on air, in seconds: the time a failure has to be repaired unseen.",
    )
    .meta(RESTART),
  ring_seconds: real(4, 120)
    .default(12)
    .describe(
      "How much of the released stream is kept for viewers in seconds; a viewer further behind is moved on.",
    )
    .meta(RESTART),
  linger_seconds: real(0, 86_400)
    .default(30)
    .describe("How long a channel keeps running after its last viewer left, in seconds.")
    .meta(LIVE),
});

const library = z.strictObject({
  folder: z
    .string()
    .default("")
    .describe("The media folder: each sub-folder with media is a channel. Empty: none.")
    .meta(RESTART),
  probe_concurrency: whole(1, 32)
    .default(2)
    .describe("How many files are examined at the same time.")
    .meta(RESTART),
});

const audio = z.strictObject({
  preferred_languages: z
    .array(z.string().regex(/^[A-Za-z]{2,3}$/, "expected an ISO 639 code, for instance de or deu"))
    .max(20)
    .default([])
    .describe(
      "Languages of the sound, the most wanted first, as ISO 639 codes. Without one, or where a file has none of them, the file's default is heard; commentaries only when there is nothing else.",
    )
    .meta(RESTART),
  loudness: z
    .enum(["off", "ebu_r128"])
    .default("off")
    .describe(
      "off: each file as loud as it is. ebu_r128: all equally loud; each file is listened through once, when it is found, which takes some time at the first start.",
    )
    .meta(RESTART),
  loudness_target_lufs: real(-31, -14)
    .default(-23)
    .describe("Loudness of all sound in LUFS: -23 as in European broadcasting, -16 as on the web.")
    .meta(RESTART),
});

const sessionManager = z.strictObject({
  max_sessions_per_channel: whole(1, 100_000)
    .default(50)
    .describe("Viewers that one channel takes at once.")
    .meta(LATER),
  idle_timeout_seconds: real(1, 86_400)
    .default(300)
    .describe("A viewer that has taken no data for this many seconds is disconnected.")
    .meta(LIVE),
  cleanup_interval_seconds: real(1, 3600)
    .default(60)
    .describe("Seconds between two looks for idle viewers.")
    .meta(LATER),
});

const streamThrottler = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe("Whether delivery is paced; false is the same as mode: disabled.")
    .meta(LATER),
  target_bitrate_bps: whole(800_000, 100_000_000)
    .default(4_000_000)
    .describe("Rate of a channel's whole transport stream in bit/s.")
    .meta(RESTART),
  mode: z
    .enum(THROTTLE_MODES)
    .default("realtime")
    .describe(
      "realtime (constant rate), burst (fast start, then media rate), adaptive (per viewer) or disabled.",
    )
    .meta(LATER),
});

/** A colour, or nothing: the built-in one. The names are CSS's basic ones. */
const colourWords = z
  .string()
  .regex(
    /^(?:|#(?:[0-9a-fA-F]{3}){1,2}|black|silver|gr[ae]y|white|maroon|red|purple|fuchsia|magenta|green|lime|olive|yellow|orange|navy|blue|teal|aqua|cyan)$/,
    "expected a colour: #rrggbb in quotes, or a basic name such as navy",
  );
const colour = () => colourWords.default("");
const COLOUR: KeyMeta = { ...RESTART, words: "colour (#rrggbb in quotes, or a basic name such as navy)" };

const visualMode = z.enum([...VISUAL_MODES, ...names(OLDER_VISUAL_MODES)]);
const audioMode = z.enum([...AUDIO_MODES, ...names(OLDER_AUDIO_MODES)]);

function names<Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(table) as Name[];
}

const errorScreens = z.strictObject({
  visual_mode: visualMode
    .default("text")
    .describe(
      "What a screen shows: text (words on a backdrop), static (a picture, or the channel's sign), test_pattern (SMPTE colour bars) or slate (words on one colour). The other names are of older releases.",
    )
    .meta({ ...RESTART, words: VISUAL_MODES.join(", ") }),
  audio_mode: audioMode
    .default("silent")
    .describe(
      "What it sounds like: silent, sine_wave (440 Hz), white_noise, or beep (short, every two seconds).",
    )
    .meta({ ...LATER, words: AUDIO_MODES.join(", ") }),
  volume: real(-60, -6).default(-20).describe("Level of tone, noise and beep in dBFS.").meta(LATER),
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
    .meta(RESTART),
  logo: z.string().default("").describe("Logo that is shown in place of the channel's number.").meta(RESTART),
  font: z
    .string()
    .default("")
    .describe("TrueType or OpenType file that is preferred to the built-in font, for instance for Chinese.")
    .meta(RESTART),
  font_size: real(24, 200)
    .default(104)
    .describe("Size of a short title in pixels of a picture of 1080 lines; longer titles are set smaller.")
    .meta(RESTART),
  catalogue: z
    .string()
    .default("")
    .describe("JSON file with the words in another language; see the guide.")
    .meta(RESTART),
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
    .meta({ ...LATER, words: "a map of reasons" }),
});

const aiAutoHeal = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe("Whether failures are diagnosed and repaired without an operator.")
    .meta(LATER),
  use_error_screen_fallback: z
    .boolean()
    .default(true)
    .describe("Whether an error screen goes on air while a source is away.")
    .meta(LATER),
  hot_swap_enabled: z
    .boolean()
    .default(true)
    .describe("Whether a repair may replace a source while it is on air.")
    .meta(LATER),
});

const databaseBackup = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether the database is backed up regularly.").meta(LATER),
  interval_hours: real(0.1, 8760).default(24).describe("Hours between two backups.").meta(LATER),
  keep_count: whole(1, 1000)
    .default(7)
    .describe("How many backups are kept; the oldest is deleted first.")
    .meta(LATER),
  compress: z.boolean().default(true).describe("Whether backups are compressed with gzip.").meta(LATER),
});

const log = z.strictObject({
  level: z
    .enum(LOG_LEVELS)
    .default("info")
    .describe("The least severe kind of message that is written.")
    .meta(LIVE),
});

/** The whole configuration: every key with its bounds, default and description; unknown keys are refused. */
export const CONFIG_SCHEMA = z.strictObject({
  server: server.prefault({}).describe("Where the server listens."),
  ffmpeg: ffmpeg.prefault({}).describe("The programs that decode and encode."),
  house_format: houseFormat
    .prefault({})
    .describe("The one format in which every source of a channel delivers."),
  channels: channels.prefault({}).describe("How far channels work ahead and how long they keep running."),
  library: library.prefault({}).describe("Media on disk."),
  audio: audio.prefault({}).describe("Which sound of a file is heard, and how."),
  session_manager: sessionManager
    .prefault({})
    .describe("Who may watch, and for how long without taking data."),
  stream_throttler: streamThrottler.prefault({}).describe("How fast bytes leave the server."),
  error_screens: errorScreens
    .prefault({})
    .describe(
      "What viewers see while there is no programme. Look at it with `/api/error-screens/preview.png`.",
    ),
  ai_auto_heal: aiAutoHeal.prefault({}).describe("Repairs without an operator."),
  database_backup: databaseBackup.prefault({}).describe("Regular copies of the database."),
  log: log.prefault({}).describe("What the server writes about itself."),
});

/** A complete, valid configuration. */
export type Config = z.output<typeof CONFIG_SCHEMA>;

/** What may be written in a file or handed over: every section and key optional. */
export type ConfigInput = z.input<typeof CONFIG_SCHEMA>;

/** The address of one key: section, then name. */
export type ConfigPath = {
  [Section in keyof Config]: readonly [Section, keyof Config[Section] & string];
}[keyof Config];
