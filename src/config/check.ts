import type { z } from "zod";
import { isSecretName, redactText } from "../base/redact.ts";
import { CONFIG_SECTIONS, keyAt } from "./keys.ts";
import { nearest, nearestKey } from "./nearest.ts";
import { CONFIG_SCHEMA, type ConfigInput } from "./schema.ts";

/** Problems of one origin that are described; the others are counted. */
const MAX_DESCRIBED = 200;
/** Characters of a wrong value that are shown. */
const MAX_SHOWN = 40;

/** What one origin (a file, an environment variable, the command line) sets. */
export interface ConfigLayer {
  /** Empty when there are problems. */
  readonly values: ConfigInput;
  /** Where the value of a path was written, for a person. */
  readonly where: (path: readonly PropertyKey[]) => string;
  /** A line per problem: where, which key, what was expected, what was found, what may have been meant. */
  readonly problems: readonly string[];
  /** Problems beyond those described. */
  readonly furtherProblems: number;
}

/** Checks the values of one origin against the schema. */
export function checkLayer(values: unknown, where: ConfigLayer["where"]): ConfigLayer {
  const result = CONFIG_SCHEMA.safeParse(values, { reportInput: true });
  if (result.success) return { values: values as ConfigInput, where, problems: [], furtherProblems: 0 };
  const faults = result.error.issues.flatMap(faultsOf);
  const problems = faults.slice(0, MAX_DESCRIBED).map((fault) => {
    const name = fault.path.map(printable).join(".");
    return `${where(fault.path)}: ${name === "" ? "" : `${name}: `}${describe(fault)}`;
  });
  return { values: {}, where, problems, furtherProblems: faults.length - problems.length };
}

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly isUnknownKey: boolean;
  readonly found: unknown;
  /** In the schema's own words. */
  readonly message: string;
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  if (issue.code !== "unrecognized_keys") {
    return [{ path: issue.path, isUnknownKey: false, found: issue.input, message: issue.message }];
  }
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    isUnknownKey: true,
    found: undefined,
    message: "unknown key",
  }));
}

function describe({ path, isUnknownKey, found, message }: Fault): string {
  // What lies within a key's value is nobody's key.
  const isSecret = path.some((key) => isSecretName(String(key)));
  if (path.length > 2) return found === undefined || isSecret ? message : `${message}, found ${shown(found)}`;
  if (isUnknownKey) return unknownKey(path);
  const key = keyAt(path);
  if (!key) return `expected ${path.length === 0 ? "sections" : "a section"} of keys, found ${shown(found)}`;
  const meant = typeof found === "string" ? nearest(found, key.choices) : undefined;
  const foundText = isSecretName(key.path[1]) ? "" : `, found ${shown(found)}`;
  return `expected ${key.type}${foundText}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

function unknownKey(path: readonly PropertyKey[]): string {
  const [section] = path;
  const siblings =
    path.length === 1
      ? CONFIG_SECTIONS.map(({ name }) => name)
      : CONFIG_SECTIONS.filter(({ name }) => name === section).flatMap(({ keys }) =>
          keys.map((key) => key.path[1]),
        );
  const meant = nearestKey(path);
  const hint = meant === undefined ? "" : `did you mean ${inPlace(meant, path)}? `;
  return `unknown key; ${hint}known here: ${siblings.join(", ")}`;
}

/** A key of the same section by its own name, any other with the section that it belongs into. */
function inPlace(meant: string, [section, ...inner]: readonly PropertyKey[]): string {
  const [meantSection, name] = meant.split(".");
  if (name === undefined || (inner.length > 0 && meantSection === section)) return name ?? meant;
  return `${name} in the section ${meantSection}`;
}

function shown(found: unknown): string {
  if (found === null || found === undefined) return "nothing";
  if (Array.isArray(found)) return "a list";
  if (typeof found === "object") return "a section";
  if (typeof found !== "string") return String(found);
  const clipped = found.length > MAX_SHOWN ? `${found.slice(0, MAX_SHOWN)}…` : found;
  return JSON.stringify(redactText(clipped)).replace(/\p{Cc}/gu, " ");
}

function printable(key: PropertyKey): string {
  const text = String(key);
  return /^[\w-]{1,64}$/.test(text)
    ? text
    : JSON.stringify(text.slice(0, MAX_SHOWN)).replace(/\p{Cc}/gu, " ");
}
