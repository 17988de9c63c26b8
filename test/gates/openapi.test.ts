import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openApiDocument } from "../../src/api/openapi.ts";
import { ROOT } from "./source.ts";

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly responses: Readonly<Record<string, unknown>>;
}

test("docs/openapi.json is what the routes say; if not: npm run docs", async () => {
  expect(readFileSync(path.join(ROOT, "docs/openapi.json"), "utf8")).toBe(await openApiDocument());
});

test("each operation has a name of its own, says what it is for, and how failures are answered", async () => {
  const { openapi, paths } = JSON.parse(await openApiDocument()) as Document;
  expect(openapi).toBe("3.1.0");
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  expect(operations.length).toBeGreaterThan(0);
  const names = operations.map(({ operationId }) => operationId);
  expect(names.filter((name) => name === undefined)).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  for (const { operationId, summary, responses } of operations) {
    expect([operationId, typeof summary, "default" in responses]).toEqual([operationId, "string", true]);
  }
});
