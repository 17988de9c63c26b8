import fc from "fast-check";
import { expect, it, test } from "vitest";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { frameCount, type Samples, sample } from "../media/gop.ts";
import { houseFormat } from "../media/house-format.ts";
import { SILENCE } from "../media/timed-gop.ts";
import { Splicer } from "../splice/splicer.ts";
import { ErrorScreen } from "./error-screen.ts";

function formatOf(num: number, den = 1) {
  return houseFormat({
    ...{ width: 64, height: 36, fps: rational(num, den), gopSeconds: 1 },
    ...{ totalBps: 2_000_000, audioBps: 128_000 },
  });
}

/** A sound of `length` audio frames of a byte each, which say their number. */
function numbered(length: number): Samples {
  return {
    data: Uint8Array.from({ length }, (_, index) => index),
    offsets: Uint32Array.from({ length }, (_, index) => index),
    sizes: new Uint32Array(length).fill(1),
  };
}

function screenOf(format: ReturnType<typeof formatOf>, sound?: Samples): ErrorScreen {
  const pictures = [1, 2].map((seed) =>
    syntheticGop({ format, frames: format.gopFrames, seed, silent: true }),
  );
  return new ErrorScreen({ message: { title: "" }, config: {}, format }, pictures, sound);
}

it.each([
  [30, 1],
  [25, 1],
  [24_000, 1001],
  [60_000, 1001],
])("its sound runs on without a seam at %d/%d frames per second, however it is cut", (num, den) => {
  const format = formatOf(num, den);
  const screen = screenOf(format, numbered(75));
  const splicer = new Splicer(format);
  fc.assert(
    fc.property(
      fc.nat({ max: 1e6 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 2, maxLength: 20 }),
      (start, rooms) => {
        let frame = start;
        let heard: number | undefined;
        for (const room of rooms) {
          const timed = splicer.place(screen.gopAt(frame, room), frame);
          for (const [slot, index] of timed.audio.entries()) {
            expect(index).not.toBe(SILENCE);
            const [number] = sample(timed.gop.audio, index);
            expect(number).toBe((timed.audioFrame + slot) % 75);
            if (heard !== undefined) expect(number).toBe((heard + 1) % 75);
            heard = number;
          }
          frame += frameCount(timed.gop);
        }
      },
    ),
  );
});

test("a silent screen carries no sound: the Splicer lays stored silence under it", () => {
  const format = formatOf(30);
  const timed = new Splicer(format).place(screenOf(format).gopAt(17), 17);
  expect(timed.audio.length).toBeGreaterThan(45);
  expect(timed.audio.every((index) => index === SILENCE)).toBe(true);
});

test("a single picture is that of the second Gop, whose idr_pic_id differs from its neighbours'", () => {
  const format = formatOf(30);
  const screen = screenOf(format);
  const [first, second] = screen.pictures.map(({ video }) => video.data);
  expect(screen.gopAt(0, 1).video.data).toBe(second);
  expect(frameCount(screen.gopAt(0, 1))).toBe(1);
  expect(screen.gopAt(0, 2).video.data).toBe(first);
  expect(frameCount(screen.gopAt(0, 12))).toBeLessThanOrEqual(12);
  expect(frameCount(screen.gopAt(0))).toBe(30);
});

test("the pictures are shared, not copied", () => {
  const screen = screenOf(formatOf(30), numbered(9));
  expect(screen.gopAt(0).video).toBe(screen.gopAt(999).video);
  expect(screen.gopAt(0).audio.data).toBe(screen.gopAt(999).audio.data);
});
