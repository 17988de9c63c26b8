import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameCount, type Gop, sample, sliceSamples, truncateGop } from "./gop.ts";

/** A Gop whose video sample i is `sizes[i]` bytes of value i, shown in the given order. */
function gopOf(displayOrder: number[]): Gop {
  const sizes = Uint32Array.from(displayOrder, (_, index) => 3 + (index % 5));
  const offsets = new Uint32Array(sizes.length);
  for (let index = 1; index < sizes.length; index++) offsets[index] = offsets[index - 1]! + sizes[index - 1]!;
  const data = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  sizes.forEach((size, index) => {
    data.fill(index, offsets[index], offsets[index]! + size);
  });
  const none = new Uint8Array();
  return {
    parameters: { sps: none, pps: none, audioConfig: none },
    firstFrame: 30,
    video: { data, offsets, sizes },
    displayOrder: Uint16Array.from(displayOrder),
    firstAudioFrame: 46,
    audio: { data: none, offsets: new Uint32Array(), sizes: new Uint32Array() },
  };
}

/** A permutation of 0…n−1 that begins with 0, as an IDR does. */
const displayOrders = fc
  .integer({ min: 0, max: 60 })
  .chain((rest) => fc.shuffledSubarray([...Array(rest).keys()], { minLength: rest }))
  .map((order) => [0, ...order.map((place) => place + 1)]);

describe("samples", () => {
  test("each is its own range of the shared bytes", () => {
    const { video } = gopOf([0, 1, 2, 3]);
    expect([...sample(video, 2)]).toEqual([2, 2, 2, 2, 2]);
    expect(sample(video, 2).buffer).toBe(video.data.buffer);
  });

  test("a slice shares the bytes and holds the same samples", () => {
    fc.assert(
      fc.property(displayOrders, fc.nat({ max: 61 }), fc.nat({ max: 61 }), (order, a, b) => {
        const { video } = gopOf(order);
        const [from, to] = [Math.min(a, b), Math.min(Math.max(a, b), order.length)];
        const slice = sliceSamples(video, from, to);
        expect(slice.data).toBe(video.data);
        for (let index = from; index < to; index++) {
          expect(sample(slice, index - from)).toEqual(sample(video, index));
        }
      }),
    );
  });
});

describe("truncateGop", () => {
  test.each([
    ["without B-frames", [0, 1, 2, 3, 4], 3, [0, 1, 2]],
    ["P before its B: the whole pair fits", [0, 2, 1, 4, 3], 3, [0, 2, 1]],
    ["P before its B: the pair does not fit", [0, 2, 1, 4, 3], 4, [0, 2, 1]],
    ["only the IDR is complete", [0, 2, 1], 2, [0]],
    ["no frame asked for: the IDR", [0, 1, 2], 0, [0]],
    ["more than there is", [0, 2, 1], 9, [0, 2, 1]],
  ])("%s", (_, order, frames, expected) => {
    expect([...truncateGop(gopOf(order), frames).displayOrder]).toEqual(expected);
  });

  test("is the longest prefix without a hole that fits; nothing else changes", () => {
    fc.assert(
      fc.property(displayOrders, fc.integer({ min: 1, max: 62 }), (order, frames) => {
        const gop = gopOf(order);
        const kept = truncateGop(gop, frames);
        const complete = (length: number) => Math.max(...order.slice(0, length)) === length - 1;
        const lengths = order
          .map((_, index) => index + 1)
          .filter((length) => length <= frames && complete(length));
        expect(frameCount(kept)).toBe(Math.max(...lengths));
        expect([...kept.displayOrder]).toEqual(order.slice(0, frameCount(kept)));
        expect(kept.video.offsets).toHaveLength(frameCount(kept));
        expect({ ...kept, video: gop.video, displayOrder: gop.displayOrder }).toEqual(gop);
      }),
    );
  });

  test("the whole Gop comes back as it is", () => {
    const gop = gopOf([0, 2, 1]);
    expect(truncateGop(gop, 3)).toBe(gop);
  });
});
