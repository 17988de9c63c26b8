import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Rational, rational } from "../base/rational.ts";
import { AAC_FRAME_SAMPLES, FrameGrid, houseFormat, TIMESTAMP_HZ } from "./house-format.ts";

const RATES: readonly Rational[] = [
  rational(24_000, 1001),
  rational(24),
  rational(25),
  rational(30_000, 1001),
  rational(30),
  rational(50),
  rational(60_000, 1001),
  rational(60),
];
const rates = fc.constantFrom(...RATES);
/** Ten years of a channel at 60 frames a second. */
const frames = fc.integer({ min: 0, max: 10 * 365 * 86_400 * 60 });

const choice = {
  width: 1280,
  height: 720,
  fps: rational(30),
  gopSeconds: 1,
  totalBps: 4e6,
  audioBps: 128_000,
};

describe("houseFormat", () => {
  test.each([
    [rational(24_000, 1001), 1, 24],
    [rational(30_000, 1001), 1, 30],
    [rational(25), 2, 50],
    [rational(25), 0.5, 13],
    [rational(60_000, 1001), 0.5, 30],
    [rational(1, 10), 1, 1],
  ])("%o at %d s: %d frames in a group", (fps, gopSeconds, expected) => {
    expect(houseFormat({ ...choice, fps, gopSeconds }).gopFrames).toBe(expected);
  });

  test("video, audio and a twentieth for headers and bursts fit into the total", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 800_000, max: 100_000_000 }),
        fc.integer({ min: 32_000, max: 320_000 }),
        (totalBps, audioBps) => {
          const { videoPeakBps } = houseFormat({ ...choice, totalBps, audioBps });
          expect(Number.isInteger(videoPeakBps)).toBe(true);
          expect(videoPeakBps).toBeGreaterThanOrEqual(50_000);
          expect((videoPeakBps + audioBps) * 1.05).toBeLessThan(totalBps);
        },
      ),
    );
  });

  test("refuses a total that leaves no room for video", () => {
    expect(() => houseFormat({ ...choice, totalBps: 200_000 })).toThrow(RangeError);
  });

  test("equal choices give equal formats", () => {
    expect(houseFormat(choice)).toEqual(houseFormat({ ...choice }));
    expect(houseFormat(choice)).toMatchObject({ width: 1280, height: 720, audioSampleRate: 48_000 });
  });
});

describe("FrameGrid", () => {
  const gridOf = (fps: Rational) => new FrameGrid({ fps, audioSampleRate: 48_000 });
  /** value·num/den to the nearest, halves up, in exact arithmetic. */
  const exactly = (value: number, num: bigint, den: bigint) =>
    Number((2n * BigInt(value) * num + den) / (2n * den));

  test("ticks and audio frames are exact for ten years", () => {
    fc.assert(
      fc.property(rates, frames, (fps, frame) => {
        const grid = gridOf(fps);
        const [num, den] = [BigInt(fps.num), BigInt(fps.den)];
        expect(grid.ticks(frame)).toBe(exactly(frame, BigInt(TIMESTAMP_HZ) * den, num));
        expect(grid.audioFrame(frame)).toBe(exactly(frame, 48_000n * den, BigInt(AAC_FRAME_SAMPLES) * num));
        expect(grid.audioTicks(frame)).toBe(frame * 1920);
      }),
      { numRuns: 500 },
    );
  });

  test("audio starts within half an audio frame of its picture, and never drifts", () => {
    fc.assert(
      fc.property(rates, frames, (fps, frame) => {
        const grid = gridOf(fps);
        expect(Math.abs(grid.audioTicks(grid.audioFrame(frame)) - grid.ticks(frame))).toBeLessThanOrEqual(
          960.5,
        );
      }),
      { numRuns: 500 },
    );
  });

  test("ticks rise by the frame's length, give or take the rounding", () => {
    fc.assert(
      fc.property(rates, frames, (fps, frame) => {
        const grid = gridOf(fps);
        const step = grid.ticks(frame + 1) - grid.ticks(frame);
        expect(Math.abs(step - (TIMESTAMP_HZ * fps.den) / fps.num)).toBeLessThan(1);
      }),
    );
  });

  test("milliseconds and framesIn undo each other", () => {
    fc.assert(
      fc.property(rates, fc.nat({ max: 1_000_000 }), (fps, frame) => {
        const grid = gridOf(fps);
        expect(grid.framesIn(grid.milliseconds(frame))).toBeCloseTo(frame, 6);
      }),
    );
  });

  test("a second of 29.97 holds 30000/1001 frames", () => {
    const grid = gridOf(rational(30_000, 1001));
    expect(grid.milliseconds(30_000)).toBe(1_001_000);
    expect(grid.framesIn(1001)).toBe(30);
  });
});
