import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { frameCount } from "../media/gop.ts";
import { FrameGrid, houseFormat, TIMESTAMP_HZ } from "../media/house-format.ts";
import { SILENCE } from "../media/timed-gop.ts";
import { Splicer } from "./splicer.ts";

const RATES = [rational(24_000, 1001), rational(25), rational(30_000, 1001), rational(30), rational(50)];
const formats = RATES.map((fps) =>
  houseFormat({ width: 320, height: 180, fps, gopSeconds: 1, totalBps: 1_000_000, audioBps: 96_000 }),
);

const timeline = fc.record({
  format: fc.constantFrom(...formats),
  // Each item: where it is entered, and how long it is played from there, in frames.
  items: fc.array(fc.record({ enterGop: fc.nat(500), frames: fc.integer({ min: 1, max: 200 }) }), {
    maxLength: 12,
  }),
  start: fc.nat(10_000_000),
});

describe("Splicer", () => {
  it("lays audio end to end whatever is spliced, each item within half an audio frame of its picture", () => {
    fc.assert(
      fc.property(timeline, ({ format, items, start }) => {
        const splicer = new Splicer(format);
        const grid = new FrameGrid(format);
        let frame = start;
        let nextAudio = grid.audioFrame(start);
        for (const { enterGop, frames } of items) {
          for (let done = 0; done < frames; ) {
            const length = Math.min(format.gopFrames, frames - done);
            const firstFrame = enterGop * format.gopFrames + done;
            const gop = syntheticGop({ format, frames: length, firstFrame, maxUnitBytes: 8 });
            const timed = splicer.place(gop, frame);
            expect(timed.audioFrame).toBe(nextAudio);
            expect([...timed.audio]).not.toContain(SILENCE);
            for (const [slot, index] of timed.audio.entries()) {
              const played = grid.audioTicks(timed.audioFrame + slot) - grid.ticks(frame);
              const meant = grid.audioTicks(gop.firstAudioFrame + index) - grid.ticks(firstFrame);
              expect(Math.abs(played - meant)).toBeLessThanOrEqual((512 * TIMESTAMP_HZ) / 48_000 + 2);
            }
            nextAudio += timed.audio.length;
            frame += frameCount(gop);
            done += length;
          }
        }
        expect(nextAudio).toBe(grid.audioFrame(frame));
      }),
      { numRuns: 60 },
    );
  });

  it("plays silence where an item has no sound", () => {
    const format = formats[3]!;
    const timed = new Splicer(format).place(syntheticGop({ format, frames: 30, silent: true }), 90);
    expect(timed.audio.length).toBe(47);
    expect([...timed.audio].every((index) => index === SILENCE)).toBe(true);
  });

  it("places the same Gop the same way again: nothing is kept between calls", () => {
    const format = formats[0]!;
    const splicer = new Splicer(format);
    const gop = syntheticGop({ format, frames: 24, firstFrame: 48 });
    const first = splicer.place(gop, 1000);
    splicer.place(gop, 7);
    expect(splicer.place(gop, 1000)).toEqual(first);
  });
});
