import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { configReference } from "../../src/cli/config-reference.ts";
import { CONFIG_KEYS } from "../../src/config/keys.ts";
import { ROOT } from "./source.ts";

/** Every key that a document speaks of in code marks, as `section.key`. */
function keysNamedIn(text: string): string[] {
  const sections = new Set(CONFIG_KEYS.map(({ path: [section] }) => section as string));
  return [...text.matchAll(/`([a-z_]+)\.([a-z_]+)`/g)]
    .filter(([, section, key]) => sections.has(section!) && key !== "json")
    .map(([, section, key]) => `${section}.${key}`);
}

test("docs/configuration.md is what the schema says; if not: npm run docs", () => {
  expect(readFileSync(path.join(ROOT, "docs/configuration.md"), "utf8")).toBe(configReference());
});

test.each(["README.md", "docs/guide.md", "docs/errors.md", "docs/api.md"])(
  "%s names only keys that exist",
  (file) => {
    const known = CONFIG_KEYS.map(({ name }) => name);
    const named = keysNamedIn(readFileSync(path.join(ROOT, file), "utf8"));
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  },
);

describe("the configuration gate", () => {
  test("finds the keys that a text names", () => {
    const text = "`server.port`, `server.prot` and `library.json` in `docs/errors.md`, not server.host";
    expect(keysNamedIn(text)).toEqual(["server.port", "server.prot"]);
  });

  test("misses no key: each has its row, with what it does", () => {
    const rows = configReference().split("\n");
    for (const {
      path: [, name],
      description,
    } of CONFIG_KEYS) {
      expect(rows.some((row) => row.startsWith(`| \`${name}\` |`) && row.includes(description))).toBe(true);
    }
  });
});
