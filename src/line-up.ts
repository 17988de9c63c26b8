import type { Clock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import { rational } from "./base/rational.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import { parseFrameRate } from "./config/frame-rate.ts";
import type { Config } from "./config/schema.ts";
import { renderStandby } from "./error-screens/standby.ts";
import type { SubtitleSettings } from "./ffmpeg/choose-subtitle.ts";
import type { Toolset } from "./ffmpeg/locate.ts";
import type { LibraryChannel } from "./library/scan.ts";
import { commonestRate } from "./media/frame-rates.ts";
import type { Gop } from "./media/gop.ts";
import { FrameGrid, type HouseFormat, houseFormat, withTotalRate } from "./media/house-format.ts";
import { LoopSchedule } from "./playout/loop-schedule.ts";
import { BurnInChoice } from "./source/burn-in-choice.ts";
import type { EncoderChoice } from "./source/encoder-choice.ts";
import { type EncoderSurroundings, openEncoder, planItem } from "./source/open-encoder.ts";
import type { PlayItem } from "./source/source.ts";
import { SubtitleFiles } from "./source/subtitle-files.ts";

/** House rate of a channel whose files have no say in it (`fps: auto`). */
const DEFAULT_RATE = rational(30);

/** What all channels are made with. */
export interface ChannelParts {
  readonly surroundings: EncoderSurroundings;
  readonly standby: StandbyPictures;
  readonly choice: EncoderChoice;
  readonly subtitles: LineUpSubtitles;
}

/**
 * Makes a channel of what the library found: its house format, its planned items, and how they are opened: each
 * encoder run fits the rate that `targetBps` gives when it is started.
 */
export async function defineChannel(
  channel: LibraryChannel,
  config: Config,
  targetBps: () => number,
  { surroundings, standby, choice, subtitles }: ChannelParts,
): Promise<ChannelDefinition> {
  const equipment = { ...surroundings, burnIn: subtitles.burnIn };
  const format = withTotalRate(channelFormat(channel.media, config), targetBps());
  const { preferred_languages, loudness, loudness_target_lufs } = config.audio;
  const preferences = {
    audioLanguages: preferred_languages,
    loudnessTargetLufs: loudness === "off" ? undefined : loudness_target_lufs,
    subtitles: subtitles.settings,
  };
  const items = await Promise.all(
    channel.media.map((media) => planItem(media, format, surroundings.folder, preferences)),
  );
  return {
    ...{ id: channel.id, number: channel.number, name: channel.name, format },
    schedule: new LoopSchedule(items),
    open: (item, cue) => openEncoder(equipment, withTotalRate(format, targetBps()), choice)(item, cue),
    filler: await standby.of(format),
  };
}

/** What is burnt in, as configured and as far as this ffmpeg can. */
export function subtitleSettings(
  { subtitles }: Pick<Config, "subtitles">,
  { canSetText }: Pick<Toolset, "canSetText">,
): SubtitleSettings {
  return {
    burnIn: subtitles.burn_in,
    languages: subtitles.preferred_languages,
    kinds: canSetText ? ["text", "bitmap"] : ["bitmap"],
  };
}

/** Everything that the channels show in one round, what is on first before what is on later. */
function inOrderOfAiring(
  definitions: readonly Pick<ChannelDefinition, "format" | "schedule">[],
  wallMs: number,
): PlayItem[] {
  const airings = definitions.flatMap(({ format, schedule }) => {
    const grid = new FrameGrid(format);
    const now = Math.floor(grid.framesIn(wallMs));
    let slot = schedule.at(now);
    return schedule.items.map(() => {
      const airing = { item: slot.item, inMs: grid.milliseconds(Math.max(0, slot.startFrame - now)) };
      slot = schedule.after(slot);
      return airing;
    });
  });
  return airings.sort((a, b) => a.inMs - b.inMs).map(({ item }) => item);
}

/** What all channels share about subtitles. */
export interface LineUpSubtitles {
  readonly settings: SubtitleSettings;
  readonly files: SubtitleFiles;
  readonly burnIn: BurnInChoice;
}

/** Opens what earlier servers have prepared of subtitles; what goes wrong with them is logged. */
export async function openSubtitles(
  config: Config,
  tools: Toolset,
  { ffmpeg, folder, clock }: EncoderSurroundings,
  log: Log,
): Promise<LineUpSubtitles> {
  const settings = subtitleSettings(config, tools);
  if (!tools.canSetText && settings.burnIn !== "off")
    log.warn({ ffmpeg }, "ffmpeg lacks libass: subtitles in text are not shown");
  const files = await SubtitleFiles.open({
    ...{ ffmpeg, folder, clock },
    onFailure: ({ title, facts: { path } }, { code, message }) =>
      log.warn({ title, path, code, reason: message }, "subtitles cannot be used"),
  });
  const burnIn = new BurnInChoice(files, (news) =>
    log.warn(news, "programme is shown without its subtitles"),
  );
  return { settings, files, burnIn };
}

/** Prepares subtitles behind the scenes, those of what is on first; what airs sooner is shown without. */
export async function prepareSubtitles(
  { files, settings }: LineUpSubtitles,
  definitions: readonly ChannelDefinition[],
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const count = await files.prepare(inOrderOfAiring(definitions, clock.wallNow()), signal);
  if (settings.burnIn !== "off" && !signal.aborted) log.info({ count }, "subtitles prepared");
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
