import { expect, test } from "vitest";
import { isTest, lastName, placeOf, readSources, type SourceFile, walkSource } from "./source.ts";

/** The one file that may start processes: each then has an owner, a group of its own, and the mark of its server. */
const DOOR = "src/ffmpeg/child.ts";
const MODULES = /^(node:)?(child_process|cluster)$/;

function imports(file: SourceFile): string[] {
  const found: string[] = [];
  walkSource(file, (node) => {
    if (node.type !== "ImportDeclaration" && node.type !== "ImportExpression") return;
    if (MODULES.test(lastName(node.source) ?? "")) found.push(placeOf(file, node.start));
  });
  return found;
}

test("only one file starts processes", () => {
  const files = readSources("src").filter(({ path }) => !path.endsWith(".fixtures.ts"));
  expect(files.filter((file) => !isTest(file) && file.path !== DOOR).flatMap(imports)).toEqual([]);
  expect(files.filter(({ path }) => path === DOOR).flatMap(imports)).toHaveLength(1);
});

test.each([
  'import { spawn } from "node:child_process";',
  'await import("child_process");',
  'import c from "cluster";',
])("%s is recognised", (text) => expect(imports({ path: "x.ts", text })).toEqual(["x.ts:1"]));
