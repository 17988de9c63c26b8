import type { Clock } from "../base/clock.ts";
import { LOG_LEVELS, type Log, type LogLevel } from "../base/log.ts";
import type { LiveConfig } from "../config/live-config.ts";
import { reloadNews } from "../config/reload-news.ts";
import { FileWatch, type FileWatchOptions } from "../config/watch.ts";

/** What reloading works with. */
export interface ReloadingOptions extends Pick<FileWatchOptions, "fingerprint" | "watchFolder"> {
  readonly live: LiveConfig;
  /** The logger whose level follows `log.level`. */
  readonly log: Log & { level: string };
  readonly clock: Clock;
  /** The file to watch; it need not exist. */
  readonly file: string;
}

/** Reads the configuration again when it is told to, and when its file changes. */
export class Reloading {
  readonly #options: ReloadingOptions;
  readonly #watch: FileWatch;
  #refusal: string | undefined;

  /** Begins with a look at what has changed since the configuration was loaded. */
  constructor(options: ReloadingOptions) {
    this.#options = options;
    this.#watch = new FileWatch({ ...options, onChange: () => this.#reload("file", true) });
    this.#reload("start", true);
  }

  /** Reads it now, and says in the log what came of it even if that is nothing. */
  now(reason: string): void {
    this.#reload(reason, false);
  }

  /** Ends the watch. */
  close(): void {
    this.#watch.close();
  }

  #reload(reason: string, isQuiet: boolean): void {
    const { live, log, file } = this.#options;
    const levelBefore = live.running.log.level;
    const outcome = live.reload();
    const levelAfter = live.running.log.level;
    const refusal = outcome.kind === "refused" ? outcome.error.message : undefined;
    const isNews = outcome.kind === "refused" ? refusal !== this.#refusal : outcome.kind !== "unchanged";
    this.#refusal = refusal;
    if (isQuiet && !isNews) return;
    // The more talkative of the two, so that the change itself is always told.
    log.level = LOG_LEVELS[Math.min(rank(levelBefore), rank(levelAfter))]!;
    for (const { level, message, fields } of reloadNews(outcome)) {
      log[level]({ reason, file, ...fields }, message);
    }
    log.level = levelAfter;
  }
}

function rank(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level);
}
