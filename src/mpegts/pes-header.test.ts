import fc from "fast-check";
import { expect, test } from "vitest";
import { pes } from "./packet-fixtures.ts";
import { PesHeaderReader, TIMESTAMP_WRAP, wrappedDelta } from "./pes-header.ts";

function read(bytes: readonly number[], cut = bytes.length) {
  const reader = new PesHeaderReader();
  reader.begin();
  const all = Uint8Array.from(bytes);
  let end = reader.push(all, 0, cut);
  if (reader.state === "reading") end = reader.push(all, cut, all.length);
  return { state: reader.state, pts: reader.pts, dts: reader.dts, end };
}

const timestamp = fc.integer({ min: 0, max: TIMESTAMP_WRAP - 1 });

test("PTS and DTS of 33 bits come back, wherever the header is cut", () => {
  fc.assert(
    fc.property(timestamp, timestamp, fc.nat(21), (pts, dts, cut) => {
      const end = pts === dts ? 14 : 19;
      expect(read(pes(0xe0, pts, dts, [1, 2, 3]), cut)).toEqual({ state: "complete", pts, dts, end });
    }),
  );
});

test("a header without timestamps, and a stream_id without header, are complete", () => {
  expect(read([0, 0, 1, 0xe0, 0, 0, 0x80, 0, 2, 0xff, 0xff, 9])).toMatchObject({
    state: "complete",
    pts: -1,
    end: 11,
  });
  expect(read([0, 0, 1, 0xbe, 0, 4, 0xff, 0xff, 0xff, 0xff])).toMatchObject({ state: "complete", pts: -1 });
});

test("a wrong start code, DTS without PTS and a header too short are malformed", () => {
  expect(read([0, 0, 2, 0xe0, 0, 0, 0x80, 0x80, 5, 0, 0, 0, 0, 0]).state).toBe("malformed");
  expect(read([0, 0, 1, 0xe0, 0, 0, 0x80, 0x40, 5, 0, 0, 0, 0, 0]).state).toBe("malformed");
  expect(read([0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 5, 0, 0, 0, 0, 0]).state).toBe("malformed");
});

test("differences go the shorter way round the wrap", () => {
  expect(wrappedDelta(5, TIMESTAMP_WRAP - 5, TIMESTAMP_WRAP)).toBe(10);
  expect(wrappedDelta(TIMESTAMP_WRAP - 5, 5, TIMESTAMP_WRAP)).toBe(-10);
  fc.assert(
    fc.property(timestamp, fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), (start, delta) => {
      const later = (start + delta + TIMESTAMP_WRAP) % TIMESTAMP_WRAP;
      expect(wrappedDelta(later, start, TIMESTAMP_WRAP)).toBe(delta);
    }),
  );
});
