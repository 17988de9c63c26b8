import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "../base/atomic-write.ts";
import { AppError } from "../base/errors.ts";
import { setAside } from "../base/set-aside.ts";
import { MAX_TARGET_BPS, MIN_TARGET_BPS, THROTTLE_MODES } from "../config/schema.ts";

/** What one channel wants otherwise than the configuration says. */
export const THROTTLE_OVERRIDE = z.strictObject({
  mode: z.enum(THROTTLE_MODES).optional(),
  target_bitrate_bps: z.int().min(MIN_TARGET_BPS).max(MAX_TARGET_BPS).optional(),
});

/** See `THROTTLE_OVERRIDE`; a key that is absent is the configuration's. */
export type ThrottleOverride = z.output<typeof THROTTLE_OVERRIDE>;

/** Keeps the overrides of channels, by channel id. */
export interface OverrideStore {
  /** What is kept; read once, at the start. */
  readonly kept: ReadonlyMap<number, ThrottleOverride>;
  /** Replaces everything that is kept; not to be called again before it is done. Throws AppError("data_folder_unusable"). */
  save(overrides: ReadonlyMap<number, ThrottleOverride>): Promise<void>;
}

/** Where a damaged file is reported; pino's logger is one. */
export interface WarningLog {
  warn(details: object, message: string): void;
}

const FILE = z.strictObject({
  version: z.literal(1),
  channels: z.record(z.string().regex(/^\d{1,9}$/), THROTTLE_OVERRIDE),
});

/** An override store in the file `throttle.json` of the data folder. */
export class OverrideFile implements OverrideStore {
  readonly kept: ReadonlyMap<number, ThrottleOverride>;
  readonly #path: string;

  private constructor(path: string, kept: ReadonlyMap<number, ThrottleOverride>) {
    this.#path = path;
    this.kept = kept;
  }

  /**
   * Opens the file. A damaged one is set aside as `throttle.json.corrupt-<n>` with a warning: the configuration
   * then holds for all channels. Throws AppError("data_folder_unusable").
   */
  static async open(dataFolder: string, log: WarningLog): Promise<OverrideFile> {
    const path = join(dataFolder, "throttle.json");
    try {
      await mkdir(dirname(path), { recursive: true });
      const text = await readFile(path, "utf8").catch(absentAsUndefined);
      const kept = text === undefined ? new Map() : parse(text);
      if (kept) return new OverrideFile(path, kept);
      const setAsideAs = await setAside(path);
      log.warn(
        { path, setAsideAs },
        "the file of throttle overrides is damaged; channels follow the configuration",
      );
      return new OverrideFile(path, new Map());
    } catch (failure) {
      throw unusable(path, failure);
    }
  }

  async save(overrides: ReadonlyMap<number, ThrottleOverride>): Promise<void> {
    const content = { version: 1, channels: Object.fromEntries(overrides) };
    try {
      await writeAtomically(this.#path, `${JSON.stringify(content, undefined, 2)}\n`);
    } catch (failure) {
      throw unusable(this.#path, failure);
    }
  }
}

function parse(text: string): Map<number, ThrottleOverride> | undefined {
  try {
    const { channels } = FILE.parse(JSON.parse(text));
    return new Map(Object.entries(channels).map(([id, override]) => [Number(id), override]));
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
