import { rational } from "./base/rational.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import { parseFrameRate } from "./config/frame-rate.ts";
import type { Config } from "./config/schema.ts";
import type { PlainText } from "./error-screens/plain-layout.ts";
import { plainScreen } from "./error-screens/plain-screen.ts";
import { renderStandby } from "./error-screens/standby.ts";
import type { FfmpegTools } from "./ffmpeg/tools.ts";
import type { LibraryChannel } from "./library/scan.ts";
import type { LineUpSubtitles } from "./line-up-subtitles.ts";
import { commonestRate } from "./media/frame-rates.ts";
import type { Gop } from "./media/gop.ts";
import { type HouseFormat, houseFormat, withTotalRate } from "./media/house-format.ts";
import { LoopSchedule } from "./playout/loop-schedule.ts";
import { type EncoderSurroundings, planItem } from "./source/open-encoder.ts";
import type { OpenSource } from "./source/source.ts";

/** House rate of a channel whose files have no say in it (`fps: auto`). */
const DEFAULT_RATE = rational(30);

/** What channels are made with. */
export interface ChannelParts {
  readonly surroundings: EncoderSurroundings;
  readonly standby: StandbyPictures;
  /** What is burnt in. */
  readonly subtitles: Pick<LineUpSubtitles, "settings">;
  /** How items are opened, in the house format that is asked for at each start of an encoder. */
  opener(format: () => HouseFormat): OpenSource;
}

/**
 * Makes a channel of what the library found: its house format, its planned items, and how they are opened: each
 * encoder run fits the rate that `targetBps` gives when it is started.
 */
export async function defineChannel(
  channel: LibraryChannel,
  config: Config,
  targetBps: () => number,
  parts: ChannelParts,
): Promise<ChannelDefinition> {
  const format = withTotalRate(channelFormat(channel.media, config), targetBps());
  const { preferred_languages, loudness, loudness_target_lufs } = config.audio;
  const preferences = {
    audioLanguages: preferred_languages,
    loudnessTargetLufs: loudness === "off" ? undefined : loudness_target_lufs,
    subtitles: parts.subtitles.settings,
  };
  const items = await Promise.all(
    channel.media.map((media) => planItem(media, format, parts.surroundings.folder, preferences)),
  );
  return {
    ...{ id: channel.id, number: channel.number, name: channel.name, format },
    schedule: new LoopSchedule(items),
    open: parts.opener(() => withTotalRate(format, targetBps())),
    filler: await parts.standby.of(format),
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

/** What a viewer reads while there is no usable ffmpeg. */
const GONE: PlainText = {
  title: "ffmpeg is missing",
  detail: "The programme goes on by itself as soon as it is back.",
};
const BROKEN: PlainText = {
  title: "ffmpeg does not work",
  detail: "The programme goes on by itself as soon as it does.",
};

interface StandbyPicture {
  readonly format: HouseFormat;
  /** What channels loop: always the same array, whose content changes. */
  readonly shown: Gop[];
  rendered: readonly Gop[] | undefined;
}

/**
 * The standby picture of each house format: rendered once, and, while ffmpeg is missing, a plain one that says so.
 */
export class StandbyPictures {
  readonly #surroundings: EncoderSurroundings;
  readonly #tools: FfmpegTools;
  readonly #pictures = new Map<string, StandbyPicture>();

  constructor(surroundings: EncoderSurroundings, tools: FfmpegTools) {
    this.#surroundings = surroundings;
    this.#tools = tools;
  }

  /** The Gops that a channel of this format loops; `renew` changes what is in the array. */
  async of(format: HouseFormat): Promise<readonly Gop[]> {
    const key = JSON.stringify(format);
    const known = this.#pictures.get(key);
    if (known) return known.shown;
    const picture: StandbyPicture = { format, shown: [], rendered: undefined };
    this.#pictures.set(key, picture);
    await this.#draw(picture);
    return picture.shown;
  }

  /** Makes all of them what they should be now: to be called when ffmpeg has gone or come back. */
  async renew(): Promise<void> {
    for (const picture of this.#pictures.values()) await this.#draw(picture);
  }

  async #draw(picture: StandbyPicture): Promise<void> {
    for (;;) {
      const { problem } = this.#tools;
      if (!problem) picture.rendered ??= await renderStandby(this.#surroundings, picture.format);
      // Drawing takes its time: what is true by now counts.
      if (!problem !== !this.#tools.problem) continue;
      const words = problem?.code === "ffmpeg_missing" ? GONE : BROKEN;
      const gops = problem ? plainScreen(picture.format, words) : picture.rendered!;
      picture.shown.splice(0, picture.shown.length, ...gops);
      return;
    }
  }
}
