import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../base/atomic-write.ts";
import { isDiskFailure } from "../base/disk-failure.ts";
import { AppError } from "../base/errors.ts";
import { setAside } from "../base/set-aside.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { emptyMemory, type Memory, parse, serialise } from "./library-file.ts";
import type { Numbering } from "./numbering.ts";

/**
 * The library's memory: numbers that channels and media keep for ever, and facts that need no second probe. What
 * is new is only certain to last after `save`.
 */
export interface IdentityStore {
  /** The number of the channel with this key (see `FoundFolder.key`); a new key gets the next number. */
  channelId(key: string): number;
  /** The number of the media file with this key, its path relative to the media folder. */
  mediaId(key: string): number;
  /** Facts of the file at this absolute path, if they were found at the same size and time of change. */
  facts(path: string, sizeBytes: number, mtimeMs: number): MediaFacts | undefined;
  putFacts(facts: MediaFacts): void;
  /** Makes everything so far last; a disk that is full or read-only is told of, and leaves it to a later time. Throws AppError("data_folder_unusable"). */
  save(): Promise<void>;
}

/** Where a damaged file is reported; pino's logger is one. */
export interface WarningLog {
  warn(details: object, message: string): void;
}

/** An identity store in the file `library.json` of the data folder, held in memory and written as a whole. */
export class FileIdentityStore implements IdentityStore {
  readonly #path: string;
  readonly #memory: Memory;
  readonly #log: WarningLog;
  #changed = false;
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, memory: Memory, log: WarningLog) {
    this.#path = path;
    this.#memory = memory;
    this.#log = log;
  }

  /**
   * Opens the file, making the data folder when it is not there. A damaged file is set aside as
   * `library.json.corrupt-<n>` with a warning; numbers then start anew. Throws AppError("data_folder_unusable").
   */
  static async open(dataFolder: string, log: WarningLog): Promise<FileIdentityStore> {
    const path = join(dataFolder, "library.json");
    try {
      await mkdir(dataFolder, { recursive: true });
      const content = await readFile(path, "utf8").catch(absentAsUndefined);
      const memory = content === undefined ? emptyMemory() : parse(content, path);
      if (memory) return new FileIdentityStore(path, memory, log);
      const setAsideAs = await setAside(path);
      log.warn({ path, setAsideAs }, "the library file is damaged; channels and media are numbered anew");
      return new FileIdentityStore(path, emptyMemory(), log);
    } catch (failure) {
      throw unusable(path, failure);
    }
  }

  channelId(key: string): number {
    return this.#number(this.#memory.channels, key);
  }

  mediaId(key: string): number {
    return this.#number(this.#memory.media, key);
  }

  facts(path: string, sizeBytes: number, mtimeMs: number): MediaFacts | undefined {
    const facts = this.#memory.facts.get(path);
    return facts?.sizeBytes === sizeBytes && facts.mtimeMs === mtimeMs ? facts : undefined;
  }

  putFacts(facts: MediaFacts): void {
    this.#memory.facts.set(facts.path, facts);
    this.#changed = true;
  }

  save(): Promise<void> {
    const write = () => this.#write();
    this.#saving = this.#saving.then(write, write);
    return this.#saving;
  }

  #number(numbers: Numbering, key: string): number {
    const { number, isNew } = numbers.get(key);
    this.#changed ||= isNew;
    return number;
  }

  async #write(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    try {
      await writeAtomically(this.#path, serialise(this.#memory));
    } catch (failure) {
      this.#changed = true;
      if (isDiskFailure(failure)) {
        const reason = (failure as Error).message;
        this.#log.warn(
          { path: this.#path, reason },
          "new channels and media are not kept: the disk takes nothing",
        );
        return;
      }
      throw unusable(this.#path, failure);
    }
  }
}

function absentAsUndefined(failure: NodeJS.ErrnoException): undefined {
  if (failure.code !== "ENOENT") throw failure;
}

function unusable(path: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError("data_folder_unusable", `${path}: ${(cause as Error).message}`, { cause });
}
