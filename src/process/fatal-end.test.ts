import { beforeEach, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { createLogger } from "../base/log.ts";
import { fatalEnd } from "./fatal-end.ts";

let clock: ManualClock;
let lines: Record<string, unknown>[];
let statuses: number[];

beforeEach(() => {
  clock = new ManualClock();
  lines = [];
  statuses = [];
});

function listener(close: () => Promise<void>) {
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLogger({ level: "info", pretty: false, destination: { write } });
  return fatalEnd({ log, clock, close, exit: (status) => statuses.push(status) });
}

it("logs the error with its cause, closes, and exits", async () => {
  const steps: string[] = [];
  const onUncaught = listener(async () => void steps.push("closed"));
  onUncaught(new Error("outer", { cause: new Error("inner") }), "uncaughtException");
  expect(steps).toEqual([]);
  await clock.advance(0);
  expect([steps, statuses]).toEqual([["closed"], [1]]);
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines[0])).toMatch(/outer.*inner/);
});

it("exits after five seconds when closing never comes to an end", async () => {
  listener(() => new Promise(() => undefined))(new Error("x"), "uncaughtException");
  await clock.advance(4999);
  expect(statuses).toEqual([]);
  await clock.advance(1);
  expect(statuses).toEqual([1]);
});

it("exits when closing fails, by throwing too", async () => {
  listener(() => {
    throw new Error("closing");
  })(new Error("x"), "uncaughtException");
  await clock.advance(0);
  expect(statuses).toEqual([1]);
});

it("takes whatever is thrown, and closes once however often that happens", async () => {
  let closings = 0;
  const onUncaught = listener(async () => {
    closings++;
    await new Promise(() => undefined);
  });
  const odd = Object.create(null) as object;
  for (const thrown of [undefined, odd, "text", ...Array<number>(100).fill(1)]) {
    onUncaught(thrown, "unhandledRejection");
  }
  await clock.advance(0);
  expect(closings).toBe(1);
  expect(lines).toHaveLength(10);
  expect(lines[0]).toMatchObject({ code: "internal", origin: "unhandledRejection" });
});
