import fc from "fast-check";
import { expect, test } from "vitest";
import { AccessUnitStart } from "./access-unit-start.ts";

const AUD = [0, 0, 0, 1, 0x09, 0xf0];
const SPS = [0, 0, 0, 1, 0x67, 0x42, 0, 0, 3, 1];
const PPS = [0, 0, 1, 0x68, 0xce];
const SEI = [0, 0, 1, 0x06, 5, ...new Array(40).fill(1)];
const IDR = [0, 0, 1, 0x65, 0x88, 0x84];
const SLICE = [0, 0, 1, 0x41, 0x9a];

function read(nalUnits: readonly (readonly number[])[], cuts: readonly number[] = []): AccessUnitStart {
  const unit = new AccessUnitStart();
  unit.begin();
  const bytes = Uint8Array.from(nalUnits.flat());
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    unit.push(bytes, at, Math.min(at + cut, bytes.length));
    at = Math.min(at + cut, bytes.length);
  }
  return unit;
}

test.each([
  ["AUD, SPS, PPS, IDR slice", [AUD, SPS, PPS, SEI, IDR], true],
  ["AUD, SPS, PPS, IDR slice", [AUD, PPS, SPS, IDR], true],
  ["SPS, PPS, IDR slice", [SPS, PPS, IDR], false],
  ["SPS, PPS, IDR slice", [SEI, AUD, SPS, PPS, IDR], false],
  ["AUD, IDR slice", [AUD, IDR, SPS, PPS], false],
  ["AUD, SPS, PPS, non-IDR slice", [AUD, SPS, PPS, SLICE, IDR], false],
  ["AUD, SPS, no slice", [AUD, SPS], false],
])("%s (case %#)", (described, nalUnits, isRandomAccess) => {
  const unit = read(nalUnits);
  expect(unit.describe()).toBe(described);
  expect(unit.isRandomAccess).toBe(isRandomAccess);
});

test("start codes and headers may lie across the pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 })), (cuts) => {
      expect(read([AUD, SPS, PPS, SEI, IDR], cuts).isRandomAccess).toBe(true);
    }),
  );
});
