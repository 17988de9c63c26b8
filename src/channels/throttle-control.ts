import { AppError } from "../base/errors.ts";
import type { ThrottleOverride } from "../throttle/override-store.ts";
import type { ThrottleSettings } from "../throttle/settings.ts";
import type { OverrideChange, ThrottlePlan } from "../throttle/throttle-plan.ts";
import type { ChannelManager } from "./channel-manager.ts";

/** How a channel's bytes leave, and what of that is its own. */
export interface ChannelThrottle {
  readonly settings: ThrottleSettings;
  readonly override: ThrottleOverride;
  readonly configured: ThrottleSettings;
}

/** Changes how channels' bytes leave, while they are on air and while they are not. */
export class ThrottleControl {
  readonly #plan: ThrottlePlan;
  readonly #manager: Pick<ChannelManager, "definitions" | "applyThrottle">;

  constructor(plan: ThrottlePlan, manager: Pick<ChannelManager, "definitions" | "applyThrottle">) {
    this.#plan = plan;
    this.#manager = manager;
  }

  /** Follows another configuration; channels keep what they have of their own. */
  configure(settings: ThrottleSettings): void {
    this.#plan.configure(settings);
    this.#manager.applyThrottle();
  }

  /** What holds for a channel. Throws `channel_not_found`. */
  of(channelId: number): ChannelThrottle {
    this.#require(channelId);
    return {
      settings: this.#plan.of(channelId),
      override: this.#plan.overrideOf(channelId),
      configured: this.#plan.configured,
    };
  }

  /**
   * Changes what a channel has of its own; in force, and kept, when it resolves. Throws `channel_not_found`, and
   * `data_folder_unusable` when nothing has changed.
   */
  async change(channelId: number, change: OverrideChange): Promise<ChannelThrottle> {
    this.#require(channelId);
    await this.#plan.change(channelId, change);
    this.#manager.applyThrottle(channelId);
    return this.of(channelId);
  }

  #require(channelId: number): void {
    if (this.#manager.definitions.some(({ id }) => id === channelId)) return;
    throw new AppError(
      "channel_not_found",
      `There is no channel with the id ${channelId}; GET /api/channels lists them.`,
    );
  }
}
