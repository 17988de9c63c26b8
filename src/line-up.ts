import { rational } from "./base/rational.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import { parseFrameRate } from "./config/frame-rate.ts";
import type { Config } from "./config/schema.ts";
import type { Screens } from "./error-screens/screens.ts";
import type { LibraryChannel } from "./library/scan.ts";
import type { LineUpSubtitles } from "./line-up-subtitles.ts";
import { commonestRate } from "./media/frame-rates.ts";
import { type HouseFormat, houseFormat, withTotalRate } from "./media/house-format.ts";
import { LoopSchedule } from "./playout/loop-schedule.ts";
import { type MediaFile, planItem } from "./source/open-encoder.ts";
import type { OpenSource, PlayItem } from "./source/source.ts";

/** House rate of a channel whose files have no say in it (`fps: auto`). */
const DEFAULT_RATE = rational(30);

/** What channels are made with. */
export interface ChannelParts {
  readonly screens: Screens;
  /** What is burnt in. */
  readonly subtitles: Pick<LineUpSubtitles, "settings">;
  /** How items are opened, in the house format that is asked for at each start of an encoder. */
  opener(format: () => HouseFormat): OpenSource;
}

/**
 * Makes a channel of what the library found: its house format, its planned items, its screens, and how items are
 * opened: each encoder run fits the rate that `targetBps` gives when it is started.
 */
export function defineChannel(
  channel: LibraryChannel,
  config: Config,
  targetBps: () => number,
  parts: ChannelParts,
): ChannelDefinition {
  const format = withTotalRate(channelFormat(channel.media, config), targetBps());
  const formatNow = () => withTotalRate(format, targetBps());
  const plan = planner(config, parts.subtitles.settings);
  const { id, number, name } = channel;
  return {
    ...{ id, number, name, format },
    schedule: new LoopSchedule(channel.media.map((media) => plan(media, format))),
    open: parts.opener(formatNow),
    openScreens: () => parts.screens.open({ id, number, name }, formatNow),
  };
}

/** Plans files as the configuration wishes. */
export function planner(
  config: Config,
  subtitles: LineUpSubtitles["settings"],
): (media: MediaFile, format: HouseFormat) => PlayItem {
  const { preferred_languages, loudness, loudness_target_lufs } = config.audio;
  const preferences = {
    audioLanguages: preferred_languages,
    loudnessTargetLufs: loudness === "off" ? undefined : loudness_target_lufs,
    subtitles,
  };
  return (media, format) => planItem(media, format, preferences);
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
