import { isIP } from "node:net";
import { z } from "zod";
import { LOG_LEVELS } from "../base/log.ts";
import { VIDEO_ENCODERS } from "../media/video-encoders.ts";
import { encoders } from "./encoder-keys.ts";
import { health } from "./health-keys.ts";
import { LATER, LIVE, RESTART, real, whole } from "./key-parts.ts";
import { liveSources } from "./live-keys.ts";
import { processKeys } from "./process-keys.ts";
import { errorScreens } from "./screen-keys.ts";

/** How released bytes are paced; docs of each mode: the design's table of throttle modes. */
export const THROTTLE_MODES = ["realtime", "burst", "adaptive", "disabled"] as const;

/** One of the throttle modes. */
export type ThrottleModeName = (typeof THROTTLE_MODES)[number];

/** Bounds of a channel's rate in bit/s. */
export const MIN_TARGET_BPS = 800_000;
export const MAX_TARGET_BPS = 100_000_000;

/** A picture dimension in pixels: even, as 4:2:0 chroma needs. */
const pixels = () => z.int().min(16).max(7680).multipleOf(2);

/** Whether a text is an IP address, or a network of such (CIDR). */
function isNetwork(text: string): boolean {
  const [address = "", prefix, ...more] = text.split("/");
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (bits < 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}

/** Languages in the order of preference. */
const languages = () =>
  z
    .array(z.string().regex(/^[A-Za-z]{2,3}$/, "expected an ISO 639 code, for instance de or deu"))
    .max(20)
    .default([]);

const server = z.strictObject({
  host: z
    .string()
    .min(1)
    .default("0.0.0.0")
    .describe("Address to listen on; 127.0.0.1 keeps the server to this machine.")
    .meta(RESTART),
  port: whole(0, 65_535).default(8411).describe("TCP port to listen on; 0 takes any free one.").meta(RESTART),
  trusted_proxies: z
    .array(z.string().refine(isNetwork, "expected an address or a network, for instance 10.0.0.0/8"))
    .max(50)
    .default([])
    .describe(
      "Proxies whose X-Forwarded-For is believed, as addresses or networks (CIDR). Without any, a viewer's address is that of its connection.",
    )
    .meta(RESTART),
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

const onDemand = z.strictObject({
  max_encoders: whole(0, 1000)
    .default(2)
    .describe(
      "Files that are played on demand (/vod/…) at the same time; each has an encoder of its own, beside those of the channels. 0 offers none.",
    )
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
  preferred_languages: languages()
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

const subtitles = z.strictObject({
  burn_in: z
    .enum(["off", "forced", "preferred"])
    .default("off")
    .describe(
      "Subtitles that become part of the picture. forced: only what is foreign to those who understand the sound (tracks marked forced, in the language of the sound). preferred: everything that is said, in one of the preferred languages, or else as forced.",
    )
    .meta(RESTART),
  preferred_languages: languages()
    .describe("Languages of the subtitles, the most wanted first, as ISO 639 codes.")
    .meta(RESTART),
});

const sessionManager = z.strictObject({
  max_sessions_per_channel: whole(1, 100_000)
    .default(50)
    .describe(
      "Viewers that one channel takes at once; further ones are told to try again. Lowering it drops nobody.",
    )
    .meta(LIVE),
  max_sessions_total: whole(1, 1_000_000)
    .default(1000)
    .describe("Viewers that the server takes at once, on all channels and on demand.")
    .meta(LIVE),
  max_errors: whole(1, 10_000)
    .default(10)
    .describe(
      "Errors in a row that end a session. An error is that sending failed, or that a viewer is so slow that not one whole group of pictures reaches it; a group that does is recovery.",
    )
    .meta(LIVE),
  idle_timeout_seconds: real(1, 86_400)
    .default(300)
    .describe("A viewer that has taken no data for this many seconds is disconnected.")
    .meta(LIVE),
  cleanup_interval_seconds: real(1, 3600)
    .default(60)
    .describe(
      "Seconds between two looks for sessions that are left over. Viewers with a connection are looked after all the time.",
    )
    .meta(LIVE),
});

const streamThrottler = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe("Whether delivery is paced; false is the same as mode: disabled.")
    .meta(LIVE),
  target_bitrate_bps: whole(MIN_TARGET_BPS, MAX_TARGET_BPS)
    .default(4_000_000)
    .describe(
      "Rate of a channel's whole transport stream in bit/s: exactly this in realtime mode, the most of it in the others.",
    )
    .meta(LIVE),
  mode: z
    .enum(THROTTLE_MODES)
    .default("realtime")
    .describe(
      "realtime (constant rate), burst (fast start, then media rate), adaptive (per viewer) or disabled.",
    )
    .meta(LIVE),
  burst_seconds: real(0, 60)
    .default(5)
    .describe(
      "How far behind live a new viewer begins in burst and adaptive mode, in seconds; it catches up at up to twice the media's pace, and so has as much in hand. At most three quarters of channels.ring_seconds. A file on demand may be so far ahead of its own clock.",
    )
    .meta(LIVE),
  adaptive_min_factor: real(1, 2)
    .default(1)
    .describe(
      "Adaptive mode: the slowest pace at which a viewer behind live is served; 1 is the media's own.",
    )
    .meta(LIVE),
  adaptive_max_factor: real(1, 2)
    .default(2)
    .describe("Adaptive mode: the fastest pace, with which every viewer begins.")
    .meta(LIVE),
  adaptive_step: real(0.01, 1)
    .default(0.1)
    .describe("Adaptive mode: what is added to the pace after a window in which the viewer took everything.")
    .meta(LIVE),
  adaptive_backoff: real(0.1, 0.95)
    .default(0.7)
    .describe("Adaptive mode: what the pace is multiplied by after a window in which it did not.")
    .meta(LIVE),
  adaptive_window_seconds: real(0.5, 60)
    .default(2)
    .describe("Adaptive mode: how long a viewer is watched before its pace is changed, in seconds.")
    .meta(LIVE),
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
    .describe(
      "Whether an error screen goes on air while a source is away; if not, the last picture is held, in silence.",
    )
    .meta(LIVE),
  hot_swap_enabled: z
    .boolean()
    .default(true)
    .describe(
      "Whether a source may be replaced while it is on air, by a repair or by `POST /api/channels/{channel_id}/swap`.",
    )
    .meta(LIVE),
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
  on_demand: onDemand.prefault({}).describe("Files that are played on demand."),
  library: library.prefault({}).describe("Media on disk."),
  audio: audio.prefault({}).describe("Which sound of a file is heard, and how."),
  subtitles: subtitles.prefault({}).describe("Which subtitles are burnt into the picture."),
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
  health: health
    .prefault({})
    .describe("When a channel is called degraded, unhealthy or failed, and how what it sends is examined."),
  process: processKeys
    .prefault({})
    .describe("How the server watches itself, and how often it is started again."),
  live_sources: liveSources.prefault({}).describe("Streams of other servers, which .strm files name."),
  encoders: encoders
    .prefault({})
    .describe("How many encoders the machine is asked to run, and what is kept free beside them."),
});

/** A complete, valid configuration. */
export type Config = z.output<typeof CONFIG_SCHEMA>;

/** What may be written in a file or handed over: every section and key optional. */
export type ConfigInput = z.input<typeof CONFIG_SCHEMA>;

/** The address of one key: section, then name. */
export type ConfigPath = {
  [Section in keyof Config]: readonly [Section, keyof Config[Section] & string];
}[keyof Config];
