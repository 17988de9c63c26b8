import { z } from "zod";
import { AppError } from "../base/errors.ts";
import { CONFIG_SCHEMA, type ConfigInput } from "./schema.ts";

/** Faults that one error lists at most. */
const MAX_LISTED = 10;

/**
 * Checks the values of one origin (a file, the environment, the command line) against the schema. Throws
 * `config_invalid` with a line per fault: `where(path)`, the key path, what was expected.
 */
export function checkLayer(values: unknown, where: (path: readonly PropertyKey[]) => string): ConfigInput {
  const result = CONFIG_SCHEMA.safeParse(values);
  if (result.success) return values as ConfigInput;
  const faults = result.error.issues.flatMap(faultsOf).map(({ path, expected }) => {
    const keyPath = path.map(printable).join(".");
    return keyPath === "" ? `${where(path)}: ${expected}` : `${where(path)}: ${keyPath}: ${expected}`;
  });
  const listed = faults.slice(0, MAX_LISTED);
  if (faults.length > MAX_LISTED) listed.push(`… and ${faults.length - MAX_LISTED} more`);
  throw new AppError("config_invalid", listed.join("\n"), { cause: result.error });
}

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  if (issue.code !== "unrecognized_keys") return [{ path: issue.path, expected: issue.message }];
  const known = knownKeys(issue.path).join(", ");
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    expected: `unknown key; known here: ${known}`,
  }));
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: z.core.JSONSchema.BaseSchema = z.toJSONSchema(CONFIG_SCHEMA, { io: "input" });
  for (const segment of path) {
    const inner = schema.properties?.[String(segment)];
    if (typeof inner !== "object") return [];
    schema = inner;
  }
  return Object.keys(schema.properties ?? {});
}

function printable(key: PropertyKey): string {
  const text = String(key);
  return /^[\w-]{1,64}$/.test(text) ? text : JSON.stringify(text.slice(0, 64));
}
