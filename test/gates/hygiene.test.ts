import { describe, expect, test } from "vitest";
import {
  isNode,
  lastName,
  placeOf,
  readSources,
  type SourceFile,
  type SyntaxNode,
  walkSource,
} from "./source.ts";

/** Lines beyond which a file in src/ is asked to be two. */
const MAX_LINES = 350;

const TEST_FUNCTIONS = /^(it|test|describe|suite|bench)$/;
const SUPPRESSION = /@ts-(ignore|expect-error|nocheck)|biome-ignore\S*\s+lint\/suspicious\/noExplicitAny/g;

function hygieneFaults(file: SourceFile): string[] {
  const faults = lengthFaults(file);
  const literals: SyntaxNode[] = [];
  walkSource(file, (node) => {
    if (/^(Literal|TemplateElement)$/.test(node.type)) literals.push(node);
    const fault = escapeFault(node) ?? defaultExportFault(node) ?? skippedTestFault(node, file);
    if (fault) faults.push(`${placeOf(file, node.start)}: ${fault}`);
  });
  const comments = blankedOut(file.text, literals).matchAll(/\/\/.*|\/\*[\s\S]*?\*\//g);
  for (const comment of comments) {
    for (const [suppression] of comment[0].matchAll(SUPPRESSION))
      faults.push(`${placeOf(file, comment.index)}: ${suppression}`);
  }
  return faults;
}

function lengthFaults(file: SourceFile): string[] {
  const lines = file.text.trimEnd().split("\n").length;
  return file.path.startsWith("src/") && lines > MAX_LINES
    ? [`${file.path}: ${lines} lines, at most ${MAX_LINES}`]
    : [];
}

function escapeFault(node: SyntaxNode): string | undefined {
  return node.type === "TSAnyKeyword" ? "any" : undefined;
}

function defaultExportFault(node: SyntaxNode): string | undefined {
  const isDefault =
    node.type === "ExportDefaultDeclaration" ||
    (node.type === "ExportSpecifier" && lastName(node.exported) === "default");
  return isDefault ? "default export" : undefined;
}

/** A test that is singled out, or left out without the number of the issue that will bring it back. */
function skippedTestFault(node: SyntaxNode, file: SourceFile): string | undefined {
  if (node.type !== "MemberExpression" || !isTestFunction(node.object)) return undefined;
  const modifier = lastName(node);
  if (modifier === "only") return "test singled out";
  if (modifier !== "skip" && modifier !== "todo") return undefined;
  const before = file.text.lastIndexOf("\n", file.text.lastIndexOf("\n", node.start) - 1);
  const around = file.text.slice(Math.max(0, before), file.text.indexOf("\n", node.end) + 1 || undefined);
  return /#\d+/.test(around) ? undefined : `${modifier} without an issue number`;
}

/** Whether an expression is `test`, or a chain that begins with it, such as `test.concurrent`. */
function isTestFunction(node: unknown): boolean {
  if (!isNode(node)) return false;
  if (node.type === "Identifier") return TEST_FUNCTIONS.test(String(node.name));
  return node.type === "MemberExpression" && isTestFunction(node.object);
}

/** The text with the given nodes replaced by spaces, so that what looks like a comment is one. */
function blankedOut(text: string, nodes: readonly SyntaxNode[]): string {
  let blanked = text;
  for (const { start, end } of nodes) {
    blanked = blanked.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, " ") + blanked.slice(end);
  }
  return blanked;
}

test.each(readSources("src", "test", "scripts", "bench", "chaos"))("$path", (file) => {
  expect(hygieneFaults(file)).toEqual([]);
});

describe("the hygiene gate", () => {
  const faultsOf = (text: string, path = "src/base/x.ts") =>
    hygieneFaults({ path, text: `const a = 1;\n${text}` });

  test.each([
    ["let x: any;", "any"],
    ["const x = y as any;", "any"],
    ["function f(...rest: any[]) {}", "any"],
    ["// @ts-ignore\nfoo();", "@ts-ignore"],
    ["foo(); // @ts-expect-error", "@ts-expect-error"],
    ["/* @ts-nocheck */", "@ts-nocheck"],
    ["export default 1;", "default export"],
    ["const b = 2;\nexport { b as default };", "default export"],
    ['test.only("x", () => {});', "test singled out"],
    ['describe.concurrent.only("x #12", () => {});', "test singled out"],
    ['it.skip("x", () => {});', "skip without an issue number"],
    ['test.todo("x");', "todo without an issue number"],
  ])("refuses %s", (text, fault) => {
    expect(faultsOf(text).map((found) => found.replace(/^src\/base\/x\.ts:\d+: /, ""))).toEqual([fault]);
  });

  test.each([
    'const text = "any // @ts-ignore";',
    "// many words, and any of them",
    "const any = 1;",
    'test.skip("x (#12)", () => {});',
    '// #12: needs a newer ffmpeg\ntest.skip("x", () => {});',
    'test.each([1])("x", () => {});',
    "list.only = 1;",
  ])("lets %s through", (text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  test("refuses a file beyond its length, in src only", () => {
    const text = "a;\n".repeat(MAX_LINES);
    expect(faultsOf(text)).toEqual(["src/base/x.ts: 351 lines, at most 350"]);
    expect(faultsOf(text, "test/gates/x.ts")).toEqual([]);
  });
});
