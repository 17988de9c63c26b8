import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32Mpeg } from "./crc32.ts";

function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const feedback = ((crc >>> 31) ^ (byte >>> bit)) & 1;
      crc = (crc << 1) ^ (feedback ? 0x04c11db7 : 0);
    }
  }
  return crc >>> 0;
}

test("the check value of CRC-32/MPEG-2 is 0x0376E6E7", () => {
  expect(crc32Mpeg(new TextEncoder().encode("123456789"))).toBe(0x0376e6e7);
});

test("a PAT as ffmpeg writes it carries the right CRC_32, and the whole section sums to zero", () => {
  const section = Uint8Array.from([0x00, 0xb0, 0x0d, 0x00, 0x01, 0xc1, 0x00, 0x00, 0x00, 0x01, 0xf0, 0x00]);
  const whole = Uint8Array.from([...section, 0x2a, 0xb1, 0x04, 0xb2]);
  expect(crc32Mpeg(section)).toBe(0x2ab104b2);
  expect(crc32Mpeg(whole)).toBe(0);
});

test("equals the bit-by-bit definition for any range of any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(200), (bytes, a, b) => {
      const start = Math.min(a, b, bytes.length);
      const end = Math.min(Math.max(a, b), bytes.length);
      expect(crc32Mpeg(bytes, start, end)).toBe(bitwise(bytes.subarray(start, end)));
    }),
  );
});
