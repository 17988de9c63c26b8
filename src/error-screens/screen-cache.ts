import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../base/atomic-write.ts";
import type { Clock } from "../base/clock.ts";

const DIGEST_BYTES = 32;
const EXTENSION = ".screen";

/** What a cache on disk needs. */
export interface ScreenCacheOptions {
  readonly folder: string;
  /** Most bytes it keeps; what has not been used for the longest time goes first. */
  readonly maxBytes: number;
  readonly clock: Clock;
  /** Takes what went wrong with the disk; screens are then rendered each time. */
  readonly onFailure: (failure: unknown) => void;
  /** Whether something may be written that could be made again; default always. */
  readonly mayWrite?: (() => boolean) | undefined;
}

/**
 * Rendered screens on disk, under the hash of all that they depend on, each with the SHA-256 of its content in
 * front. They outlive the server, so that a restart needs no encoder; an entry that is damaged counts as none.
 */
export class ScreenCache {
  readonly #options: ScreenCacheOptions;

  constructor(options: ScreenCacheOptions) {
    this.#options = options;
  }

  /** The content of an entry, undefined when there is none that is whole. Never rejects. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const file = this.#file(key);
    try {
      const stored = await readFile(file);
      const content = stored.subarray(DIGEST_BYTES);
      if (!digest(content).equals(stored.subarray(0, DIGEST_BYTES))) {
        await rm(file, { force: true });
        return undefined;
      }
      const now = new Date(this.#options.clock.wallNow());
      await utimes(file, now, now);
      return content;
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== "ENOENT") this.#options.onFailure(failure);
      return undefined;
    }
  }

  /** Keeps an entry, and makes room for it. Never rejects: without a disk everything works, only slower. */
  async put(key: string, content: Uint8Array): Promise<void> {
    const { folder, maxBytes, onFailure, mayWrite } = this.#options;
    if (mayWrite?.() === false) return;
    if (content.length + DIGEST_BYTES > maxBytes) return;
    try {
      await mkdir(folder, { recursive: true });
      await writeAtomically(this.#file(key), Buffer.concat([digest(content), content]));
      await this.#prune();
    } catch (failure) {
      onFailure(failure);
    }
  }

  /** Forgets an entry whose content turned out to be of no use. */
  async drop(key: string): Promise<void> {
    await rm(this.#file(key), { force: true }).catch(this.#options.onFailure);
  }

  async #prune(): Promise<void> {
    const { folder, maxBytes } = this.#options;
    const names = await readdir(folder);
    // What a crash left of a file that was being written: nobody else writes here.
    const remains = names.filter((name) => !name.endsWith(EXTENSION));
    for (const name of remains) await rm(join(folder, name), { force: true });
    const entries = await Promise.all(
      names
        .filter((name) => name.endsWith(EXTENSION))
        .map(async (name) => {
          const { size, mtimeMs } = await stat(join(folder, name));
          return { name, size, mtimeMs };
        }),
    );
    let bytes = entries.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size } of entries.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (bytes <= maxBytes) return;
      await rm(join(folder, name), { force: true });
      bytes -= size;
    }
  }

  #file(key: string): string {
    return join(this.#options.folder, `${key}${EXTENSION}`);
  }
}

function digest(content: Uint8Array): Buffer {
  return createHash("sha256").update(content).digest();
}
