import type { OverrideStore, ThrottleOverride } from "./override-store.ts";
import type { ThrottleSettings } from "./settings.ts";

/** A change of an override: a value sets it, null takes it back, what is absent stays. */
export type OverrideChange = { readonly [Key in keyof ThrottleOverride]?: ThrottleOverride[Key] | null };

/** The throttle settings of every channel: the configuration's, and over them the channel's own. */
export class ThrottlePlan {
  readonly #store: OverrideStore;
  #overrides: ReadonlyMap<number, ThrottleOverride>;
  #configured: ThrottleSettings;
  #changing: Promise<void> = Promise.resolve();

  constructor(configured: ThrottleSettings, store: OverrideStore) {
    this.#configured = configured;
    this.#store = store;
    this.#overrides = store.kept;
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
    return this.#overrides.get(channelId) ?? {};
  }

  /** What would hold for a channel after a change of its override. */
  preview(channelId: number, change: OverrideChange): ThrottleSettings {
    return merged(this.#configured, changed(this.overrideOf(channelId), change));
  }

  /** Changes a channel's override; resolves when it is kept. Throws what the store throws; then nothing has changed. */
  change(channelId: number, change: OverrideChange): Promise<void> {
    const step = async () => {
      const overrides = new Map(this.#overrides);
      const override = changed(this.overrideOf(channelId), change);
      if (Object.keys(override).length > 0) overrides.set(channelId, override);
      else overrides.delete(channelId);
      await this.#store.save(overrides);
      this.#overrides = overrides;
    };
    this.#changing = this.#changing.then(step, step);
    return this.#changing;
  }
}

function merged(settings: ThrottleSettings, override: ThrottleOverride): ThrottleSettings {
  const { mode = settings.mode, target_bitrate_bps: targetBps = settings.targetBps } = override;
  return { ...settings, mode, targetBps };
}

function changed(override: ThrottleOverride, change: OverrideChange): ThrottleOverride {
  const entries = Object.entries({ ...override, ...withoutAbsent(change) });
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}

function withoutAbsent(change: OverrideChange): object {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
