import { rational } from "./base/rational.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import { parseFrameRate } from "./config/frame-rate.ts";
import type { Config } from "./config/schema.ts";
import { renderStandby } from "./error-screens/standby.ts";
import type { LibraryChannel } from "./library/scan.ts";
import { commonestRate } from "./media/frame-rates.ts";
import type { Gop } from "./media/gop.ts";
import { type HouseFormat, houseFormat, withTotalRate } from "./media/house-format.ts";
import { LoopSchedule } from "./playout/loop-schedule.ts";
import type { EncoderChoice } from "./source/encoder-choice.ts";
import { type EncoderSurroundings, openEncoder, planItem } from "./source/open-encoder.ts";

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
  standby: StandbyPictures,
  choice: EncoderChoice,
): Promise<ChannelDefinition> {
  const format = withTotalRate(channelFormat(channel.media, config), targetBps());
  const { preferred_languages, loudness, loudness_target_lufs } = config.audio;
  const preferences = {
    audioLanguages: preferred_languages,
    loudnessTargetLufs: loudness === "off" ? undefined : loudness_target_lufs,
  };
  const items = await Promise.all(
    channel.media.map((media) => planItem(media, format, surroundings.folder, preferences)),
  );
  return {
    ...{ id: channel.id, number: channel.number, name: channel.name, format },
    schedule: new LoopSchedule(items),
    open: (item, cue) => openEncoder(surroundings, withTotalRate(format, targetBps()), choice)(item, cue),
    filler: await standby.of(format),
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

/** The standby picture of each house format, rendered once. */
export class StandbyPictures {
  readonly #surroundings: EncoderSurroundings;
  readonly #rendered = new Map<string, Promise<Gop[]>>();

  constructor(surroundings: EncoderSurroundings) {
    this.#surroundings = surroundings;
  }

  of(format: HouseFormat): Promise<Gop[]> {
    const key = JSON.stringify(format);
    const rendered = this.#rendered.get(key) ?? renderStandby(this.#surroundings, format);
    this.#rendered.set(key, rendered);
    return rendered;
  }
}
