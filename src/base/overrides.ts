/** Keeps the overrides of channels, by channel id. */
export interface OverrideStore<T extends object> {
  /** What is kept; read once, at the start. */
  readonly kept: ReadonlyMap<number, T>;
  /** Replaces everything that is kept; not to be called again before it is done. Throws AppError("data_folder_unusable"). */
  save(overrides: ReadonlyMap<number, T>): Promise<void>;
}

/** A change of an override: a value sets it, null takes it back, what is absent stays. */
export type OverrideChange<T extends object> = { readonly [Key in keyof T]?: T[Key] | null };

/** What channels want otherwise than the configuration says; kept before it is in force. */
export class Overrides<T extends object> {
  readonly #store: OverrideStore<T>;
  #overrides: ReadonlyMap<number, T>;
  #changing: Promise<void> = Promise.resolve();

  constructor(store: OverrideStore<T>) {
    this.#store = store;
    this.#overrides = store.kept;
  }

  /** What a channel has of its own. */
  of(channelId: number): Partial<T> {
    return this.#overrides.get(channelId) ?? {};
  }

  /** What a channel would have of its own after a change. */
  preview(channelId: number, change: OverrideChange<T>): Partial<T> {
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    const entries = Object.entries({ ...this.of(channelId), ...Object.fromEntries(given) });
    return Object.fromEntries(entries.filter(([, value]) => value !== null)) as Partial<T>;
  }

  /** Changes a channel's override; resolves when it is kept. Throws what the store throws; then nothing has changed. */
  change(channelId: number, change: OverrideChange<T>): Promise<void> {
    const step = async () => {
      const overrides = new Map(this.#overrides);
      const override = this.preview(channelId, change);
      if (Object.keys(override).length > 0) overrides.set(channelId, override as T);
      else overrides.delete(channelId);
      await this.#store.save(overrides);
      this.#overrides = overrides;
    };
    this.#changing = this.#changing.then(step, step);
    return this.#changing;
  }
}
