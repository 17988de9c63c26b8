import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { AppError } from "../base/errors.ts";
import { type ConfigLayer, checkLayer } from "./check.ts";
import { MAX_CONFIG_BYTES, parseConfigText } from "./document.ts";
import {
  CONFIG_FILE_VARIABLE,
  DATA_FOLDER_VARIABLE,
  type Environment,
  readEnvironment,
  variableOf,
} from "./environment.ts";
import { CONFIG_SCHEMA, type Config, type ConfigInput, type ConfigPath } from "./schema.ts";

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
  /** Absolute path at which a file is looked for. */
  readonly candidate: string;
  /** Where the value of a key comes from: a file and line, a variable, the command line, or "default". */
  originOf(path: ConfigPath): string;
}

/** Problems that an error lists unless its reader wants more. */
const MAX_LISTED = 10;

/**
 * Loads the configuration; command line over environment over file over default. Throws `config_unreadable` when
 * the file cannot be read, `config_invalid` with at most `maxListed` problems of all origins when one of them holds
 * something that the schema refuses.
 */
export function loadConfig(sources: ConfigSources, maxListed = MAX_LISTED): LoadedConfig {
  const cwd = sources.cwd ?? process.cwd();
  const dataFolder = path.resolve(
    cwd,
    sources.dataFolder || variableOf(sources.env, DATA_FOLDER_VARIABLE) || "data",
  );
  const named = sources.file || variableOf(sources.env, CONFIG_FILE_VARIABLE);
  const candidate = named ? path.resolve(cwd, named) : path.join(dataFolder, "config.yaml");
  const text = readText(candidate, named !== undefined);
  const layers = [
    ...(text === undefined ? [] : [readLayer(text, candidate)]),
    ...readEnvironment(sources.env),
    checkLayer(sources.overrides ?? {}, () => "command line"),
  ];
  refuseProblems(layers, maxListed);
  return {
    config: CONFIG_SCHEMA.parse(merge(layers.map(({ values }) => values))),
    dataFolder,
    file: text === undefined ? undefined : candidate,
    candidate,
    originOf: (keyPath) => layers.findLast((layer) => sets(layer, keyPath))?.where(keyPath) ?? "default",
  };
}

function refuseProblems(layers: readonly ConfigLayer[], maxListed: number): void {
  const problems = layers.flatMap((layer) => layer.problems);
  if (problems.length === 0) return;
  const listed = problems.slice(0, maxListed);
  const further = layers.reduce((sum, layer) => sum + layer.furtherProblems, problems.length - listed.length);
  if (further > 0) listed.push(`… and ${further} more`);
  throw new AppError("config_invalid", listed.join("\n"));
}

function sets({ values }: ConfigLayer, [section, name]: ConfigPath): boolean {
  const keys: Readonly<Record<string, unknown>> = values[section] ?? {};
  return keys[name] !== undefined;
}

/** The text of a file; undefined when it does not exist and need not. */
function readText(file: string, required: boolean): string | undefined {
  let handle: number | undefined;
  try {
    // Not to wait for a writer, should it be a named pipe.
    handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(handle).isFile()) throw unreadable(file, "not a regular file");
    // One byte more than allowed, however large the file is or becomes.
    const bytes = Buffer.alloc(MAX_CONFIG_BYTES + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got) {
      got = readSync(handle, bytes, length, bytes.length - length, null);
    }
    if (length > MAX_CONFIG_BYTES) throw unreadable(file, `larger than ${MAX_CONFIG_BYTES} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length));
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const cause = thrown as NodeJS.ErrnoException;
    // ENOTDIR: the data folder is a file, which whoever uses the folder will say more plainly.
    if (!required && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return undefined;
    throw unreadable(file, cause.message, { cause });
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function unreadable(file: string, fault: string, options?: ErrorOptions): AppError {
  return new AppError("config_unreadable", `${file}: ${fault}`, options);
}

function readLayer(text: string, file: string): ConfigLayer {
  try {
    const document = parseConfigText(text, file);
    const where = (keyPath: readonly PropertyKey[]) => `${file}:${document.lineOf(keyPath)}`;
    return checkLayer(withoutEmptySections(document.values), where);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return { values: {}, where: () => file, problems: [thrown.message], furtherProblems: 0 };
  }
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
