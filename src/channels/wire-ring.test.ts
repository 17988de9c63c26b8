import { describe, expect, it } from "vitest";
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

function ringOf(capacityFrames: number, pieces: number, now: number): WireRing {
  const ring = new WireRing(capacityFrames);
  for (let mark = 0; mark < pieces; mark++) ring.append(piece(mark));
  ring.advance(now);
  return ring;
}

describe("a ring", () => {
  it("shows what the clock has made due, and nothing else", () => {
    const ring = new WireRing(100);
    expect([ring.isEmpty, ring.head, ring.tail, ring.read(0)]).toEqual([true, 0, 0, undefined]);
    ring.append(piece(0));
    expect(ring.isEmpty).toBe(true);
    ring.advance(2.5);
    expect([ring.isEmpty, ring.head, ring.end, ring.now]).toEqual([false, 30, 100, 2.5]);
    expect(ring.read(0)).toEqual(new Uint8Array(30));
    expect(ring.read(20)?.length).toBe(10);
    expect(ring.read(30)).toBeUndefined();
    ring.advance(1);
    expect(ring.head, "what is due stays so").toBe(30);
    ring.advance(1000);
    expect(ring.head).toBe(100);
  });

  it("holds pieces that were made ahead of their time back, save from one who may have all", () => {
    const ring = ringOf(100, 3, 11);
    expect([ring.head, ring.reach(11), ring.reach(15), ring.reach(Number.POSITIVE_INFINITY)]).toEqual([
      120, 120, 160, 300,
    ]);
    expect(ring.read(120)).toBeUndefined();
    expect(ring.read(120, 300)).toEqual(new Uint8Array(80).fill(1));
    expect(ring.keyframe(11)).toBe(100);
    ring.advance(20);
    expect([ring.head, ring.keyframe(20)]).toEqual([210, 200]);
  });

  it("reads up to the end of a piece, and the next one after it", () => {
    const ring = ringOf(100, 2, 100);
    expect(ring.read(90)).toEqual(new Uint8Array(10));
    expect(ring.read(100)).toEqual(new Uint8Array(100).fill(1));
    expect(ring.read(100, 130)).toEqual(new Uint8Array(30).fill(1));
  });

  it("finds keyframes, bytes and times by each other, within what it holds", () => {
    const ring = ringOf(30, 10, 95);
    expect(ring.tail).toBe(600);
    const found = [95, 90, 89.9, 61, 12, -5].map((position) => ring.keyframe(position));
    expect(found).toEqual([900, 900, 800, 600, 600, 600]);
    expect([95, 82, 61, 12].map((position) => ring.at(position))).toEqual([960, 830, 620, 600]);
    expect([900, 950, 1000, 0].map((position) => ring.timeOf(position))).toEqual([90, 95, 100, 60]);
  });

  it("keeps its capacity behind the clock, at most one piece more, and all that lies before it", () => {
    const ring = new WireRing(30);
    for (let mark = 0; mark < 50; mark++) {
      // Made five pieces ahead of the clock.
      ring.append(piece(mark));
      ring.advance((mark - 5) * 10);
      expect(ring.end).toBe((mark + 1) * 100);
      expect(Math.max(0, ring.head - ring.tail)).toBeLessThanOrEqual(410);
      if (mark > 10) expect(ring.head - ring.tail).toBeGreaterThanOrEqual(300);
    }
    expect(ring.read(ring.tail)).toBeDefined();
    expect(ring.read(ring.tail - 1)).toBeUndefined();
  });

  it("drops nothing that has not been made yet when the clock has leapt", () => {
    const ring = ringOf(30, 3, 15);
    ring.advance(5000);
    expect([ring.tail, ring.head]).toEqual([0, 300]);
  });
});
