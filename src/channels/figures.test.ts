import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import type { ScreenReason } from "../media/screen-modes.ts";
import { ChannelFigures } from "./figures.ts";
import { format, item, Studio } from "./studio.fixtures.ts";

const gop = syntheticGop({ format, frames: 30 });

/** Figures of a channel that has been on air for a while. */
async function figuresAfter(ms: number) {
  const clock = new ManualClock();
  const figures = new ChannelFigures(clock);
  await clock.advance(ms);
  const screen = (frame: number, reason: ScreenReason = "recovering", isHeld = false) =>
    figures.onScreen({ reason }, frame, 30, isHeld);
  const piece = {
    bytes: new Uint8Array(188),
    frames: 30,
    slotsPerFrame: 1,
    slotOffsets: new Uint32Array(31),
  };
  const wire = (frame: number, isWanted = false) => figures.onWire({ ...piece, frame }, isWanted);
  return { clock, figures, screen, wire };
}

describe("dropped frames", () => {
  it("are those of screens, when they are sent", async () => {
    const { figures, screen, wire } = await figuresAfter(20_000);
    for (const frame of [0, 30, 60]) screen(frame);
    expect(figures.droppedFrames).toBe(0);
    wire(0);
    expect(figures.droppedFrames).toBe(30);
    figures.onWire(
      {
        bytes: new Uint8Array(188),
        frame: 30,
        frames: 10,
        slotsPerFrame: 1,
        slotOffsets: new Uint32Array(11),
      },
      false,
    );
    expect(figures.droppedFrames).toBe(40);
    for (const frame of [40, 70]) wire(frame);
    expect([figures.droppedFrames, figures.duplicatedFrames]).toEqual([90, 0]);
  });

  it("are not those that a programme takes the place of in the lead, nor what somebody's screen hides", async () => {
    const { figures, screen, wire } = await figuresAfter(20_000);
    for (const frame of [0, 30, 60, 90]) screen(frame);
    figures.onProgramme(gop, 60);
    screen(90);
    wire(0, true);
    expect(figures.screen).toBeUndefined();
    wire(30);
    expect(figures.screen?.cue.reason).toBe("recovering");
    wire(60);
    expect(figures.screen).toBeUndefined();
    wire(90);
    expect(figures.droppedFrames).toBe(60);
  });

  it("are repeated ones too where the last picture is held", async () => {
    const { figures, screen, wire } = await figuresAfter(20_000);
    screen(0, "recovering", true);
    screen(30);
    for (const frame of [0, 30]) wire(frame);
    expect([figures.droppedFrames, figures.duplicatedFrames]).toEqual([60, 30]);
  });

  it("are none while a channel begins, and none when nothing is due", async () => {
    const { clock, figures, screen, wire } = await figuresAfter(1_000);
    screen(0, "loading");
    screen(30, "off_air");
    expect(figures.screen).toBeUndefined();
    for (const frame of [0, 30]) wire(frame);
    expect(figures.droppedFrames).toBe(0);
    await clock.advance(10_000);
    screen(60, "loading");
    wire(60);
    expect([figures.droppedFrames, figures.screen?.cue.reason]).toEqual([30, "loading"]);
  });
});

describe("runs of sources", () => {
  it("that take over are restarts, but not what comes round again after it was given up", async () => {
    const { clock, figures } = await figuresAfter(0);
    const studio = new Studio(clock);
    studio.onGop = () => Promise.reject(new AppError("encoder_failed", "killed"));
    const open = figures.counting(studio.open);
    const film = item("film", 300);
    const run = async () => {
      const source = open(film, { startFrame: 0, audioPhase: 0 });
      const failed = expect(source.next()).rejects.toThrow("killed");
      await clock.advance(1_000);
      await failed;
      await source.close();
    };
    for (let n = 0; n < 3; n++) await run();
    expect(figures.restarts).toBe(2);
    figures.onEvent({
      ...{ type: "item_given_up", title: "film", frame: 0, step: "given_up" },
      error: new AppError("encoder_failed", "killed"),
    });
    await run();
    expect(figures.restarts).toBe(2);
    expect(figures.takeFailures()).toMatchObject(
      Array.from({ length: 4 }, () => ({ class: "encoder_failed", source: "film", title: "film" })),
    );
    expect(figures.takeFailures()).toEqual([]);
  });

  it("that are ended by us have not failed", async () => {
    const { clock, figures } = await figuresAfter(0);
    const studio = new Studio(clock);
    const closed = Promise.withResolvers<void>();
    studio.onGop = () => closed.promise;
    const source = figures.counting(studio.open)(item("film", 300), { startFrame: 0, audioPhase: 0 });
    const next = source.next();
    next.catch(() => undefined);
    await clock.advance(500);
    await source.close();
    closed.reject(new AppError("encoder_failed", "killed"));
    await expect(next).rejects.toThrow("killed");
    expect(figures.takeFailures()).toEqual([]);
  });
});
