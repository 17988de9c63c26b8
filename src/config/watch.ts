import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import type { Clock, Timer } from "../base/clock.ts";

/** A file counts as written when it has stayed the same for so long. */
const SETTLE_MS = 300;
/** Network shares, and links whose target changes elsewhere, report nothing: the file is looked at so often. */
const LOOK_MS = 5000;

/** What is watched, and how; the functions are replaced in tests. */
export interface FileWatchOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Called when the file has changed, come or gone, and has since been left alone for a moment. */
  readonly onChange: () => void;
  /** Identity of the file's present content; equal texts mean that nothing has changed. */
  readonly fingerprint?: (file: string) => Promise<string>;
  /** Calls back at each event in a folder. */
  readonly watchFolder?: (folder: string, onEvent: () => void) => { close(): void };
}

/**
 * Watches one file by its folder, since editors replace files rather than write to them. What counts is whether
 * the file itself differs, so that neighbours and mere accesses cause nothing.
 */
export class FileWatch {
  readonly #options: Required<FileWatchOptions>;
  readonly #folder: { close(): void };
  readonly #looks: Timer;
  #settling: Timer | undefined;
  #known: string | undefined;
  #closed = false;

  constructor(options: FileWatchOptions) {
    this.#options = { fingerprint: fingerprintOf, watchFolder: watchQuietly, ...options };
    const { file, clock, watchFolder } = this.#options;
    this.#folder = watchFolder(path.dirname(file), () => this.#look());
    this.#looks = clock.every(LOOK_MS, () => this.#look());
    void this.#remember();
  }

  /** Ends the watch; `onChange` is not called any more. */
  close(): void {
    this.#closed = true;
    this.#folder.close();
    this.#looks.cancel();
    this.#settling?.cancel();
  }

  async #remember(): Promise<void> {
    const { file, fingerprint } = this.#options;
    const found = await fingerprint(file);
    this.#known ??= found;
  }

  /** Begins to wait for the file to come to rest, unless that has begun. */
  #look(): void {
    if (this.#settling || this.#closed) return;
    void this.#settle();
  }

  async #settle(): Promise<void> {
    const { file, clock, fingerprint, onChange } = this.#options;
    // Taken before the first answer, so that events that come meanwhile do not begin a second wait.
    this.#settling = { cancel: () => undefined };
    let last = await fingerprint(file);
    while (!this.#closed && last !== this.#known) {
      await new Promise<void>((resolve) => {
        this.#settling = clock.after(SETTLE_MS, resolve);
      });
      const now = await fingerprint(file);
      if (now === last) {
        this.#known = now;
        if (!this.#closed) onChange();
      }
      last = now;
    }
    this.#settling = undefined;
  }
}

async function fingerprintOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return [ino, size, mtimeMs, ctimeMs].join(":");
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code ?? "unreadable";
  }
}

/** Where folders cannot be watched (a share, too many watches), the regular looks remain. */
function watchQuietly(folder: string, onEvent: () => void): { close(): void } {
  let watcher: FSWatcher;
  try {
    watcher = watch(folder, { persistent: false }, onEvent);
  } catch {
    return { close: () => undefined };
  }
  watcher.on("error", () => watcher.close());
  return watcher;
}
