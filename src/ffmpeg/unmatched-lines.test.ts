import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lineTemplate } from "./line-template.ts";
import { UnmatchedLines } from "./unmatched-lines.ts";

describe("a template", () => {
  test.each([
    [
      "[h264 @ 0x562e50ca8600] negative number of zero coeffs at 17 2",
      "[h<n>] negative number of zero coeffs at <n> <n>",
    ],
    ["/srv/Films/My Film (1999).mkv: Is a directory", "<path>: Is a directory"],
    ["file:/srv/My Film.mkv: weird", "<path>: weird"],
    ["My Film.mkv: weird", "<path>: weird"],
    ["Error opening 'Secret Title.mp4' now", "Error opening '…' now"],
    ["cannot read /home/anna/x.ts, sorry", "cannot read <path>, sorry"],
    ["http://u:p@h:80/x?token=abc: odd answer", "<url> odd answer"],
    ["Authorization: Bearer abc", "Authorization: ***"],
    ["took 00:01:02.50 and 3.5 dB at 0x1f", "took <n> and <n> dB at <n>"],
    ["id 0123456789abcdef0123", "id <n>"],
  ])("of %s", (line, template) => {
    expect(lineTemplate(line)).toBe(template);
    expect(lineTemplate(line.replaceAll("7", "8"))).toBe(template);
  });

  test("never holds a digit or a control character, nor more than 200 characters", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), (line) => {
        const template = lineTemplate(line);
        expect(template).not.toMatch(/[0-9]|\p{Cc}/u);
        expect(template.length).toBeLessThanOrEqual(200);
      }),
    );
  });

  test.each([
    "/".repeat(100_000),
    "'".repeat(100_000),
    "a.".repeat(100_000),
    "1:".repeat(100_000),
    "a://".repeat(50_000),
  ])(
    "of hostile text %#: linear time",
    (text) => void expect(lineTemplate(text).length).toBeLessThanOrEqual(200),
    2000,
  );
});

describe("UnmatchedLines", () => {
  test("the same message with other numbers counts once", () => {
    const lines = new UnmatchedLines();
    for (let number = 0; number < 5; number++) lines.add(`[h264 @ 0x${number}] cbp too large (${number})`);
    lines.add("  Last message repeated 4 times");
    lines.add("Exiting normally, received signal 15.");
    lines.add("another one");
    expect(lines.changed).toBe(true);
    expect(lines.snapshot()).toEqual([
      { template: "[h<n>] cbp too large (<n>)", count: 5 },
      { template: "another one", count: 1 },
    ]);
    expect(lines.changed).toBe(false);
  });

  test("goes on where an earlier run ended", () => {
    const lines = new UnmatchedLines([{ template: "another one", count: 7 }]);
    lines.add("another one");
    expect(lines.snapshot()).toEqual([{ template: "another one", count: 8 }]);
  });

  test("keeps what is frequent within its bound", () => {
    const lines = new UnmatchedLines();
    const name = (number: number) => `${String.fromCharCode(97 + (number % 26))}${"z".repeat(number / 26)}`;
    lines.add("often");
    lines.add("often");
    for (let number = 0; number < 1000; number++) lines.add(name(number));
    const kept = lines.snapshot();
    expect(kept).toHaveLength(200);
    expect(kept[0]).toEqual({ template: "often", count: 2 });
    expect(kept.some(({ template }) => template === name(999))).toBe(true);
  });
});
