import { expect, it } from "vitest";
import type { AppError } from "../base/errors.ts";
import { rational } from "../base/rational.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { Machine } from "../ffmpeg/spawn-budget.fixtures.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { houseFormat } from "../media/house-format.ts";
import { openWithBudget } from "./open-with-budget.ts";
import type { OpenSource, PlayItem } from "./source.ts";

const format = houseFormat({
  ...{ width: 160, height: 90, fps: rational(25), gopSeconds: 1 },
  ...{ totalBps: 600_000, audioBps: 64_000 },
});
const item: PlayItem = { mediaId: 1, title: "A", facts: {} as MediaFacts, frames: 2500 };

/** A machine, and a source that notes how it is opened and closed; its process is gone after `killMs`. */
function studio(machine = new Machine(), killMs = 0) {
  const opened: { startFrame: number; closed: boolean }[] = [];
  const open: OpenSource = (_, { startFrame }) => {
    const run = { startFrame, closed: false };
    opened.push(run);
    let frame = startFrame;
    return {
      next: async () => {
        await machine.clock.sleep(100);
        if (run.closed) throw new Error("the encoder's output broke off");
        const gop = syntheticGop({ format, firstFrame: frame, frames: format.gopFrames, seed: frame });
        frame += format.gopFrames;
        return gop;
      },
      close: async () => {
        run.closed = true;
        if (killMs > 0) await machine.clock.sleep(killMs);
      },
    };
  };
  return { machine, opened, open: openWithBudget(machine.budget, open) };
}

it("a run that had to wait begins where it is needed by then", async () => {
  const { machine, opened, open } = studio(new Machine({ maxConcurrent: 1 }));
  const first = machine.ask("viewer");
  await machine.clock.advance(0);
  const told: AppError[] = [];
  let neededFrame = 50;
  const source = open(item, {
    ...{ startFrame: 50, audioPhase: 0, neededFrame: () => neededFrame },
    onHeldUp: (reason) => void told.push(reason),
  });
  const gop = source.next();
  await machine.clock.advance(30_000);
  expect([opened, told.map(({ code }) => code)]).toEqual([[], ["encoders_full"]]);
  neededFrame = 800;
  first.permit!.leave();
  await machine.clock.advance(200);
  expect((await gop)?.firstFrame).toBe(800);
  await source.close();
  await machine.clock.advance(0);
  expect(machine.budget.figures.running).toBe(0);
});

it("one that is asked to make way ends its encoder, also when nobody reads, and goes on when there is a place", async () => {
  const { machine, opened, open } = studio();
  machine.availableMiB = 4_000;
  machine.ask("viewer");
  await machine.clock.advance(4_000);
  const told: AppError[] = [];
  let neededFrame = 0;
  const source = open(item, {
    ...{ startFrame: 0, audioPhase: 0, neededFrame: () => neededFrame },
    onHeldUp: (reason) => void told.push(reason),
  });
  const first = source.next();
  await machine.clock.advance(1_000);
  expect((await first)?.firstFrame).toBe(0);
  machine.availableMiB = 50;
  await machine.clock.advance(1_000);
  expect(opened).toEqual([{ startFrame: 0, closed: true }]);
  expect(told.map(({ code }) => code)).toEqual(["memory_short"]);
  const next = source.next();
  neededFrame = 25;
  machine.availableMiB = 4_000;
  await machine.clock.advance(4_000);
  expect(opened).toHaveLength(1);
  await machine.clock.advance(2_500);
  expect((await next)?.firstFrame).toBe(25);
  expect(opened).toHaveLength(2);
  expect(told).toHaveLength(1);
  await source.close();
});

it("one that is asked while a Gop is being made throws nothing and makes it again", async () => {
  const { machine, opened, open } = studio();
  machine.availableMiB = 4_000;
  machine.ask("viewer");
  await machine.clock.advance(4_950);
  const source = open(item, { startFrame: 75, audioPhase: 0 });
  const gop = source.next();
  machine.availableMiB = 50;
  await machine.clock.advance(100);
  expect(opened).toEqual([{ startFrame: 75, closed: true }]);
  machine.availableMiB = 4_000;
  await machine.clock.advance(8_000);
  expect((await gop)?.firstFrame).toBe(75);
  await source.close();
});

it("the next run of the same owner does not wait until the last one is killed", async () => {
  const { machine, opened, open } = studio(new Machine({ maxConcurrent: 1 }), 3_000);
  const cue = { startFrame: 0, audioPhase: 0, owner: {} };
  const first = open(item, cue);
  const gop = first.next();
  await machine.clock.advance(200);
  await gop;
  const closing = first.close();
  const second = open(item, { ...cue, startFrame: 25 });
  const next = second.next();
  await machine.clock.advance(200);
  expect((await next)?.firstFrame).toBe(25);
  expect(opened.map(({ startFrame }) => startFrame)).toEqual([0, 25]);
  const last = second.close();
  await machine.clock.advance(3_000);
  await Promise.all([closing, last]);
  expect(machine.budget.figures.running).toBe(0);
});

it("closed while it waits, it opens nothing and gives nothing; what opening throws gives the place back", async () => {
  const { machine, opened, open } = studio(new Machine({ maxConcurrent: 1 }));
  const first = machine.ask("viewer");
  await machine.clock.advance(0);
  const source = open(item, { startFrame: 0, audioPhase: 0 });
  const gop = source.next();
  await source.close();
  expect(await gop).toBeUndefined();
  first.permit!.leave();
  await machine.clock.advance(1_000);
  expect(opened).toEqual([]);

  const broken = openWithBudget(machine.budget, () => {
    throw new Error("cannot be opened");
  })(item, { startFrame: 0, audioPhase: 0 });
  await expect(broken.next()).rejects.toThrow("cannot be opened");
  expect(machine.budget.figures.running).toBe(0);
  expect(machine.clock.pending).toBe(0);
});
