import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ERRORS } from "../../src/base/errors.ts";
import { ROOT } from "./source.ts";

interface Registered {
  readonly status: number;
  readonly title: string;
}

/** A section of docs/errors.md, behind its `## `: code, title, status, what it means and what to do. */
const SECTION = /^`(?<code>[^`]+)`\n\n\*\*(?<title>.+)\.\*\* HTTP (?<status>\d+)\.\n\n(?<text>[\s\S]{40,})$/;

function errorDocFaults(document: string, registry: Readonly<Record<string, Registered>>): string[] {
  const missing = new Set(Object.keys(registry));
  const faults = document
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const heading = section.split("\n", 1)[0] ?? "";
      const { code = "", title, status } = SECTION.exec(section)?.groups ?? {};
      if (code === "") return [`${heading}: not of the form "code, title, HTTP status, what to do"`];
      const entry = Object.hasOwn(registry, code) ? registry[code] : undefined;
      if (!entry) return [`${code}: unknown`];
      if (!missing.delete(code)) return [`${code}: twice`];
      const isTrue = title === entry.title && status === String(entry.status);
      return isTrue ? [] : [`${code}: is "${entry.title}", ${entry.status}`];
    });
  return [...faults, ...[...missing].map((code) => `${code}: missing`)];
}

test("docs/errors.md says of each error what it means and what to do", () => {
  expect(errorDocFaults(readFileSync(path.join(ROOT, "docs/errors.md"), "utf8"), ERRORS)).toEqual([]);
});

describe("the error documentation gate", () => {
  const registry = { disk_full: { status: 507, title: "The disk is full" } };
  const remedy = "Free some space, or move the data folder to a larger disk.";
  const good = `# Errors\n\n## \`disk_full\`\n\n**The disk is full.** HTTP 507.\n\n${remedy}\n`;

  test("lets a complete document through", () => {
    expect(errorDocFaults(good, registry)).toEqual([]);
  });

  test.each([
    ["a missing code", "# Errors\n", "disk_full: missing"],
    ["an unknown code", `${good}\n## \`disc_full\`\n\n**X.** HTTP 500.\n\n${remedy}\n`, "disc_full: unknown"],
    ["a wrong status", good.replace("507", "500"), /^disk_full: is "The disk is full", 507$/],
    ["a wrong title", good.replace("is full", "is empty"), /^disk_full: is "The disk is full", 507$/],
    ["a code given twice", good + good, "disk_full: twice"],
    ["no remedy", good.replace(remedy, "Sorry."), /not of the form/],
  ])("refuses %s", (_, text, fault) => {
    expect(errorDocFaults(text, registry)).toContainEqual(expect.stringMatching(fault));
  });
});
