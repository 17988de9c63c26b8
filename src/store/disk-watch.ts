import { statfs } from "node:fs/promises";
import type { Clock, Timer } from "../base/clock.ts";

/** How often the disk is looked at. */
const LOOK_MS = 10_000;
/** So much is left for what matters: with less, nothing is written that could be made again. */
const RESERVE_BYTES = 64 * 2 ** 20;
/** On a small disk, this share of it. */
const RESERVE_SHARE = 0.05;

/** Space on a disk, in bytes. */
export interface DiskSpace {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** What a DiskWatch works with. */
export interface DiskWatchOptions {
  readonly clock: Clock;
  /** Rejects when nobody tells; then there is no shortage. */
  readonly look: () => Promise<DiskSpace>;
  /** The disk has become short, or is so no longer. Must not throw. */
  readonly onChange: (isShort: boolean, space: DiskSpace) => void;
}

/** Watches the space on the disk of the data folder, so that caches stop growing before the rest cannot be written. */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  readonly #timer: Timer;
  #isShort = false;
  #looking: Promise<void> | undefined;

  private constructor(options: DiskWatchOptions) {
    this.#options = options;
    this.#timer = options.clock.every(LOOK_MS, () => void this.look());
  }

  /** Looks for the first time. */
  static async open(options: DiskWatchOptions): Promise<DiskWatch> {
    const watch = new DiskWatch(options);
    await watch.look();
    return watch;
  }

  /** Whether nothing is to be written that could be made again. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** Looks now. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  close(): void {
    this.#timer.cancel();
  }

  async #look(): Promise<void> {
    const space = await this.#options.look().catch(() => undefined);
    if (!space) return;
    const reserve = Math.min(RESERVE_BYTES, space.totalBytes * RESERVE_SHARE);
    // Twice the reserve ends a shortage: at the border it would come and go.
    const isShort = space.freeBytes < (this.#isShort ? 2 * reserve : reserve);
    if (isShort === this.#isShort) return;
    this.#isShort = isShort;
    this.#options.onChange(isShort, space);
  }
}

/** The space that this process may use on the disk of a folder. Throws the file system's error. */
export async function diskSpace(folder: string): Promise<DiskSpace> {
  const { blocks, bavail, bsize } = await statfs(folder);
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}
