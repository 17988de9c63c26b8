import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { writeAtomically } from "./atomic-write.ts";
import { AppError } from "./errors.ts";
import type { OverrideStore } from "./overrides.ts";
import { setAside } from "./set-aside.ts";

/** Where a damaged file is reported; pino's logger is one. */
export interface WarningLog {
  warn(details: object, message: string): void;
}

/** What an override file holds. */
export interface OverrideFileOptions<T extends object> {
  /** Full path; its folder is made. */
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** What damaged overrides were of, for the log. */
  readonly subject: string;
  readonly log: WarningLog;
}

/** Overrides in a JSON file of the data folder. */
export class OverrideFile<T extends object> implements OverrideStore<T> {
  readonly kept: ReadonlyMap<number, T>;
  readonly #path: string;

  private constructor(path: string, kept: ReadonlyMap<number, T>) {
    this.#path = path;
    this.kept = kept;
  }

  /**
   * Opens the file. A damaged one is set aside as `<name>.corrupt-<n>` with a warning: the configuration then holds
   * for all channels. Throws AppError("data_folder_unusable").
   */
  static async open<T extends object>(options: OverrideFileOptions<T>): Promise<OverrideFile<T>> {
    const { path, schema, subject, log } = options;
    try {
      await mkdir(dirname(path), { recursive: true });
      const text = await readFile(path, "utf8").catch(absentAsUndefined);
      const kept = text === undefined ? new Map<number, T>() : parse(text, schema);
      if (kept) return new OverrideFile(path, kept);
      const setAsideAs = await setAside(path);
      const message = `the file of ${subject} is damaged; channels follow the configuration`;
      log.warn({ path, setAsideAs }, message);
      return new OverrideFile(path, new Map());
    } catch (failure) {
      throw unusable(path, failure);
    }
  }

  async save(overrides: ReadonlyMap<number, T>): Promise<void> {
    const content = { version: 1, channels: Object.fromEntries(overrides) };
    try {
      await writeAtomically(this.#path, `${JSON.stringify(content, undefined, 2)}\n`);
    } catch (failure) {
      throw unusable(this.#path, failure);
    }
  }
}

function parse<T extends object>(text: string, schema: z.ZodType<T>): Map<number, T> | undefined {
  const file = z.strictObject({
    version: z.literal(1),
    channels: z.record(z.string().regex(/^\d{1,9}$/), schema),
  });
  try {
    const { channels } = file.parse(JSON.parse(text));
    return new Map(Object.entries(channels).map(([id, override]) => [Number(id), override as T]));
  } catch {
    return undefined;
  }
}

function absentAsUndefined(failure: NodeJS.ErrnoException): undefined {
  if (failure.code !== "ENOENT") throw failure;
}

function unusable(path: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError("data_folder_unusable", `${path}: ${(cause as Error).message}`, { cause });
}
