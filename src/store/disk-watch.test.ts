import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { DiskWatch, diskSpace } from "./disk-watch.ts";

const MIB = 2 ** 20;

/** A watch over a disk of `totalMiB`, and what it said. */
async function watched(totalMiB: number, freeMiB: number) {
  const clock = new ManualClock();
  const disk = { totalBytes: totalMiB * MIB, freeBytes: freeMiB * MIB };
  const said: boolean[] = [];
  const look = async () => {
    if (disk.freeBytes < 0) throw new Error("not there");
    return { ...disk };
  };
  const watch = await DiskWatch.open({ clock, look, onChange: (isShort) => void said.push(isShort) });
  const free = async (mib: number) => {
    disk.freeBytes = mib * MIB;
    await clock.advance(10_000);
    return watch.isShort;
  };
  return { clock, watch, said, free };
}

it("a disk is short below 64 MiB, and until twice as much is free", async () => {
  const { said, free, watch, clock } = await watched(500_000, 1_000);
  expect([watch.isShort, await free(65), await free(63), await free(120), await free(129)]).toEqual([
    ...[false, false, true, true, false],
  ]);
  expect(said).toEqual([true, false]);
  watch.close();
  expect(clock.pending).toBe(0);
});

it("a small one below a twentieth, and one that cannot be looked at stays what it was", async () => {
  const { said, free, watch } = await watched(100, 4);
  expect([watch.isShort, await free(-1), await free(9), await free(-1), await free(11)]).toEqual([
    ...[true, true, true, true, false],
  ]);
  expect(said).toEqual([true, false]);
  watch.close();
});

it("looks at a real disk", async () => {
  const { totalBytes, freeBytes } = await diskSpace(tmpdir());
  expect(freeBytes).toBeLessThanOrEqual(totalBytes);
  expect(totalBytes).toBeGreaterThan(0);
});
