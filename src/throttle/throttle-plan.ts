import { type OverrideChange as Change, type OverrideStore, Overrides } from "../base/overrides.ts";
import type { ThrottleOverride } from "./override-store.ts";
import type { ThrottleSettings } from "./settings.ts";

/** A change of an override: a value sets it, null takes it back, what is absent stays. */
export type OverrideChange = Change<ThrottleOverride>;

/** The throttle settings of every channel: the configuration's, and over them the channel's own. */
export class ThrottlePlan {
  readonly #overrides: Overrides<ThrottleOverride>;
  #configured: ThrottleSettings;

  constructor(configured: ThrottleSettings, store: OverrideStore<ThrottleOverride>) {
    this.#configured = configured;
    this.#overrides = new Overrides(store);
  }

  /** What the configuration says. */
  get configured(): ThrottleSettings {
    return this.#configured;
  }

  /** Follows another configuration; channels keep what they have of their own. */
  configure(settings: ThrottleSettings): void {
    this.#configured = settings;
  }

  /** What holds for a channel. */
  of(channelId: number): ThrottleSettings {
    return merged(this.#configured, this.overrideOf(channelId));
  }

  /** What a channel has of its own. */
  overrideOf(channelId: number): ThrottleOverride {
    return this.#overrides.of(channelId);
  }

  /** What would hold for a channel after a change of its override. */
  preview(channelId: number, change: OverrideChange): ThrottleSettings {
    return merged(this.#configured, this.#overrides.preview(channelId, change));
  }

  /** Changes a channel's override; resolves when it is kept. Throws what the store throws; then nothing has changed. */
  change(channelId: number, change: OverrideChange): Promise<void> {
    return this.#overrides.change(channelId, change);
  }
}

function merged(settings: ThrottleSettings, override: ThrottleOverride): ThrottleSettings {
  const { mode = settings.mode, target_bitrate_bps: targetBps = settings.targetBps } = override;
  return { ...settings, mode, targetBps };
}
