import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { AppError } from "../base/errors.ts";
import type { Config } from "../config/schema.ts";
import type { Gop } from "../media/gop.ts";
import type { HouseFormat } from "../media/house-format.ts";
import { ScreenReason } from "../media/screen-modes.ts";
import type { PaintedStill } from "../source/open-encoder.ts";
import { ChannelScreens, type ScreenMaker } from "./channel-screens.ts";
import type { ErrorScreen } from "./error-screen.ts";
import type { ErrorStreamOptions } from "./error-stream.ts";
import type { ErrorScreenGenerator } from "./generator.ts";
import type { LookStore } from "./look-store.ts";
import { type ErrorScreenConfig, type OnNotice, parseScreenConfig } from "./message.ts";
import type { PlainText } from "./plain-layout.ts";
import type { ScreenCue } from "./screen-source.ts";
import { ScreenSettings, type WantedScreen } from "./settings.ts";

/** What `Screens` are made with. */
export interface ScreensOptions {
  readonly generator: ErrorScreenGenerator;
  readonly settings: ScreenSettings;
  readonly clock: Clock;
  /** Folder for files that are needed for moments. */
  readonly folder: string;
  /** Channels' own looks. */
  readonly looks: LookStore;
  /** See `ai_auto_heal.use_error_screen_fallback`. */
  readonly holdsPicture: boolean;
  /** Why there is no usable ffmpeg at present. */
  readonly problem: () => AppError | undefined;
  readonly onNotice: OnNotice;
}

/** Players that are one too many and are shown a picture at a time; others are refused. */
const MOST_LIMIT_STREAMS = 16;
/** One that does not take it is let go so long after it should have had all. */
const LIMIT_GRACE_MS = 5_000;

/** What a screen says of its channel. */
export interface ScreenChannel {
  readonly id: number;
  readonly number: number;
  readonly name: string;
}

/** The screens of a server: how they are to look, on which channel they are on, and who makes them. */
export class Screens {
  readonly generator: ErrorScreenGenerator;
  readonly #options: ScreensOptions;
  readonly #open = new Set<{ readonly channelId: number; readonly screens: ChannelScreens }>();
  #limitStreams = 0;
  #settings: ScreenSettings;
  #holdsPicture: boolean;

  constructor(options: ScreensOptions) {
    this.#options = options;
    this.generator = options.generator;
    this.#settings = options.settings;
    this.#holdsPicture = options.holdsPicture;
  }

  /** What channels have of their own. */
  get looks(): Pick<LookStore, "of" | "change"> {
    return this.#options.looks;
  }

  /** The section `error_screens` that is in force. */
  get settings(): ScreenSettings {
    return this.#settings;
  }

  /** Follows another configuration. What is of no use in it is reported, and leaves everything as it was. */
  configure({ error_screens, ai_auto_heal }: Pick<Config, "error_screens" | "ai_auto_heal">): void {
    try {
      this.#settings = new ScreenSettings(error_screens, this.#options.onNotice);
      this.#holdsPicture = !ai_auto_heal.use_error_screen_fallback;
    } catch (failure) {
      this.generator.report(failure);
      return;
    }
    this.renew();
  }

  /** Makes the screens of a channel, or of all, that are on air what they should be now. */
  renew(channelId?: number): void {
    for (const open of this.#open) {
      if (channelId === undefined || channelId === open.channelId) open.screens.renew();
    }
  }

  /** The screens of a channel that goes on air; `format` is asked whenever one is rendered. */
  open(channel: ScreenChannel, format: () => HouseFormat): ChannelScreens {
    const opened = {
      channelId: channel.id,
      screens: new ChannelScreens(this.#makerFor(channel), format, () => this.#open.delete(opened)),
    };
    this.#open.add(opened);
    return opened.screens;
  }

  /** Renders what a channel will probably show, so that it is on disk when it goes on air. Never rejects. */
  async warm(channel: ScreenChannel, format: HouseFormat, signal: AbortSignal): Promise<void> {
    for (const reason of this.#settings.expected) {
      if (signal.aborted || this.#options.problem()) return;
      await this.#render(channel, { reason }, format, {}).catch((failure: unknown) => {
        if (!signal.aborted) this.generator.report(failure);
      });
    }
  }

  /** A screen of a channel as it would be rendered: with its words, and its own look over the configured one. */
  wanted(channel: ScreenChannel, cue: ScreenCue, isLive = false): WantedScreen {
    const { title, subtitle, errorCode, returnMs } = cue;
    const detail = isLive
      ? { isLive, errorCode, estimatedReturn: returnMs === undefined ? undefined : new Date(returnMs) }
      : {};
    const facts = { channelName: channel.name, channelNumber: channel.number, ...detail };
    const { message, config } = this.#settings.for(cue.reason, facts);
    // Who gives a title of its own means no subtitle when there is none.
    const words = title === undefined ? {} : { title, subtitle };
    return { message: { ...message, ...words }, config: { ...config, ...this.lookOf(channel.id) } };
  }

  /** What is a channel's own in the look of its screens. */
  lookOf(channelId: number): ErrorScreenConfig {
    return parseScreenConfig(this.#options.looks.of(channelId), this.#options.onNotice);
  }

  /**
   * Gives a channel a picture that somebody sent, or takes it back. Throws `picture_refused`, and
   * `data_folder_unusable` when nothing has changed.
   */
  async setImage(channelId: number, bytes: Uint8Array | undefined): Promise<void> {
    const { looks, folder } = this.#options;
    await looks.setImage(channelId, bytes && (await this.#sanitised(bytes, folder)));
    this.renew(channelId);
  }

  /**
   * A short transport stream for a player that is one too many on a channel, which ends with the signal; undefined when
   * none is wanted, or too many have one.
   */
  limitStream(
    channel: ScreenChannel & { readonly format: HouseFormat },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> | undefined {
    const { sessionLimitSeconds: durationSeconds } = this.#settings;
    if (durationSeconds === 0 || this.#limitStreams >= MOST_LIMIT_STREAMS || this.#options.problem()) {
      return undefined;
    }
    const { message, config } = this.wanted(channel, { reason: ScreenReason.SESSION_LIMIT });
    const { width, height, fps } = channel.format;
    const shape = { width, height, fps: fps.num / fps.den };
    return this.#limited(message, config, { ...shape, durationSeconds }, signal);
  }

  /** The title of something that is only heard; undefined, and told, when it cannot be painted. */
  async title(title: string, format: HouseFormat): Promise<PaintedStill | undefined> {
    try {
      return await this.generator.paintTitle(title, this.#settings.defaults, format);
    } catch (failure) {
      this.generator.report(failure);
      return undefined;
    }
  }

  async *#limited(
    message: WantedScreen["message"],
    config: ErrorScreenConfig,
    options: ErrorStreamOptions & { readonly durationSeconds: number },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    this.#limitStreams++;
    const deadline = new AbortController();
    const ms = options.durationSeconds * 1000 + LIMIT_GRACE_MS;
    const timer = this.#options.clock.after(ms, () => deadline.abort());
    try {
      const either = AbortSignal.any([signal, deadline.signal]);
      yield* this.generator.generateErrorStream(message, config, { ...options, signal: either });
    } finally {
      timer.cancel();
      this.#limitStreams--;
    }
  }

  async #sanitised(bytes: Uint8Array, folder: string): Promise<Uint8Array> {
    const path = join(folder, `upload-${randomUUID()}`);
    try {
      await writeFile(path, bytes);
      return await this.generator.importPicture(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  #makerFor(channel: ScreenChannel): ScreenMaker {
    const { generator } = this;
    const screens = this;
    return {
      refresher: generator,
      get problem() {
        return screens.#options.problem();
      },
      get holdsPicture() {
        return screens.#holdsPicture;
      },
      shownFor: (reason) => this.#shownFor(reason),
      wordsOf: (cue) => this.#wordsOf(channel, cue),
      render: (cue, format, live) =>
        this.#render(channel, cue, format, { isLive: live !== undefined, atMs: live?.atMs, urgent: true }),
      hold: (gop: Gop, format) => generator.hold(gop, format),
    };
  }

  #shownFor(reason: ScreenReason): ScreenReason {
    const { RECOVERING } = ScreenReason;
    // Whatever is switched off: something has to be shown.
    return !this.#settings.isEnabled(reason) && this.#settings.isEnabled(RECOVERING) ? RECOVERING : reason;
  }

  #wordsOf(channel: ScreenChannel, cue: ScreenCue): PlainText {
    const { title, subtitle = "" } = this.wanted(channel, cue).message;
    return { title, detail: subtitle };
  }

  /** Without the configured pictures where they are of no use. */
  async #render(
    channel: ScreenChannel,
    cue: ScreenCue,
    format: HouseFormat,
    { isLive, ...options }: { readonly isLive?: boolean; readonly atMs?: number; readonly urgent?: boolean },
  ): Promise<ErrorScreen> {
    const { message, config } = this.wanted(channel, cue, isLive);
    try {
      return await this.generator.render(message, config, format, options);
    } catch (failure) {
      if ((failure as AppError).code !== "picture_refused") throw failure;
      this.generator.report(failure);
      const { image, logo, font, ...others } = config;
      return this.generator.render(message, others, format, options);
    }
  }
}
