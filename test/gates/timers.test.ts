import { describe, expect, test } from "vitest";
import {
  isNode,
  isTest,
  lastName,
  placeOf,
  readSources,
  type SourceFile,
  type SyntaxNode,
  walkSource,
} from "./source.ts";

/** The one file that may read the machine's clocks and set its timers. */
const CLOCK = "src/base/clock.ts";

const GLOBALS = new Set(["setTimeout", "setInterval", "setImmediate"]);
const MEMBERS = new Set([
  ...["Date.now", "performance.now", "performance.timeOrigin", "AbortSignal.timeout", "process.hrtime"],
  ...["globalThis", "global"].flatMap((scope) => [...GLOBALS].map((name) => `${scope}.${name}`)),
]);
const TIMER_MODULE = /^(node:)?timers(\/promises)?$/;

function timerFaults(file: SourceFile): string[] {
  const faults: string[] = [];
  walkSource(file, (node, parent) => {
    const name = forbiddenName(node, parent);
    if (name) faults.push(`${placeOf(file, node.start)}: ${name}`);
  });
  return faults;
}

/** What a node takes of the machine's time, by name; undefined when nothing. */
function forbiddenName(node: SyntaxNode, parent: SyntaxNode): string | undefined {
  const named = lastName(node) ?? "";
  switch (node.type) {
    case "Identifier":
      return GLOBALS.has(named) && isReference(node, parent) ? named : undefined;
    case "MemberExpression":
      return forbiddenMember(lastName(node.object), named);
    case "VariableDeclarator":
      return destructuredNames(node)
        .map((key) => forbiddenMember(lastName(node.init), key))
        .find(Boolean);
    case "NewExpression":
      return lastName(node.callee) === "Date" && isEmpty(node.arguments) ? "new Date()" : undefined;
    case "CallExpression":
      return lastName(node.callee) === "Date" ? "Date()" : undefined;
    case "ImportDeclaration":
    case "ImportExpression":
      return TIMER_MODULE.test(lastName(node.source) ?? "") ? lastName(node.source) : undefined;
    default:
      return undefined;
  }
}

function forbiddenMember(object: string | undefined, property: string): string | undefined {
  const member = `${object}.${property}`;
  return MEMBERS.has(member) ? member : undefined;
}

function destructuredNames(declarator: SyntaxNode): string[] {
  if (!isNode(declarator.id) || declarator.id.type !== "ObjectPattern") return [];
  return (declarator.id.properties as SyntaxNode[]).flatMap(({ key }) => lastName(key) ?? []);
}

/** Whether an identifier stands for the global of its name, rather than naming a member or a type. */
function isReference(node: SyntaxNode, parent: SyntaxNode): boolean {
  if (parent.type === "TSTypeQuery") return false;
  const names = parent.property === node || (parent.key === node && parent.value !== node);
  return !names || parent.computed === true;
}

function isEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length === 0;
}

test("only the clock reads the time and sets timers", () => {
  const files = readSources("src").filter((file) => file.path !== CLOCK && !isTest(file));
  expect(files.flatMap(timerFaults)).toEqual([]);
});

test("the clock itself is recognised", () => {
  const clock = readSources("src/base").filter((file) => file.path === CLOCK);
  expect(clock.flatMap(timerFaults).length).toBeGreaterThan(3);
});

describe("the timer gate", () => {
  const faultsOf = (text: string) => timerFaults({ path: "x.ts", text: `const a = 1;\n${text}` });

  test.each([
    ["setTimeout(f, 10);", "setTimeout"],
    ["const t = setInterval(f, 1);", "setInterval"],
    ["await new Promise(setImmediate);", "setImmediate"],
    ["const o = { setTimeout };", "setTimeout"],
    ["globalThis.setTimeout(f, 1);", "globalThis.setTimeout"],
    ["const t = Date.now();", "Date.now"],
    ["const t = Date['now']();", "Date.now"],
    ["const t = globalThis.Date.now();", "Date.now"],
    ["const f = Date.now;", "Date.now"],
    ["const { now } = performance;", "performance.now"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code under test.
    ["const t = `at ${performance.now()}`;", "performance.now"],
    ["const t = process.hrtime.bigint();", "process.hrtime"],
    ["const s = AbortSignal.timeout(5);", "AbortSignal.timeout"],
    ["const d = new Date();", "new Date()"],
    ["const d = Date();", "Date()"],
    ['import { setTimeout as sleep } from "node:timers/promises";', "node:timers/promises"],
    ['const t = await import("timers");', "timers"],
  ])("refuses %s", (text, name) => {
    expect(faultsOf(text)).toContain(`x.ts:2: ${name}`);
  });

  test.each([
    "// setTimeout(f, 1) and Date.now()",
    'const text = "setTimeout(f, 1)";',
    "const pattern = /Date.now()/;",
    "let handle: ReturnType<typeof setTimeout>;",
    "const d = new Date(clock.wallNow());",
    "const t = clock.now();",
    "socket.setTimeout(0);",
    "const o = { setTimeout: 1 };",
    "interface O { setTimeout(): void }",
    "const t = Date.UTC(2026, 0, 1);",
  ])("lets %s through", (text) => {
    expect(faultsOf(text)).toEqual([]);
  });
});
