import {
  type Document,
  isMap,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { AppError } from "../base/errors.ts";

/** Largest configuration text in bytes: nonsense of this size is refused within the time that viewers do not notice. */
export const MAX_CONFIG_BYTES = 64 * 1024;

/**
 * References to anchors that a text may hold; more is how small files become gigabytes, or, when a list refers to
 * itself, hours.
 */
const MAX_ALIASES = 20;

/** Nesting within flow collections or on one line. The parser's time grows without measure on deep nonsense. */
const MAX_NESTING = 16;

/** Values read from a text, and where in it each stands. */
export interface ConfigDocument {
  /** Plain data as written, not yet checked against the schema. */
  readonly values: unknown;
  /** Line (from 1) of the key at `path`, or of its nearest enclosing key that exists. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** Reads YAML; throws `config_invalid` naming `name`, the line and the fault when it is not well-formed. */
export function parseConfigText(text: string, name: string): ConfigDocument {
  refuseExcess(text, name);
  const lines = new LineCounter();
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  let document: Document.Parsed;
  let values: unknown;
  try {
    // The parser's own search for duplicate keys takes quadratic time; see refuseDuplicates.
    const options = { schema: "core", merge: false, uniqueKeys: false, prettyErrors: false } as const;
    document = parseDocument(text, { ...options, lineCounter: lines, logLevel: "error" });
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault) throw invalid(name, lineAt(fault.pos[0]), fault.message);
    refuseDuplicates(document, (key, offset) =>
      invalid(name, lineAt(offset), `the key ${key} is given twice`),
    );
    values = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw invalid(name, 1, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
  return { values, lineOf: (path) => lineAt(offsetOf(document, path)) };
}

function invalid(name: string, line: number, fault: string, options?: ErrorOptions): AppError {
  return new AppError("config_invalid", `${name}:${line}: ${fault.replace(/\p{Cc}/gu, " ")}`, options);
}

/** The parser's own limits come too late: these are checked before it sees the text. */
function refuseExcess(text: string, name: string): void {
  let line = 1;
  let flowDepth = 0;
  let blockDepth = 0;
  let aliases = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === "{" || token === "[") flowDepth++;
    else if (token === "}" || token === "]") flowDepth--;
    else if (token === "-" || token === "?") blockDepth++;
    else if (token.includes("\n")) {
      blockDepth = 0;
      line += token.split("\n").length - 1;
    }
    if (token.startsWith("*") && ++aliases > MAX_ALIASES) {
      throw invalid(name, line, `more than ${MAX_ALIASES} aliases`);
    }
    if (flowDepth > MAX_NESTING || blockDepth > MAX_NESTING) throw invalid(name, line, "nested too deeply");
  }
}

function refuseDuplicates(document: Document.Parsed, error: (key: string, offset: number) => AppError): void {
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        const value = isScalar(key) ? String(key.value) : key;
        if (seen.has(value)) throw error(String(value), startOf(key) ?? 0);
        seen.add(value);
      }
    },
  });
}

function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const segment of path) {
    const pair: Pair | undefined = isMap(node) ? pairOf(node, segment) : undefined;
    if (!pair) break;
    offset = startOf(pair.key) ?? offset;
    node = pair.value;
  }
  return offset;
}

function pairOf(map: YAMLMap, segment: PropertyKey): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && String(key.value) === segment);
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
