import { isDeepStrictEqual } from "node:util";
import { isSecretName, MASK, redactValue } from "../base/redact.ts";
import { CONFIG_KEYS, type ConfigKey } from "./keys.ts";
import { CONFIG_SCHEMA, type Config } from "./schema.ts";

/** A key whose value differs between two configurations. */
export interface ConfigChange {
  readonly key: ConfigKey;
  readonly before: unknown;
  readonly after: unknown;
}

/** The keys that differ, in the order of the schema. */
export function diffConfig(before: Config, after: Config): ConfigChange[] {
  return CONFIG_KEYS.flatMap((key) => {
    const change = { key, before: valueAt(before, key), after: valueAt(after, key) };
    return isDeepStrictEqual(change.before, change.after) ? [] : [change];
  });
}

/** What is in force after a reload: `read`, save for the keys that keep their `running` value until a restart. */
export function afterReload(running: Config, read: Config): Config {
  const sections: Record<string, Record<string, unknown>> = {};
  for (const key of CONFIG_KEYS) {
    const [section, name] = key.path;
    sections[section] ??= {};
    sections[section][name] = valueAt(key.applies === "restart" ? running : read, key);
  }
  return CONFIG_SCHEMA.parse(sections);
}

/** The value of a key. */
export function valueAt(config: Config, { path: [section, name] }: ConfigKey): unknown {
  const keys: Readonly<Record<string, unknown>> = config[section];
  return keys[name];
}

/** A value as it may be shown and logged: secrets masked. */
export function shownValue({ path: [, name] }: ConfigKey, value: unknown): unknown {
  return isSecretName(name) && typeof value !== "boolean" && value !== "" ? MASK : redactValue(value);
}
