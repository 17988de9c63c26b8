import { expect, it } from "vitest";
import type { WireGop } from "../mpegts/wire-gop.ts";
import { WireRing } from "./wire-ring.ts";

/** A piece of ten frames and 100 bytes, all of which have the value `mark`. */
function piece(mark: number): WireGop {
  return {
    bytes: new Uint8Array(100).fill(mark),
    frame: mark * 10,
    frames: 10,
    slotsPerFrame: 1,
    slotOffsets: Uint32Array.from({ length: 11 }, (_, slot) => slot * 10),
  };
}

it("shows what is released, and nothing else", () => {
  const ring = new WireRing(100);
  expect([ring.head, ring.tail, ring.newestKeyframe(), ring.read(0)]).toEqual([0, 0, undefined, undefined]);
  ring.append(piece(0));
  expect(ring.newestKeyframe()).toBeUndefined();
  ring.release(30);
  expect(ring.read(0)).toEqual(new Uint8Array(30));
  expect(ring.read(20)?.length).toBe(10);
  expect(ring.read(30)).toBeUndefined();
  ring.release(10);
  expect(ring.head).toBe(30);
  expect(() => ring.append(piece(1))).toThrow(RangeError);
  ring.release(1000);
  expect(ring.head).toBe(100);
});

it("reads up to the end of a piece, and the next one after it", () => {
  const ring = new WireRing(100);
  for (const mark of [0, 1]) {
    ring.append(piece(mark));
    ring.release(100);
  }
  expect(ring.read(90)).toEqual(new Uint8Array(10));
  expect(ring.read(100)).toEqual(new Uint8Array(100).fill(1));
  expect(ring.newestKeyframe()).toBe(100);
});

it("keeps at least its capacity, at most one piece more, and the newest keyframe moves on", () => {
  const ring = new WireRing(30);
  for (let mark = 0; mark < 50; mark++) {
    ring.append(piece(mark));
    ring.release(10);
    expect(ring.newestKeyframe()).toBe(mark * 100);
    ring.release(100);
    expect(ring.head - ring.tail).toBeLessThanOrEqual(400);
    if (mark > 3) expect(ring.head - ring.tail).toBeGreaterThanOrEqual(300);
  }
  expect(ring.read(ring.tail)).toBeDefined();
  expect(ring.read(ring.tail - 1)).toBeUndefined();
});
