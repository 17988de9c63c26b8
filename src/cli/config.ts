import type { Command } from "commander";
import { adviseOn } from "../config/advice.ts";
import { shownValue, valueAt } from "../config/diff.ts";
import { CONFIG_JSON_SCHEMA, CONFIG_KEYS, CONFIG_SECTIONS } from "../config/keys.ts";
import { type ConfigSources, type LoadedConfig, loadConfig } from "../config/loader.ts";
import { configReference } from "./config-reference.ts";

/** Problems that `check` lists at most. */
const MAX_LISTED = 500;

/** What a command line says of the configuration. */
export interface ConfigOptions {
  readonly config?: string;
  readonly data?: string;
  readonly host?: string;
  readonly port?: number;
}

/** What the verbs need of the program. */
export interface ConfigVerbs {
  /** Runs a verb; a failure is told, with exit status 2. */
  readonly run: (verb: () => Promise<void>) => Promise<void>;
  readonly write: (text: string) => void;
  /** Where the configuration comes from, given the options of the command line. */
  readonly sources: (options: ConfigOptions) => ConfigSources;
  /** Adds the options that `sources` reads. */
  readonly addOptions: (command: Command) => Command;
}

/** Adds `config check`, `print`, `schema` and `docs` to the program. */
export function addConfigVerbs(program: Command, { run, write, sources, addOptions }: ConfigVerbs): void {
  const config = program.command("config").description("check the configuration, or show what is in force");
  addOptions(
    config
      .command("check")
      .description("say what is wrong in a configuration file: exit status 0 when nothing is, 2 otherwise")
      .argument("[FILE]", "file to check (by default the one that the server would read)"),
  ).action((file: string | undefined, options: ConfigOptions) =>
    run(async () => {
      const given = sources(options);
      write(checkReport(loadConfig({ ...given, file: file ?? given.file }, MAX_LISTED)));
    }),
  );
  addOptions(
    config.command("print").description("print the configuration in force as YAML, with each value's origin"),
  ).action((options: ConfigOptions) => run(async () => write(configInForce(loadConfig(sources(options))))));
  config
    .command("schema")
    .description("print a JSON Schema of the configuration file, for editors")
    .action(() => run(async () => write(`${JSON.stringify(CONFIG_JSON_SCHEMA, null, 2)}\n`)));
  config
    .command("docs")
    .description("print the reference of every key as Markdown")
    .action(() => run(async () => write(configReference())));
}

/** What `config check` says of a valid configuration. */
export function checkReport(loaded: LoadedConfig): string {
  const counts = new Map<string, number>();
  for (const { path } of CONFIG_KEYS) {
    const origin = loaded.originOf(path);
    const kind = loaded.file !== undefined && origin.startsWith(`${loaded.file}:`) ? "the file" : origin;
    if (kind !== "default") counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const set = [...counts].map(([kind, count]) => `${count} by ${kind}`).join(", ");
  return [
    loaded.file === undefined
      ? `There is no ${loaded.candidate}; nothing is wrong.`
      : `${loaded.file} is valid.`,
    `Of ${CONFIG_KEYS.length} keys ${set === "" ? "none is set" : `are set: ${set}`}; the others have their defaults.`,
    ...adviseOn(loaded.config).map(({ key, text }) => `Warning: ${key}: ${text}`),
    "",
  ].join("\n");
}

/** The configuration in force as YAML that can be read back, a comment behind each value saying where it is from. */
export function configInForce(loaded: LoadedConfig): string {
  const sections = CONFIG_SECTIONS.map(({ name, keys }) =>
    [
      `${name}:`,
      ...keys.map((key) => {
        const value = oneLine(shownValue(key, valueAt(loaded.config, key)));
        return `  ${key.path[1]}: ${value} # ${withoutControls(loaded.originOf(key.path))}`;
      }),
    ].join("\n"),
  );
  return [
    `# configuration file: ${withoutControls(loaded.file ?? `none (${loaded.candidate} does not exist)`)}`,
    `# data folder: ${withoutControls(loaded.dataFolder)}`,
    ...sections,
    "",
  ].join("\n");
}

/** JSON is YAML; control characters that it leaves as they are would reach the terminal. */
function oneLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ");
}
