import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../base/errors.ts";
import { parseConfigText } from "./document.ts";

function faultOf(text: string): string {
  try {
    parseConfigText(text, "c.yaml");
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(AppError);
    expect(thrown).toHaveProperty("code", "config_invalid");
    return (thrown as AppError).message;
  }
  throw new Error("accepted");
}

test("reads values, and knows the line of each key", () => {
  const text = "# a comment\nserver:\n  host: ::1 # home\n\n  port: 80\nlog: {level: debug}\n";
  const document = parseConfigText(text, "c.yaml");
  expect(document.values).toEqual({ server: { host: "::1", port: 80 }, log: { level: "debug" } });
  expect(document.lineOf([])).toBe(2);
  expect(document.lineOf(["server", "port"])).toBe(5);
  expect(document.lineOf(["server", "absent"])).toBe(2);
  expect(document.lineOf(["log", "level"])).toBe(6);
  expect(document.lineOf(["absent"])).toBe(2);
});

test("a prototype key stays a plain key, for the schema to refuse", () => {
  const { values } = parseConfigText("a: 1\n__proto__:\n  b: 2\n", "c.yaml");
  expect(Object.keys(values as object)).toEqual(["a", "__proto__"]);
  expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
});

test("an empty text, a comment and a byte order mark hold nothing", () => {
  for (const text of ["", "\n\n", "# nothing\n", "\uFEFF# nothing\n", "---\n"]) {
    expect(parseConfigText(text, "c.yaml").values ?? null).toBeNull();
  }
});

describe("names the file, the line and the fault:", () => {
  test.each([
    ["a tab as indentation", "server:\n\tport: 1\n", /^c\.yaml:2: .*[Tt]ab/],
    ["an open quote", 'log:\n  level: "info\n', /^c\.yaml:\d: /],
    [
      "a key given twice",
      "log:\n  level: info\n  level: warn\n",
      /^c\.yaml:3: the key level is given twice$/,
    ],
    ["a section given twice", "log: {}\nserver: {}\nlog: {}\n", /^c\.yaml:3: the key log is given twice$/],
    ["an unknown tag", "log:\n  level: !!js/function x\n", /^c\.yaml:2: Unresolved tag/],
    ["two documents", "log: {}\n---\nlog: {}\n", /^c\.yaml:2: .*multiple documents/],
    ["a missing anchor", "log: *none\n", /^c\.yaml:1: Unresolved alias/],
    ["deep flow nesting", `a: 1\nb: ${"[".repeat(50_000)}`, /^c\.yaml:2: nested too deeply$/],
    ["deep block nesting", "? ".repeat(50_000), /^c\.yaml:1: nested too deeply$/],
  ])("%s", (_, text, expected) => {
    expect(faultOf(text)).toMatch(expected);
  });

  test("aliases that multiply", () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const items = Array.from({ length: 9 }, () => (level === 0 ? "x" : `*a${level - 1}`));
      return `a${level}: &a${level} [${items.join(", ")}]`;
    });
    expect(faultOf(levels.join("\n"))).toContain("c.yaml:4: more than 20 aliases");
  });
});

test("a list that holds itself ten thousand times is refused at once", () => {
  expect(faultOf(`a: &a [${"*a,".repeat(10_000)}]`)).toBe("c.yaml:1: more than 20 aliases");
  expect(parseConfigText(`a: &a [${"*a,".repeat(20)}]`, "c.yaml").lineOf(["a"])).toBe(1);
}, 5000);

test("control characters of the text do not reach the message", () => {
  expect(faultOf("a: *\u0085\u001b]0;x\n")).not.toMatch(/\p{Cc}/u);
});

test("twenty thousand keys are read in linear time", () => {
  const text = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join("\n");
  expect(Object.keys(parseConfigText(text, "c.yaml").values as object)).toHaveLength(20_000);
}, 5000);

const fragment = fc.constantFrom(
  ...[
    "server:",
    "  port: ",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!set ",
    "|",
    ">",
    '"',
    "'",
    "\n",
    " ",
  ],
  ...[
    "<<: ",
    "__proto__: ",
    "%YAML 1.1\n",
    "---\n",
    "...\n",
    "# ",
    "\t",
    "null",
    ".inf",
    "0x1f",
    "2026-01-01",
  ],
);

test("any text is read or refused with an AppError", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc
      .array(fc.oneof(fragment, fc.string({ maxLength: 3 })), { maxLength: 40 })
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        parseConfigText(text, "c.yaml").lineOf(["server", "port"]);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(AppError);
      }
    }),
    { numRuns: 500 },
  );
}, 30_000);
