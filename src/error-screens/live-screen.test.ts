import { expect, test } from "vitest";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { houseFormat } from "../media/house-format.ts";
import { ErrorScreen } from "./error-screen.ts";
import { LiveScreen } from "./live-screen.ts";

const format = houseFormat({
  ...{ width: 64, height: 36, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 2_000_000, audioBps: 128_000 },
});
const MINUTE = 60_000;
const AT = 1_000 * MINUTE + 40_000;

function picturesOf(seed: number) {
  return [0, 1].map(() => syntheticGop({ format, frames: 30, seed, silent: true }));
}

/** A generator whose refreshes are answered by hand. */
class ByHand {
  readonly asked: number[] = [];
  readonly failures: unknown[] = [];
  answer: (screen: ErrorScreen) => void = () => {};
  fail: (failure: unknown) => void = () => {};

  refresh(_: ErrorScreen, atMs: number): Promise<ErrorScreen> {
    this.asked.push(atMs);
    return new Promise((resolve, reject) => {
      this.answer = resolve;
      this.fail = reject;
    });
  }

  report(failure: unknown): void {
    this.failures.push(failure);
  }
}

function liveOf(timestamp: boolean) {
  const screen = new ErrorScreen(
    { message: { title: "", timestamp }, config: {}, format },
    picturesOf(1),
    undefined,
  );
  const byHand = new ByHand();
  return { screen, byHand, live: new LiveScreen(byHand, screen, AT) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("at the full minute new pictures are rendered aside, and taken when they are there", async () => {
  const { screen, byHand, live } = liveOf(true);
  expect(live.gopAt(0, 30, AT + 19_999)).toBe(screen.pictures[0]);
  expect(byHand.asked).toEqual([]);
  expect(live.gopAt(30, 30, AT + 20_000)).toBe(screen.pictures[0]);
  expect(live.gopAt(60, 30, AT + 21_000)).toBe(screen.pictures[0]);
  expect(byHand.asked).toEqual([AT + 20_000]);
  const fresh = screen.withPictures(picturesOf(2));
  byHand.answer(fresh);
  await settled();
  expect(live.gopAt(90, 30, AT + 22_000)).toBe(fresh.pictures[0]);
  expect(byHand.asked).toHaveLength(1);
  live.gopAt(1890, 30, AT + 82_000);
  expect(byHand.asked).toEqual([AT + 20_000, AT + 82_000]);
});

test("when they are not to be had the old ones stay, and it is tried again a minute later", async () => {
  const { screen, byHand, live } = liveOf(true);
  live.gopAt(0, 30, AT + 20_000);
  byHand.fail(new Error("no ffmpeg"));
  await settled();
  expect(live.gopAt(30, 30, AT + 21_000)).toBe(screen.pictures[0]);
  expect(byHand.asked).toHaveLength(1);
  expect(byHand.failures).toHaveLength(1);
  live.gopAt(60, 30, AT + 80_000);
  expect(byHand.asked).toHaveLength(2);
});

test("a screen that shows no time is never rendered again", () => {
  const { byHand, live } = liveOf(false);
  for (let minute = 0; minute < 100; minute++) live.gopAt(minute, 30, AT + minute * MINUTE);
  expect(byHand.asked).toEqual([]);
});
