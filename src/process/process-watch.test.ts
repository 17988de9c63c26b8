import { beforeEach, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { NamedClock } from "../base/named-clock.ts";
import { SetGauges } from "./gauges.fixtures.ts";
import { describeProcessNews, processEvent } from "./news.ts";
import { type ProcessNews, ProcessWatch } from "./process-watch.ts";

let clock: ManualClock;
let gauges: SetGauges;
let news: ProcessNews[];
let watch: ProcessWatch;

beforeEach(() => {
  clock = new ManualClock();
  gauges = new SetGauges();
  news = [];
  watch = new ProcessWatch({
    ...{ clock, gauges, onNews: (each) => news.push(each) },
    thresholds: () => ({ loopDelayMs: 500, memoryShare: 0.85 }),
  });
});

/** The loop stands still for so long, and a moment passes. */
async function block(ms: number): Promise<void> {
  clock.freeze(ms);
  await clock.advance(150);
}

const told = () => news.filter((each) => each.type === "loop_blocked");

it("says nothing of a loop that runs, or is late by less than the threshold", async () => {
  await clock.advance(5000);
  await block(450);
  expect(news).toEqual([]);
  expect(watch.figures.blocks).toBe(0);
  expect(watch.figures.loopDelay.maxMs).toBeGreaterThan(300);
});

it("tells of a loop that stood still, once it is known why", async () => {
  await clock.advance(1000);
  clock.freeze(5000);
  gauges.cpu += 4900;
  await clock.advance(0);
  expect(news).toEqual([]);
  gauges.collected(4000);
  await clock.advance(100);
  expect(told()).toMatchObject([{ reason: "garbage_collection", count: 1, block: { gcMs: 4000 } }]);
  expect(told()[0]!.block.wallMs).toBeGreaterThan(4800);
  expect(watch.figures).toMatchObject({ blocks: 1, lastBlock: { reason: "garbage_collection" } });
  expect(processEvent(news[0]!)).toMatchObject({
    type: "process.loop_blocked",
    data: { reason: "garbage_collection", cpu_ms: 4900, gc_ms: 4000, count: 1 },
  });
});

it("knows that it was stopped from the signal that let it go on", async () => {
  clock.freeze(5000);
  await clock.advance(0);
  gauges.continued();
  await clock.advance(100);
  expect(told()).toMatchObject([{ reason: "stopped" }]);
});

it("forgets signals and garbage of before", async () => {
  gauges.continued();
  gauges.collected(3000);
  await clock.advance(1000);
  gauges.starved = 0;
  await clock.advance(200);
  await block(3000);
  expect(told()).toMatchObject([{ reason: "waiting", block: { gcMs: 0, wasStopped: false } }]);
});

it("names the work that held it up", async () => {
  const named = new NamedClock(clock, "the channels", watch.work);
  named.after(50, () => {
    clock.freeze(2000);
    gauges.cpu += 2000;
  });
  await clock.advance(100);
  await clock.advance(100);
  expect(told()).toMatchObject([{ reason: "own_code", block: { work: { name: "the channels", ms: 2000 } } }]);
});

it("tells the first of many at once, and of the others together the longest", async () => {
  for (const ms of [1000, 2000, 4000, 3000]) await block(ms);
  expect(told()).toHaveLength(1);
  await clock.advance(10_000);
  expect(told().map(({ count }) => count)).toEqual([1, 3]);
  expect(told()[1]!.block.wallMs).toBeGreaterThan(3500);
  await clock.advance(60_000);
  expect(told()).toHaveLength(2);
});

it("tells of a heap that is nearly full once, and again after it was not", async () => {
  const fill = (share: number) => {
    gauges.sample = { ...gauges.sample, heapUsed: gauges.sample.heapLimit * share };
  };
  fill(0.9);
  await clock.advance(120_000);
  expect(news).toMatchObject([{ type: "memory", finding: { type: "high", of: "heap" } }]);
  fill(0.5);
  await clock.advance(120_000);
  fill(0.9);
  await clock.advance(120_000);
  expect(news).toHaveLength(2);
  expect(describeProcessNews(news[1]!).message).toMatch(/heap of JavaScript is near its limit/);
});

it("lets go of everything", async () => {
  await block(1000);
  watch.close();
  expect(clock.pending).toBe(0);
  expect(gauges.listeners).toBe(0);
});
