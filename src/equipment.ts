import { join } from "node:path";
import type { Clock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";
import type { Scope } from "./base/scope.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import type { Config } from "./config/schema.ts";
import type { DataDisk } from "./data-disk.ts";
import { ErrorScreenGenerator } from "./error-screens/generator.ts";
import { LookStore } from "./error-screens/look-store.ts";
import { Screens } from "./error-screens/screens.ts";
import { ScreenSettings } from "./error-screens/settings.ts";
import type { SpawnBudget } from "./ffmpeg/spawn-budget.ts";
import { FfmpegTools, LOOK_AGAIN_MS, type ToolsNews } from "./ffmpeg/tools.ts";
import { channelFormat } from "./line-up.ts";
import { type LineUpSubtitles, openSubtitles, prepareSubtitles } from "./line-up-subtitles.ts";
import type { Capacity } from "./machine/capacity.ts";
import { Machine } from "./machine/machine.ts";
import type { HouseFormat } from "./media/house-format.ts";
import { SOFTWARE_ENCODER } from "./media/video-encoders.ts";
import { AddressOpener } from "./source/address-opener.ts";
import { type BreakerNews, Breakers } from "./source/breakers.ts";
import { EncoderChoice } from "./source/encoder-choice.ts";
import { LiveFacts } from "./source/live-facts.ts";
import { lookAt } from "./source/live-look.ts";
import { type EncoderSurroundings, openRun } from "./source/open-encoder.ts";
import { openWithBudget } from "./source/open-with-budget.ts";
import { openWithTools } from "./source/open-with-tools.ts";
import type { OpenSource, PlayItem } from "./source/source.ts";

const MISSING = `there is no usable ffmpeg: channels show a screen that says so; it is looked for every ${LOOK_AGAIN_MS / 1000} s`;

const BREAKERS: Readonly<Record<BreakerNews["type"], string>> = {
  opened: "a source cannot be opened again and again; it is tried now and then, for all channels",
  closed: "a source that could not be opened is there again, for all channels",
};

/** What an `Equipment` is made with. */
export interface EquipmentOptions {
  readonly config: Config;
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** See `EncoderSurroundings`. */
  readonly onUnmatched: (line: string) => void;
  readonly onProgress?: (progress: { readonly step: "tools" | "encoders" }) => void;
  /** Where encoders, and everything else that is started, get their places. */
  readonly budget: SpawnBudget;
  /** Where encoders work, and what may be kept. */
  readonly disk: Pick<DataDisk, "workFolder" | "mayWrite" | "survived">;
}

/**
 * Everything of a server that is made with ffmpeg, and what stands in for it while ffmpeg is missing: sources wait,
 * screens are plain ones that say so, and the encoder is chosen when there is one.
 */
export class Equipment {
  readonly tools: FfmpegTools;
  readonly surroundings: EncoderSurroundings;
  readonly choice: EncoderChoice;
  readonly breakers: Breakers;
  readonly screens: Screens;
  readonly subtitles: LineUpSubtitles;
  /** What addresses are made of. */
  readonly liveFacts: LiveFacts;
  readonly #options: EquipmentOptions;
  readonly #signal: AbortSignal;
  #isWarming = false;
  #machine: Machine | undefined;
  #reaction: Promise<void> = Promise.resolve();

  private constructor(
    options: EquipmentOptions,
    tools: FfmpegTools,
    { subtitles, screens, liveFacts }: Pick<Equipment, "subtitles" | "screens" | "liveFacts">,
    signal: AbortSignal,
  ) {
    const { clock, random, log } = options;
    this.#options = options;
    this.#signal = signal;
    this.tools = tools;
    this.subtitles = subtitles;
    this.screens = screens;
    this.liveFacts = liveFacts;
    const { burnIn } = subtitles;
    const paintTitle = (title: string, format: HouseFormat) => screens.title(title, format);
    this.surroundings = surroundingsOf(options, tools, { burnIn, paintTitle });
    this.choice = new EncoderChoice(SOFTWARE_ENCODER, clock, (news) =>
      log.warn(news, "hardware failed where software did not; software takes over for a while"),
    );
    this.breakers = new Breakers({
      clock,
      random,
      onNews: ({ type, ...news }) => log.warn(news, BREAKERS[type]),
    });
  }

  /** Looks for ffmpeg and chooses the encoder; ffmpeg's absence is no failure. Everything ends with the scope. */
  static async open(options: EquipmentOptions, scope: Scope): Promise<Equipment> {
    const { config, env, clock, log, onProgress } = options;
    onProgress?.({ step: "tools" });
    const places = {
      ffmpegPath: config.ffmpeg.path || undefined,
      ffprobePath: config.ffmpeg.ffprobe_path || undefined,
    };
    const onNews = (news: ToolsNews) => made.#take(news);
    const tools = await FfmpegTools.open({ ...places, env, clock, onNews }, scope.signal);
    scope.defer(() => tools.close());
    const surroundings = surroundingsOf(options, tools);
    const { mayWrite } = options.disk;
    const keeping = { prepare: options.budget.prepare, mayWrite };
    const subtitles = await openSubtitles(config, tools, surroundings, log, keeping);
    const screens = await openScreens(options, tools, surroundings, scope);
    const liveFacts = await LiveFacts.open({
      ...{ dataFolder: options.dataFolder, clock },
      ffprobe: () => tools.toolset?.ffprobe ?? "ffprobe",
      onFailure: (err) => log.warn({ err }, "what is known of live sources could not be kept"),
    });
    scope.defer(() => liveFacts.close());
    const made = new Equipment(options, tools, { subtitles, screens, liveFacts }, scope.signal);
    scope.defer(() => made.#reaction);
    if (!tools.problem) await made.#chooseEncoder();
    else log.warn({ code: tools.problem.code, reason: tools.problem.message }, MISSING);
    return made;
  }

  /** How a channel opens its items: each encoder run asks for the format that it is to keep to. */
  opener(format: () => HouseFormat): OpenSource {
    const { surroundings, choice, liveFacts: facts } = this;
    const addresses = new AddressOpener({
      ...{ facts, format },
      encode: (item, cue, running) => openRun(surroundings, format(), choice, item, cue, running),
    });
    const encode: OpenSource = (item, cue) =>
      item.address || item.live
        ? addresses.open(item, cue)
        : openRun(surroundings, format(), choice, item, cue);
    return this.breakers.guard(openWithTools(this.tools, openWithBudget(this.#options.budget, encode)));
  }

  /** Prepares subtitles behind the scenes, as soon as there is an ffmpeg; ends with the scope. Never rejects. */
  async prepareSubtitles(definitions: readonly ChannelDefinition[]): Promise<void> {
    await this.tools.found(this.#signal);
    if (this.#signal.aborted) return;
    const { clock, log } = this.#options;
    await prepareSubtitles(this.subtitles, definitions, clock, log, this.#signal);
  }

  /** Finds out, one after the other, what the addresses of these channels are made of; ends with the scope. Never rejects. */
  async learnSources(definitions: readonly ChannelDefinition[]): Promise<void> {
    await this.tools.found(this.#signal);
    for (const { schedule } of definitions) {
      for (const item of schedule.items.flatMap((each) => [each, ...(each.alternates ?? [])])) {
        if (this.#signal.aborted) return;
        const { address, facts, live } = item;
        if (!address) continue;
        const request = { address, durationSeconds: facts.durationSeconds, isFilm: !live };
        // One that is away is told of when it is wanted.
        const find = (signal: AbortSignal) => this.liveFacts.find(request, signal);
        await this.#options.budget.prepare(find, this.#signal).catch(() => undefined);
      }
    }
  }

  /** Whether a live source delivers; it is connected for a moment. Never rejects. */
  async isWell({ address, live, facts }: PlayItem, signal: AbortSignal): Promise<boolean> {
    const { toolset } = this.tools;
    if (!toolset) return false;
    // A file is where it was.
    if (!address) return true;
    const request = { address, durationSeconds: facts.durationSeconds, isFilm: false };
    const { clock, budget } = this.#options;
    const options = { ffmpeg: toolset.ffmpeg, clock, limits: live?.watch };
    const look = async (either: AbortSignal) => {
      const found = await this.liveFacts.find(request, either);
      return lookAt(address, found, { ...options, signal: either });
    };
    return budget.prepare(look, signal).catch(() => false);
  }

  /** Renders the screens of channels behind the scenes, as soon as there is an ffmpeg; ends with the scope. Never rejects. */
  async warmScreens(definitions: readonly ChannelDefinition[]): Promise<void> {
    await this.tools.found(this.#signal);
    this.#isWarming = true;
    for (const definition of definitions)
      await this.screens.warm(definition, definition.format, this.#signal);
    this.#isWarming = false;
  }

  /** Whether an encoder can be started, which one is known, and nothing else is being made at present. */
  get isAtRest(): boolean {
    return this.#machine !== undefined && this.tools.problem === undefined && !this.#isWarming;
  }

  /** What is known of how many channels the machine encodes. */
  capacity(format: HouseFormat): Capacity | undefined {
    return this.#machine?.capacity(this.choice.preferred, format);
  }

  /** The same, measured if it is not known. Throws what the encoder throws, and the signal's reason. */
  async measure(format: HouseFormat, signal: AbortSignal): Promise<Capacity> {
    const known = this.capacity(format);
    if (known) return known;
    const measure = (either: AbortSignal) => this.#machine!.measure(this.choice.preferred, format, either);
    const capacity = await this.#options.budget.prepare(measure, signal);
    const { width, height } = format;
    const about = { encoder: this.choice.preferred, width, height, machine: this.#machine!.key };
    this.#options.log.info({ ...about, ...capacity }, "machine measured");
    return capacity;
  }

  #take(news: ToolsNews): void {
    const { log } = this.#options;
    if (news.type === "found") {
      const { ffmpeg, version } = news.toolset;
      log.info({ ffmpeg, version }, "ffmpeg is there again; programmes go on");
    } else {
      log.warn({ code: news.problem.code, reason: news.problem.message }, MISSING);
    }
    this.#reaction = this.#reaction
      .then(() => this.#adapt())
      .catch((err: unknown) => {
        if (!this.#signal.aborted) log.warn({ err }, "no encoder could be chosen");
      });
  }

  async #adapt(): Promise<void> {
    if (!this.tools.problem) this.screens.renew();
    if (!this.tools.problem && !this.#machine) await this.#chooseEncoder();
  }

  /** Finds the encoder that the operator wishes for, or the next best, and says so. */
  async #chooseEncoder(): Promise<void> {
    const { config, dataFolder, log, disk, onProgress } = this.#options;
    const { ffmpeg, version: ffmpegVersion, canToneMap } = this.tools.toolset!;
    if (!canToneMap) log.warn({ ffmpeg }, "ffmpeg lacks zscale or tonemap: HDR films will look pale");
    const { surroundings } = this;
    const onNotKept = (err: unknown) => disk.survived(err, "what was found out of the machine is not kept");
    const about = { dataFolder, ffmpegVersion, surroundings, onNotKept };
    const machine = await Machine.open({ ...about, signal: this.#signal });
    const wish = config.ffmpeg.encoder;
    if (wish !== SOFTWARE_ENCODER) onProgress?.({ step: "encoders" });
    const { encoder, refused } = await machine.decide(wish, channelFormat([], config));
    for (const trial of refused) {
      const level = wish === "auto" ? "info" : "warn";
      log[level]({ encoder: trial.encoder, reason: trial.reason }, "encoder does not work on this machine");
    }
    log.info({ encoder }, "encoder chosen");
    this.choice.prefer(encoder);
    this.#machine = machine;
  }
}

async function openScreens(
  { config, dataFolder, clock, log, budget, disk }: EquipmentOptions,
  tools: FfmpegTools,
  surroundings: EncoderSurroundings,
  scope: Scope,
): Promise<Screens> {
  const onNotice = (notice: string) => log.warn({ notice }, "name of an older release in error_screens");
  const generator: ErrorScreenGenerator = new ErrorScreenGenerator({
    ...{ clock, folder: surroundings.folder, onNotice, prepare: budget.prepare, mayWrite: disk.mayWrite },
    catalogue: () => screens.settings.catalogue,
    ffmpeg: async () => surroundings.ffmpeg,
    cacheFolder: join(dataFolder, "cache", "screens"),
    onFailure: (err) => disk.survived(err, "error screens: a failure that is survived"),
  });
  scope.defer(() => generator.close());
  const screens: Screens = new Screens({
    ...{ generator, clock, onNotice, settings: new ScreenSettings(config.error_screens, onNotice) },
    ...{ folder: surroundings.folder, looks: await LookStore.open(dataFolder, log) },
    holdsPicture: !config.ai_auto_heal.use_error_screen_fallback,
    problem: () => tools.problem,
  });
  return screens;
}

function surroundingsOf(
  { clock, disk, onUnmatched }: EquipmentOptions,
  tools: FfmpegTools,
  more: Pick<EncoderSurroundings, "burnIn" | "paintTitle"> = {},
): EncoderSurroundings {
  return {
    ...{ clock, folder: disk.workFolder, onUnmatched, ...more },
    // It may come back from elsewhere.
    get ffmpeg() {
      return tools.toolset?.ffmpeg ?? "ffmpeg";
    },
    get canToneMap() {
      return tools.toolset?.canToneMap ?? true;
    },
  };
}
