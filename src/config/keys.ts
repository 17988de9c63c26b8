import { z } from "zod";
import type { Applies } from "./key-parts.ts";
import { CONFIG_SCHEMA, type ConfigPath } from "./schema.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** One key of the configuration, as its documentation shows it. */
export interface ConfigKey {
  /** Section and name. */
  readonly path: ConfigPath;
  /** `section.name`. */
  readonly name: string;
  /** Kind and bounds in words: `whole number, 0 to 65535`. */
  readonly type: string;
  /** The words that may be written; empty when it takes other values too. */
  readonly choices: readonly string[];
  readonly default: unknown;
  readonly description: string;
  readonly applies: Applies;
  /** The version that introduced it. */
  readonly since: string;
}

/** A group of keys. */
export interface ConfigSection {
  readonly name: string;
  readonly description: string;
  readonly keys: readonly ConfigKey[];
}

/** The whole configuration as JSON Schema (draft 2020-12), for editors that complete and check as one types. */
export const CONFIG_JSON_SCHEMA: JsonSchema = z.toJSONSchema(CONFIG_SCHEMA, { io: "input" });

/** Every section with its keys, in the order of the schema. */
export const CONFIG_SECTIONS: readonly ConfigSection[] = members(CONFIG_JSON_SCHEMA).map(
  ([name, section]) => ({
    name,
    description: section.description ?? "",
    keys: members(section).map(([key, schema]) => describeKey([name, key] as unknown as ConfigPath, schema)),
  }),
);

/** Every key, in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = CONFIG_SECTIONS.flatMap(({ keys }) => keys);

/** The key that a path of the configuration lies at or in, if there is one. */
export function keyAt([section, name]: readonly PropertyKey[]): ConfigKey | undefined {
  return CONFIG_KEYS.find(({ path }) => path[0] === section && path[1] === name);
}

function members(schema: JsonSchema): [string, JsonSchema][] {
  return Object.entries(schema.properties ?? {}).filter(
    (entry): entry is [string, JsonSchema] => typeof entry[1] === "object",
  );
}

function describeKey(path: ConfigPath, schema: JsonSchema): ConfigKey {
  return {
    path,
    name: path.join("."),
    type: typeInWords(schema),
    choices: words(schema),
    default: schema.default,
    description: schema.description ?? "",
    applies: schema.applies === "live" || schema.applies === "later" ? schema.applies : "restart",
    since: String(schema.since ?? ""),
  };
}

function words(schema: JsonSchema): string[] {
  if (schema.enum) return schema.enum.map(String);
  return schema.const === undefined ? [] : [String(schema.const)];
}

/** What a value must be, in words that a person writes a configuration with. */
function typeInWords(schema: JsonSchema): string {
  if (typeof schema.words === "string") return schema.words;
  const parts = schema.anyOf?.filter((part) => typeof part === "object");
  if (parts) return parts.map((part) => typeInWords(part as JsonSchema)).join(", or ");
  if (words(schema).length > 0) return alternatives(words(schema));
  switch (schema.type) {
    case "boolean":
      return "true or false";
    case "integer":
      return `${multiple(schema.multipleOf)}whole number${bounds(schema)}`;
    case "number":
      return `number${bounds(schema)}`;
    case "string":
      return (schema.minLength ?? 0) > 0 ? "text, not empty" : "text";
    case "array":
      return `list of: ${typeof schema.items === "object" && !Array.isArray(schema.items) ? typeInWords(schema.items as JsonSchema) : "values"}`;
    default:
      return "value";
  }
}

function alternatives(choices: readonly string[]): string {
  if (choices.length < 2) return choices.join();
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

function multiple(of: number | undefined): string {
  if (of === undefined || of === 1) return "";
  return of === 2 ? "even " : `multiple of ${of}, `;
}

function bounds({ minimum, maximum }: JsonSchema): string {
  const least = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}`;
  if (least !== undefined) return `, at least ${least}`;
  return most === undefined ? "" : `, at most ${most}`;
}
