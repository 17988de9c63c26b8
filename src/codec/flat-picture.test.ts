import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SystemClock } from "../base/clock.ts";
import { rational } from "../base/rational.ts";
import { runTool } from "../ffmpeg/run.ts";
import { CELL_PIXELS, type FlatPicture, idrPicture, MB_CELLS, repeatedPicture } from "./flat-picture.ts";
import { macroblocks, pictureParameterSet, sequenceParameterSet } from "./parameter-sets.ts";

const clock = new SystemClock();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "exstreamtv-flat-"));
});
afterAll(() => rm(folder, { recursive: true }));

interface Case {
  readonly width: number;
  readonly height: number;
  readonly picture: FlatPicture;
  readonly repeats: number;
  readonly reorderFrames: number;
}

/** Each cell from a palette, so that there are flat macroblocks, edges and noise. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    ...{ halfWidth: fc.integer({ min: 8, max: 60 }), halfHeight: fc.integer({ min: 8, max: 60 }) },
    ...{ cb: fc.nat(255), cr: fc.nat(255), repeats: fc.nat(4), reorderFrames: fc.nat(2) },
    palette: fc.array(fc.nat(15), { minLength: 1, maxLength: 6 }),
  })
  .chain(({ halfWidth, halfHeight, palette, cb, cr, ...rest }) => {
    const [width, height] = [2 * halfWidth, 2 * halfHeight];
    const [widthMbs, heightMbs] = [macroblocks(width), macroblocks(height)];
    const count = widthMbs * heightMbs * MB_CELLS ** 2;
    const cells = fc.array(fc.constantFrom(...palette), { minLength: count, maxLength: count });
    return cells.map((values) => {
      const picture = { widthMbs, heightMbs, cells: Uint8Array.from(values), cb, cr };
      return { ...rest, width, height, picture };
    });
  });

function stream({ width, height, picture, repeats, reorderFrames }: Case): Buffer {
  const shape = { width, height, fps: rational(25), reorderFrames, peakBps: 1e6 };
  const mbs = picture.widthMbs * picture.heightMbs;
  const units = [0, 1].flatMap((idrPicId) => [
    ...[sequenceParameterSet(shape), pictureParameterSet(), idrPicture(picture, idrPicId)],
    ...Array.from({ length: repeats }, (_, index) => repeatedPicture(mbs, index + 1)),
  ]);
  return Buffer.concat(units.flatMap((unit) => [Buffer.of(0, 0, 0, 1), unit]));
}

/** All pictures as planar 4:2:0, in which ffmpeg found nothing to complain of. */
async function decode(path: string): Promise<Buffer> {
  const { exit, stdout, stderrTail } = await runTool({
    binary: "ffmpeg",
    args: [
      "-v",
      "warning",
      "-err_detect",
      "explode",
      "-i",
      path,
      "-f",
      "rawvideo",
      "-pix_fmt",
      "yuv420p",
      "-",
    ],
    ...{ clock, timeoutMs: 30_000, maxStdoutBytes: 2 ** 28 },
  });
  expect([stderrTail, exit.code]).toEqual([[], 0]);
  return stdout;
}

function planes({ width, height, picture }: Case): Buffer {
  const { cells, widthMbs, cb, cr } = picture;
  const luma = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = Math.floor(y / CELL_PIXELS) * widthMbs * MB_CELLS + Math.floor(x / CELL_PIXELS);
      luma[y * width + x] = 16 * cells[cell]!;
    }
  }
  return Buffer.concat([luma, ...[cb, cr].map((value) => Buffer.alloc((width * height) / 4, value))]);
}

describe("a flat picture", () => {
  test("is decoded to the last bit, at any size, and repeated without a change", async () => {
    const path = join(folder, "any.h264");
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        await writeFile(path, stream(given));
        const decoded = await decode(path);
        const expected = planes(given);
        expect(decoded.length).toBe(2 * (1 + given.repeats) * expected.length);
        for (let at = 0; at < decoded.length; at += expected.length) {
          expect(decoded.subarray(at, at + expected.length).equals(expected)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("counts on beyond what its counters hold", async () => {
    const picture = { widthMbs: 1, heightMbs: 1, cells: new Uint8Array(16).fill(5), cb: 128, cr: 128 };
    const given = { width: 16, height: 16, picture, repeats: 599, reorderFrames: 1 };
    const path = join(folder, "long.h264");
    await writeFile(path, stream(given));
    expect((await decode(path)).equals(Buffer.concat(Array(1200).fill(planes(given))))).toBe(true);
  });
});
