import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { importsOf, isTest, placeOf, ROOT, readSources, type SourceFile, targetOf } from "./source.ts";

/** The folders of each level: a folder imports only from lower levels, or from itself. */
const LEVELS: readonly (readonly string[])[] = [
  ["base"],
  ["media", "codec"],
  ["config", "mpegts", "mp4", "hls", "playout"],
  ["splice", "throttle", "ffmpeg", "store", "process"],
  ["source", "library", "backup"],
  ["prepared", "error-screens", "machine"],
  ["channels"],
  ["sessions", "healing"],
  ["outputs", "notify", "cluster"],
  ["api"],
  ["cli"],
];

/** The only files that know every layer. */
const WIRING = [
  "src/server.ts",
  "src/http.ts",
  "src/audience.ts",
  "src/data-disk.ts",
  "src/equipment.ts",
  "src/spawning.ts",
  "src/line-up.ts",
  "src/line-up-subtitles.ts",
  "src/main.ts",
];

const levelOf = new Map(
  LEVELS.flatMap((folders, level) => folders.map((folder) => [folder, level] as const)),
);

/** The folder below src/ that a path lies in; undefined for a file of src/ itself, or elsewhere. */
function folderOf(file: string): string | undefined {
  return /^src\/([^/]+)\//.exec(file)?.[1];
}

function layerFaults(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const folder = folderOf(file.path);
    if (folder === undefined) {
      return WIRING.includes(file.path) || isTest(file) ? [] : [`${file.path}: belongs into a folder`];
    }
    const level = levelOf.get(folder);
    if (level === undefined) return [`${file.path}: src/${folder} has no place in the level table`];
    if (isTest(file)) return [];
    return importsOf(file).flatMap(({ specifier, offset }) => {
      const target = targetOf(file, specifier);
      if (target === undefined || folderOf(target) === folder) return [];
      const targetLevel = levelOf.get(folderOf(target) ?? "");
      if (targetLevel !== undefined && targetLevel < level) return [];
      return [`${placeOf(file, offset)}: src/${folder} (level ${level}) must not import ${target}`];
    });
  });
}

/** A description per cycle found: the files in the order in which they import each other. */
function importCycles(files: readonly SourceFile[]): string[] {
  const names = new Set(files.map((file) => file.path));
  const targets = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .flatMap(({ specifier }) => targetOf(file, specifier) ?? [])
        .filter((name) => names.has(name)),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]) => {
    const start = trail.indexOf(file);
    if (start >= 0) cycles.push([...trail.slice(start), file].join(" → "));
    if (start >= 0 || done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of names) visit(file, []);
  return cycles;
}

describe("src", () => {
  const files = readSources("src");

  test("imports lower levels only", () => {
    expect(layerFaults(files)).toEqual([]);
  });

  test("has no import cycles", () => {
    expect(importCycles(files.filter((file) => !isTest(file)))).toEqual([]);
  });
});

test("CONTRIBUTING.md shows the same table", () => {
  const rows = readFileSync(path.join(ROOT, "CONTRIBUTING.md"), "utf8").matchAll(/^\| (\d+) \| (.*) \|$/gm);
  const shown = [...rows].map(([, level, folders = ""]) => [
    Number(level),
    folders.replaceAll("`", "").split(" "),
  ]);
  expect(shown).toEqual(LEVELS.map((folders, level) => [level, folders]));
});

describe("the layer gate", () => {
  const faultsOf = (file: string, text: string) => layerFaults([{ path: file, text }]);

  test.each([
    ["a value from above", 'import { a } from "../splice/a.ts";'],
    ["a type from above", 'import type { A } from "../splice/a.ts";'],
    ["a type by expression", 'export let a: import("../splice/a.ts").A;'],
    ["from a neighbour of its own level", 'import { a } from "../mp4/a.ts";'],
    ["a re-export", 'export * from "../splice/a.ts";'],
    ["a dynamic import", 'await import("../splice/a.ts");'],
    ["the wiring", 'import { Server } from "../server.ts";'],
    ["test support", 'import { a } from "../../test/support/a.ts";'],
  ])("refuses %s", (_, text) => {
    expect(faultsOf("src/mpegts/x.ts", `const b = 1;\n${text}`)).toEqual([
      expect.stringMatching(/^src\/mpegts\/x\.ts:2: src\/mpegts \(level 2\) must not import /),
    ]);
  });

  test("lets lower levels, its own folder, packages, tests and the wiring through", () => {
    const text = 'import "../base/clock.ts";\nimport "../media/gop.ts";\nimport "./b.ts";\nimport "node:fs";';
    expect(faultsOf("src/mpegts/x.ts", text)).toEqual([]);
    expect(faultsOf("src/base/x.test.ts", 'import "../api/a.ts";')).toEqual([]);
    expect(faultsOf("src/server.ts", 'import "./api/a.ts";')).toEqual([]);
  });

  test("refuses a folder without a level, and a file without a folder", () => {
    expect(faultsOf("src/utils/x.ts", "")).toEqual([
      "src/utils/x.ts: src/utils has no place in the level table",
    ]);
    expect(faultsOf("src/helper.ts", "")).toEqual(["src/helper.ts: belongs into a folder"]);
  });

  test("finds cycles, also of types alone", () => {
    const files = [
      { path: "src/base/a.ts", text: 'import { b } from "./b.ts";' },
      { path: "src/base/b.ts", text: 'export { c } from "./c.ts";' },
      { path: "src/base/c.ts", text: 'import type { A } from "./a.ts";' },
      { path: "src/base/d.ts", text: 'import "./a.ts";' },
    ];
    expect(importCycles(files)).toEqual(["src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts"]);
    expect(importCycles(files.slice(0, 2))).toEqual([]);
  });
});
