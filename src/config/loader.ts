import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { AppError } from "../base/errors.ts";
import { checkLayer } from "./check.ts";
import { MAX_CONFIG_BYTES, parseConfigText } from "./document.ts";
import {
  CONFIG_FILE_VARIABLE,
  DATA_FOLDER_VARIABLE,
  type Environment,
  readEnvironment,
  variableOf,
} from "./environment.ts";
import { CONFIG_SCHEMA, type Config, type ConfigInput } from "./schema.ts";

/** Where the configuration comes from. */
export interface ConfigSources {
  /** The file that the command line names (`--config`). */
  readonly file?: string | undefined;
  /** The data folder that the command line names. */
  readonly dataFolder?: string | undefined;
  readonly env: Environment;
  /** Keys that the command line sets; undefined ones count as not given. */
  readonly overrides?: ConfigInput | undefined;
  /** The folder that relative paths start from; by default the current one. */
  readonly cwd?: string | undefined;
}

/** The configuration in force, and where it was found. */
export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path of the folder that holds all state; it need not exist yet. */
  readonly dataFolder: string;
  /** Absolute path of the file that was read, if any. */
  readonly file: string | undefined;
}

/**
 * Loads the configuration; command line over environment over file over default. Throws `config_unreadable`
 * when the file cannot be read, `config_invalid` when any origin holds something that the schema refuses.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const cwd = sources.cwd ?? process.cwd();
  const dataFolder = path.resolve(
    cwd,
    sources.dataFolder || variableOf(sources.env, DATA_FOLDER_VARIABLE) || "data",
  );
  const named = sources.file || variableOf(sources.env, CONFIG_FILE_VARIABLE);
  const candidate = named ? path.resolve(cwd, named) : path.join(dataFolder, "config.yaml");
  const text = readText(candidate, named !== undefined);
  const layers = [
    text === undefined ? {} : readLayer(text, candidate),
    ...readEnvironment(sources.env),
    checkLayer(sources.overrides ?? {}, () => "command line"),
  ];
  return {
    config: CONFIG_SCHEMA.parse(merge(layers)),
    dataFolder,
    file: text === undefined ? undefined : candidate,
  };
}

/** The text of a file; undefined when it does not exist and need not. */
function readText(file: string, required: boolean): string | undefined {
  try {
    if (statSync(file).size > MAX_CONFIG_BYTES) throw tooLarge(file);
    const bytes = readFileSync(file);
    if (bytes.length > MAX_CONFIG_BYTES) throw tooLarge(file);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const cause = thrown as NodeJS.ErrnoException;
    // ENOTDIR: the data folder is a file, which whoever uses the folder will say more plainly.
    if (!required && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return undefined;
    throw new AppError("config_unreadable", `${file}: ${cause.message}`, { cause });
  }
}

function tooLarge(file: string): AppError {
  return new AppError("config_unreadable", `${file}: larger than ${MAX_CONFIG_BYTES} bytes`);
}

function readLayer(text: string, file: string): ConfigInput {
  const document = parseConfigText(text, file);
  return checkLayer(
    withoutEmptySections(document.values),
    (keyPath) => `${file}:${document.lineOf(keyPath)}`,
  );
}

/** An empty file, or a section whose keys are all commented out, is null in YAML: it sets nothing. */
function withoutEmptySections(values: unknown): unknown {
  if (values === null || values === undefined) return {};
  if (typeof values !== "object" || Array.isArray(values)) return values;
  const isSet = ([key, value]: [string, unknown]) =>
    value !== null || !Object.hasOwn(CONFIG_SCHEMA.shape, key);
  return Object.fromEntries(Object.entries(values).filter(isSet));
}

/** Lays valid layers over each other, the last on top. */
function merge(layers: readonly ConfigInput[]): ConfigInput {
  const merged: Record<string, Record<string, unknown>> = {};
  for (const [section, keys] of layers.flatMap((layer) => Object.entries(layer))) {
    const given = Object.entries(keys ?? {}).filter(([, value]) => value !== undefined);
    merged[section] = { ...merged[section], ...Object.fromEntries(given) };
  }
  return merged;
}
