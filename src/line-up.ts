import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "./base/clock.ts";
import { AppError } from "./base/errors.ts";
import type { Log } from "./base/log.ts";
import { rational } from "./base/rational.ts";
import type { Scope } from "./base/scope.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import { parseFrameRate } from "./config/frame-rate.ts";
import type { Config } from "./config/schema.ts";
import type { ErrorScreen } from "./error-screens/error-screen.ts";
import { ErrorScreenGenerator } from "./error-screens/generator.ts";
import { ScreenSettings } from "./error-screens/settings.ts";
import type { LibraryChannel } from "./library/scan.ts";
import { commonestRate } from "./media/frame-rates.ts";
import { type HouseFormat, houseFormat, withTotalRate } from "./media/house-format.ts";
import { ScreenReason } from "./media/screen-modes.ts";
import { LoopSchedule } from "./playout/loop-schedule.ts";
import type { EncoderChoice } from "./source/encoder-choice.ts";
import { type EncoderSurroundings, openEncoder, type PaintedStill, planItem } from "./source/open-encoder.ts";

/** House rate of a channel whose files have no say in it (`fps: auto`). */
const DEFAULT_RATE = rational(30);

/**
 * Makes a channel of what the library found: its house format, its planned items, and how they are opened: each
 * encoder run fits the rate that `targetBps` gives when it is started.
 */
export async function defineChannel(
  channel: LibraryChannel,
  config: Config,
  targetBps: () => number,
  surroundings: EncoderSurroundings,
  screens: Screens,
  choice: EncoderChoice,
): Promise<ChannelDefinition> {
  const format = withTotalRate(channelFormat(channel.media, config), targetBps());
  const { preferred_languages, loudness, loudness_target_lufs } = config.audio;
  const preferences = {
    audioLanguages: preferred_languages,
    loudnessTargetLufs: loudness === "off" ? undefined : loudness_target_lufs,
  };
  const { id, number, name } = channel;
  return {
    ...{ id, number, name, format },
    schedule: new LoopSchedule(channel.media.map((media) => planItem(media, format, preferences))),
    open: (item, cue) => openEncoder(surroundings, withTotalRate(format, targetBps()), choice)(item, cue),
    filler: (await screens.standby(channel, format)).pictures,
  };
}

/** The house format of a channel with these media. */
export function channelFormat(media: LibraryChannel["media"], config: Config): HouseFormat {
  const choice = config.house_format;
  const rates = media.flatMap(({ facts }) => {
    const rate = facts.video?.frameRate;
    return rate ? [{ framesPerSecond: rate.num / rate.den, seconds: facts.durationSeconds }] : [];
  });
  return houseFormat({
    width: choice.width,
    height: choice.height,
    fps: choice.fps === "auto" ? (commonestRate(rates) ?? DEFAULT_RATE) : parseFrameRate(choice.fps),
    gopSeconds: choice.gop_seconds,
    totalBps: config.stream_throttler.target_bitrate_bps,
    audioBps: choice.audio_bitrate_bps,
  });
}

/** The folder for files that are needed for moments; what a crash left there is nobody's any more. */
export async function emptyWorkFolder(dataFolder: string): Promise<string> {
  const folder = join(dataFolder, "work");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

/** What a server makes screens with. */
export interface ScreenMakingOptions {
  readonly config: Config;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Opens the server's generator of screens; it closes with the scope. Throws `config_invalid`. */
export function openScreens(
  { config, dataFolder, clock, log }: ScreenMakingOptions,
  ffmpeg: string,
  folder: string,
  scope: Scope,
): Screens {
  const onNotice = (notice: string) => log.warn({ notice }, "name of an older release in error_screens");
  const settings = new ScreenSettings(config.error_screens, onNotice);
  const generator = new ErrorScreenGenerator({
    ...{ clock, folder, onNotice, catalogue: settings.catalogue },
    ffmpeg: async () => ffmpeg,
    cacheFolder: join(dataFolder, "cache", "screens"),
    onFailure: (err) => log.warn({ err }, "error screens: a failure that is survived"),
  });
  scope.defer(() => generator.close());
  return new Screens(generator, settings);
}

/** The pictures of a server's channels: what is shown in place of a programme, and above sound that has none. */
export class Screens {
  readonly generator: ErrorScreenGenerator;
  readonly settings: ScreenSettings;

  constructor(generator: ErrorScreenGenerator, settings: ScreenSettings) {
    this.generator = generator;
    this.settings = settings;
  }

  /** What a channel shows while no source delivers; without the configured pictures where they are of no use. */
  async standby(channel: LibraryChannel, format: HouseFormat): Promise<ErrorScreen> {
    const facts = { channelName: channel.name, channelNumber: channel.number };
    // Whatever is switched off: something has to be shown.
    const wanted = this.settings.for(ScreenReason.RECOVERING, facts);
    const { message, config } = wanted ?? {
      message: { ...facts, title: "" },
      config: this.settings.defaults,
    };
    try {
      return await this.generator.render(message, config, format);
    } catch (failure) {
      if (!(failure instanceof AppError) || failure.code !== "picture_refused") throw failure;
      this.generator.report(failure);
      const { image, logo, font, ...others } = config;
      return this.generator.render(message, others, format);
    }
  }

  /** The title of something that is only heard; undefined, and told, when it cannot be painted. */
  async title(title: string, format: HouseFormat): Promise<PaintedStill | undefined> {
    try {
      return await this.generator.paintTitle(title, this.settings.defaults, format);
    } catch (failure) {
      this.generator.report(failure);
      return undefined;
    }
  }
}
