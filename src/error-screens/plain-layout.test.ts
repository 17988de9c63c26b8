import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GLYPH_HEIGHT, GLYPH_WIDTH } from "./pixel-font.ts";
import { layOut, type PlacedLine, type PlainLayout } from "./plain-layout.ts";

const TEXT = { title: "ffmpeg is missing", detail: "Install it: this channel goes on by itself." };

const words = (layout: PlainLayout) => ({
  title: layout.title.map(({ text }) => text),
  detail: layout.detail.map(({ text }) => text),
});

describe("layOut", () => {
  test("sets a title and, smaller, small print in lines of about equal lengths", () => {
    const layout = layOut(TEXT, 480, 270);
    expect(words(layout)).toEqual({
      title: ["FFMPEG IS MISSING"],
      detail: ["INSTALL IT: THIS CHANNEL", "GOES ON BY ITSELF."],
    });
    expect(layout.title[0]!.scale).toBe(3);
    expect(layout.detail[0]!.scale).toBe(2);
    expect(layout.rule).toBeDefined();
  });

  test("leaves out the small print before the title, and both where there is no place", () => {
    expect(words(layOut(TEXT, 80, 45))).toEqual({ title: ["FFMPEG IS", "MISSING"], detail: [] });
    expect(layOut(TEXT, 44, 36)).toEqual({ title: [], detail: [] });
    expect(layOut(TEXT, 4, 4)).toEqual({ title: [], detail: [] });
  });

  test("shortens a text that is too long, and breaks words that are", () => {
    const { title } = layOut({ title: "a".repeat(60), detail: "" }, 160, 90);
    expect(title.map(({ text }) => text)).toEqual(["A".repeat(24), "A".repeat(24), "A".repeat(12)]);
    const { detail } = layOut({ title: "x", detail: "never ending ".repeat(100) }, 160, 90);
    expect(detail.map(({ text }) => text)).toEqual([
      "NEVER ENDING NEVER",
      "ENDING NEVER ENDING",
      "NEVER ENDING NEVER...",
    ]);
  });

  test("whatever is said stands inside the picture, and nothing on anything else", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 500 });
    const sides = [fc.integer({ min: 4, max: 1024 }), fc.integer({ min: 4, max: 600 })] as const;
    fc.assert(
      fc.property(text, text, ...sides, (title, detail, columns, rows) => {
        const layout = layOut({ title, detail }, columns, rows);
        const boxes = [
          ...[...layout.title, ...layout.detail].map(boxOf),
          ...(layout.rule ? [layout.rule] : []),
        ];
        for (const [index, box] of boxes.entries()) {
          expect(Math.min(box.x, box.y)).toBeGreaterThanOrEqual(0);
          expect(box.x + box.width).toBeLessThanOrEqual(columns);
          expect(box.y + box.height).toBeLessThanOrEqual(rows);
          for (const other of boxes.slice(0, index)) {
            expect(box.y >= other.y + other.height || other.y >= box.y + box.height).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

function boxOf({ text, x, y, scale }: PlacedLine) {
  const width = (text.length * (GLYPH_WIDTH + 1) - 1) * scale;
  return { x, y, width, height: GLYPH_HEIGHT * scale };
}
