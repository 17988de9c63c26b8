import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { OverrideChange } from "../base/overrides.ts";
import type { OwnLook, ScreenLook } from "../error-screens/look-store.ts";
import type { ScreenCue } from "../error-screens/screen-source.ts";
import type { Screens } from "../error-screens/screens.ts";
import type { WantedScreen } from "../error-screens/settings.ts";
import { ScreenReason } from "../media/screen-modes.ts";
import type { ChannelManager } from "./channel-manager.ts";

/** Seconds from which on a screen says when it ends. */
const TOLD_SECONDS = 60;

/** A screen that somebody wants on a channel now. */
export interface ScreenWish {
  readonly reason?: ScreenReason;
  readonly title?: string;
  readonly subtitle?: string;
  /** How long; undefined: until it is ended. */
  readonly seconds?: number;
}

/** How the screens of a channel look, and which one was asked for. */
export interface ChannelScreen {
  /** What is the channel's own. */
  readonly own: ScreenLook;
  /** What holds, with its own and what the configuration says. */
  readonly effective: WantedScreen["config"];
  readonly showing?: {
    readonly reason: ScreenReason;
    readonly title?: string;
    readonly subtitle?: string;
    /** ms since the epoch. */
    readonly untilMs?: number;
  };
}

/** What the control works with. */
export interface ScreenControlParts {
  readonly manager: Pick<ChannelManager, "definitions" | "onAir" | "announce" | "announced">;
  readonly screens: Pick<Screens, "looks" | "renew" | "setImage" | "wanted">;
  readonly clock: Clock;
}

/** Changes how screens of channels look, and puts them on air by hand. */
export class ScreenControl {
  readonly #parts: ScreenControlParts;

  constructor(parts: ScreenControlParts) {
    this.#parts = parts;
  }

  /** Throws `channel_not_found`. */
  of(channelId: number): ChannelScreen {
    const { screens, manager, clock } = this.#parts;
    const channel = this.#require(channelId);
    const announced = manager.announced(channelId);
    const { reason = ScreenReason.RECOVERING, title, subtitle } = announced?.cue ?? {};
    const untilMs = announced?.untilMs && clock.wallNow() + announced.untilMs - clock.now();
    return {
      own: screens.looks.of(channelId),
      effective: screens.wanted(channel, { reason }).config,
      showing: announced && { reason, title, subtitle, untilMs },
    };
  }

  /**
   * Changes what a channel has of its own; kept when it resolves, and shown as soon as it is rendered. Throws
   * `channel_not_found`, and `data_folder_unusable` when nothing has changed.
   */
  async change(channelId: number, change: OverrideChange<OwnLook>): Promise<ChannelScreen> {
    const { screens } = this.#parts;
    this.#require(channelId);
    await screens.looks.change(channelId, change);
    screens.renew(channelId);
    return this.of(channelId);
  }

  /** Gives a channel a picture of its own, or takes it back. Throws as `change`, and `picture_refused`. */
  async setImage(channelId: number, bytes: Uint8Array | undefined): Promise<ChannelScreen> {
    this.#require(channelId);
    await this.#parts.screens.setImage(channelId, bytes);
    return this.of(channelId);
  }

  /**
   * Shows a screen on a channel; on air from its next Gop on, or when it is tuned. When it resolves the screen has been
   * rendered, if that is possible. Throws `channel_not_found`.
   */
  async show(channelId: number, wish: ScreenWish): Promise<ChannelScreen> {
    const { manager, clock } = this.#parts;
    this.#require(channelId);
    const { reason = ScreenReason.MAINTENANCE, title, subtitle, seconds } = wish;
    const returnMs =
      seconds !== undefined && seconds >= TOLD_SECONDS ? clock.wallNow() + seconds * 1000 : undefined;
    const cue: ScreenCue = { reason, title, subtitle, returnMs };
    const onAir = manager.onAir.find(({ definition }) => definition.id === channelId);
    await onAir?.prepareScreen(cue);
    const untilMs = seconds === undefined ? undefined : clock.now() + seconds * 1000;
    manager.announce(channelId, { cue, untilMs });
    return this.of(channelId);
  }

  /** Ends a screen that was asked for: the programme is back with the next Gop. Throws `channel_not_found`. */
  end(channelId: number): ChannelScreen {
    this.#require(channelId);
    this.#parts.manager.announce(channelId, undefined);
    return this.of(channelId);
  }

  #require(channelId: number) {
    const channel = this.#parts.manager.definitions.find(({ id }) => id === channelId);
    if (channel) return channel;
    throw new AppError(
      "channel_not_found",
      `There is no channel with the id ${channelId}; GET /api/channels lists them.`,
    );
  }
}
