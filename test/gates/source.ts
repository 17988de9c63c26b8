import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseAst } from "vitest/node";

/** The repository's folder. */
export const ROOT = path.join(import.meta.dirname, "../..");

/** A TypeScript file: its path from the repository's root, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A node of the syntax tree (ESTree with TypeScript's additions). */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

/** All TypeScript files below those of the given folders of the repository that exist. */
export function readSources(...folders: string[]): SourceFile[] {
  const present = folders.filter((folder) => existsSync(path.join(ROOT, folder)));
  return present.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .sort()
      .map((name) => {
        const file = path.posix.join(folder, name.replaceAll(path.sep, "/"));
        return { path: file, text: readFileSync(path.join(ROOT, file), "utf8") };
      }),
  );
}

/** Whether a file holds tests. */
export function isTest(file: SourceFile): boolean {
  return file.path.endsWith(".test.ts");
}

/** `path:line`, for an offset in the file's text. */
export function placeOf(file: SourceFile, offset: number): string {
  return `${file.path}:${file.text.slice(0, offset).split("\n").length}`;
}

/** Visits every node of the file, parents before children, with the parent. */
export function walkSource(file: SourceFile, visit: (node: SyntaxNode, parent: SyntaxNode) => void): void {
  const root: unknown = parseAst(file.text, { lang: "ts" }, file.path);
  if (!isNode(root)) throw new Error(`${file.path} has no syntax tree`);
  const descend = (parent: SyntaxNode) => {
    for (const child of Object.values(parent).flat().filter(isNode)) {
      visit(child, parent);
      descend(child);
    }
  };
  descend(root);
}

/** Whether a property of a syntax tree holds a node. */
export function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"
  );
}

/** The last name of an expression: `now` of `Date.now`, `Date` of `globalThis.Date`; undefined when it has none. */
export function lastName(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "Identifier") return node.name as string;
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type === "MemberExpression") {
    const property = node.property as SyntaxNode;
    return node.computed && property.type !== "Literal" ? undefined : lastName(property);
  }
  return "expression" in node ? lastName(node.expression) : undefined;
}

/** An import of any kind: static, re-exported, dynamic, of a type. */
export interface Import {
  readonly specifier: string;
  readonly offset: number;
}

/** Everything that a file imports by a literal name. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  walkSource(file, (node) => {
    const isImport = /^(Import(Declaration|Expression)|Export(Named|All)Declaration|TSImportType)$/.test(
      node.type,
    );
    if (!isImport || !isNode(node.source) || typeof node.source.value !== "string") return;
    found.push({ specifier: node.source.value, offset: node.start });
  });
  return found;
}

/** The path from the repository's root that a relative import leads to; undefined for a package. */
export function targetOf(file: SourceFile, specifier: string): string | undefined {
  return specifier.startsWith(".")
    ? path.posix.normalize(path.posix.join(path.posix.dirname(file.path), specifier))
    : undefined;
}
