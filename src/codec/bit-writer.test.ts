import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BitWriter, nalUnit } from "./bit-writer.ts";

/** What was written, as text of ones and zeros, without the stop bit and what follows it. */
function written(write: (w: BitWriter) => void): string {
  const w = new BitWriter();
  write(w);
  const bits = Array.from(w.finish(), (byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.slice(0, bits.lastIndexOf("1"));
}

describe("BitWriter", () => {
  test("writes fields of any width, the highest bit first", () => {
    const fields = fc.array(fc.tuple(fc.integer({ min: 0, max: 32 }), fc.nat(0xffffffff)), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(fields, (list) => {
        const expected = list.map(([count, value]) =>
          count === 0 ? "" : value.toString(2).padStart(32, "0").slice(-count),
        );
        const bits = written((w) => {
          for (const [count, value] of list) w.bits(count, value);
        });
        expect(bits).toBe(expected.join(""));
      }),
    );
  });

  // ITU-T H.264 table 9-2.
  test.each([
    [0, "1"],
    [1, "010"],
    [2, "011"],
    [3, "00100"],
    [6, "00111"],
    [7, "0001000"],
    [9, "0001010"],
    [254, "000000011111111"],
    [255, `${"0".repeat(8)}1${"0".repeat(8)}`],
    [2 ** 32 - 2, `${"0".repeat(31)}${"1".repeat(32)}`],
  ])("writes the unsigned number %i", (value, code) => {
    expect(written((w) => w.ue(value))).toBe(code);
  });

  // Table 9-3.
  test.each([
    [0, "1"],
    [1, "010"],
    [-1, "011"],
    [2, "00100"],
    [-2, "00101"],
    [3, "00110"],
    [-6, "0001101"],
  ])("writes the signed number %i", (value, code) => {
    expect(written((w) => w.se(value))).toBe(code);
  });

  test("ends with a one, and zeros to the next byte", () => {
    for (const [count, last] of [
      [0, 0b10000000],
      [5, 0b00000100],
      [7, 0b00000001],
      [8, 0b10000000],
    ] as const) {
      const w = new BitWriter();
      w.bits(count, 0);
      expect(w.finish().at(-1)).toBe(last);
    }
  });
});

describe("nalUnit", () => {
  const unit = (...payload: number[]) => [...nalUnit(3, 7, Uint8Array.from(payload))];

  test.each([
    [
      [0, 0, 0],
      [0, 0, 3, 0],
    ],
    [
      [0, 0, 1],
      [0, 0, 3, 1],
    ],
    [
      [0, 0, 3],
      [0, 0, 3, 3],
    ],
    [
      [0, 0, 4],
      [0, 0, 4],
    ],
    [
      [0, 0, 0, 0, 0, 0],
      [0, 0, 3, 0, 0, 3, 0, 0],
    ],
    [
      [9, 0, 1, 0, 0, 2, 0, 0, 1],
      [9, 0, 1, 0, 0, 3, 2, 0, 0, 3, 1],
    ],
  ])("hides start codes: %j", (payload, expected) => {
    expect(unit(...payload)).toEqual([0x67, ...expected]);
  });

  test("no start code is left, and what was put in can be taken out", () => {
    const bytes = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 255), { maxLength: 200 });
    fc.assert(
      fc.property(bytes, (payload) => {
        const hidden = unit(...payload);
        const text = Buffer.from(hidden).toString("hex").match(/../g)!.join(" ");
        expect(text).not.toMatch(/00 00 0[012]/);
        expect(text.replaceAll("00 00 03", "00 00")).toBe(
          Buffer.from([0x67, ...payload])
            .toString("hex")
            .match(/../g)!
            .join(" "),
        );
      }),
    );
  });
});
