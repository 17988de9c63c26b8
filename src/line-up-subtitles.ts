import type { Clock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import type { Config } from "./config/schema.ts";
import type { SubtitleSettings } from "./ffmpeg/choose-subtitle.ts";
import type { Toolset } from "./ffmpeg/locate.ts";
import type { FfmpegTools } from "./ffmpeg/tools.ts";
import { FrameGrid } from "./media/house-format.ts";
import { BurnInChoice } from "./source/burn-in-choice.ts";
import type { EncoderSurroundings } from "./source/open-encoder.ts";
import type { PlayItem } from "./source/source.ts";
import { SubtitleFiles, type SubtitleFilesOptions } from "./source/subtitle-files.ts";

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
  { toolset }: FfmpegTools,
  surroundings: EncoderSurroundings,
  log: Log,
  { prepare, mayWrite }: Pick<SubtitleFilesOptions, "prepare" | "mayWrite"> = {},
): Promise<LineUpSubtitles> {
  // While there is no ffmpeg, the one that comes is taken for a complete one.
  const canSetText = toolset?.canSetText ?? true;
  const settings = subtitleSettings(config, { canSetText });
  const { ffmpeg, folder, clock } = surroundings;
  if (!canSetText && settings.burnIn !== "off")
    log.warn({ ffmpeg }, "ffmpeg lacks libass: subtitles in text are not shown");
  const files = await SubtitleFiles.open({
    ...{ folder, clock, prepare, mayWrite },
    get ffmpeg() {
      return surroundings.ffmpeg;
    },
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
