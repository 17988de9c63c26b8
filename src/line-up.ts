import { rational } from "./base/rational.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import { parseFrameRate } from "./config/frame-rate.ts";
import type { Config } from "./config/schema.ts";
import type { Screens } from "./error-screens/screens.ts";
import type { SourceAddress } from "./ffmpeg/source-address.ts";
import type { LibraryChannel } from "./library/scan.ts";
import type { LineUpSubtitles } from "./line-up-subtitles.ts";
import { commonestRate } from "./media/frame-rates.ts";
import { type HouseFormat, houseFormat, withTotalRate } from "./media/house-format.ts";
import { LoopSchedule } from "./playout/loop-schedule.ts";
import type { LiveFacts } from "./source/live-facts.ts";
import { type MediaFile, planItem } from "./source/open-encoder.ts";
import {
  LIVE_CHANNEL_SECONDS,
  type MediaWithPlaces,
  type PlacesPlan,
  planPlaces,
} from "./source/plan-places.ts";
import type { LiveInput, OpenSource, PlayItem } from "./source/source.ts";

/** House rate of a channel whose files have no say in it (`fps: auto`). */
const DEFAULT_RATE = rational(30);

/** What channels are made with. */
export interface ChannelParts {
  readonly screens: Screens;
  /** What is burnt in. */
  readonly subtitles: Pick<LineUpSubtitles, "settings">;
  /** What was last known of a source. */
  readonly liveFacts: Pick<LiveFacts, "known">;
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
  const known = (address: SourceAddress) => parts.liveFacts.known(address);
  const format = withTotalRate(channelFormat(channel.media, config, known), targetBps());
  const formatNow = () => withTotalRate(format, targetBps());
  const isAlone = channel.media.length === 1;
  const slotSeconds = isAlone ? LIVE_CHANNEL_SECONDS : config.live_sources.slot_minutes * 60;
  const plan = planner(config, parts, slotSeconds);
  const { id, number, name } = channel;
  return {
    ...{ id, number, name, format },
    schedule: new LoopSchedule(channel.media.map((media) => plan(media, format))),
    open: parts.opener(formatNow),
    openScreens: () => parts.screens.open({ id, number, name }, formatNow),
  };
}

/** Plans files and addresses as the configuration wishes; `slotSeconds` is how long those without an end are on. */
export function planner(
  config: Config,
  { subtitles, liveFacts }: Pick<ChannelParts, "subtitles" | "liveFacts">,
  slotSeconds = LIVE_CHANNEL_SECONDS,
): (media: MediaFile & Partial<MediaWithPlaces>, format: HouseFormat) => PlayItem {
  const { preferred_languages, loudness, loudness_target_lufs } = config.audio;
  const preferences = {
    audioLanguages: preferred_languages,
    loudnessTargetLufs: loudness === "off" ? undefined : loudness_target_lufs,
    subtitles: subtitles.settings,
  };
  const known = (address: SourceAddress) => liveFacts.known(address);
  const plan: PlacesPlan = { preferences, known, slotSeconds, live: liveInput(config) };
  return ({ places, ...media }, format) =>
    places ? planPlaces({ ...media, places }, format, plan) : planItem(media, format, preferences);
}

function liveInput({ channels, live_sources: keys }: Config): LiveInput {
  const watch = {
    frozenSeconds: keys.freeze_seconds,
    blackSeconds: keys.black_seconds,
    silentSeconds: keys.silence_seconds,
  };
  const isWatched = Object.values(watch).some((seconds) => seconds > 0);
  return {
    delayMs: Math.min(keys.live_delay_seconds, channels.lead_seconds) * 1000,
    ...(isWatched ? { watch } : {}),
  };
}

/** The house format of a channel with these media. */
export function channelFormat(
  media: LibraryChannel["media"],
  config: Config,
  known: PlacesPlan["known"] = () => undefined,
): HouseFormat {
  const choice = config.house_format;
  const rates = media.flatMap(({ facts: own, places: [first] = [] }) => {
    const facts = first && "address" in first ? (known(first.address) ?? own) : own;
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
