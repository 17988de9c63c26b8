import { isDeepStrictEqual } from "node:util";
import { type AppError, toAppError } from "../base/errors.ts";
import { adviseOn, type ConfigAdvice } from "./advice.ts";
import { afterReload, type ConfigChange, diffConfig } from "./diff.ts";
import { type ConfigSources, type LoadedConfig, loadConfig } from "./loader.ts";
import type { Config } from "./schema.ts";

/** What became of a reload. */
export type ReloadOutcome =
  /** Nothing has changed since the last time; `waiting` still needs a restart. */
  | { readonly kind: "unchanged"; readonly waiting: readonly ConfigChange[] }
  | {
      readonly kind: "reloaded";
      /** In force from now on. */
      readonly applied: readonly ConfigChange[];
      /** Kept as they were until a restart, those of earlier reloads among them. */
      readonly waiting: readonly ConfigChange[];
      /** Read, and without effect yet. */
      readonly idle: readonly ConfigChange[];
      readonly advice: readonly ConfigAdvice[];
    }
  /** The configuration cannot be used: everything stays as it was. */
  | { readonly kind: "refused"; readonly error: AppError };

/** The configuration of a server that runs: what is in force, and how it is read again. */
export class LiveConfig {
  readonly #sources: ConfigSources;
  readonly #apply: (config: Config) => void;
  #loaded: LoadedConfig;
  #running: Config;

  /** `apply` puts the live keys of a configuration in force. */
  constructor(sources: ConfigSources, loaded: LoadedConfig, apply: (config: Config) => void) {
    this.#sources = sources;
    this.#loaded = loaded;
    this.#running = loaded.config;
    this.#apply = apply;
  }

  /** The configuration in force. */
  get running(): Config {
    return this.#running;
  }

  /** Reads file and environment again and applies what can be applied. Never throws. */
  reload(): ReloadOutcome {
    try {
      // A file that was there and has vanished is a fault, rather than a wish for defaults.
      const file = this.#loaded.file ?? this.#sources.file;
      const loaded = loadConfig({ ...this.#sources, file });
      const isSame = isDeepStrictEqual(loaded.config, this.#loaded.config);
      const changes = diffConfig(this.#running, loaded.config);
      const thatApply = (applies: string) => changes.filter(({ key }) => key.applies === applies);
      const waiting = thatApply("restart");
      const running = afterReload(this.#running, loaded.config);
      if (!isSame) this.#apply(running);
      this.#loaded = loaded;
      this.#running = running;
      if (isSame) return { kind: "unchanged", waiting };
      const advice = adviseOn(loaded.config);
      return { kind: "reloaded", applied: thatApply("live"), waiting, idle: thatApply("later"), advice };
    } catch (thrown) {
      return { kind: "refused", error: toAppError(thrown) };
    }
  }
}
