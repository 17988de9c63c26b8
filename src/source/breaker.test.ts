import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../base/random.ts";
import { type Breaker, type BreakerEvent, CLOSED, transition } from "./breaker.ts";

const NOW = 100_000;
const row = (failures: number, firstMs: number, lastMs = NOW - 1000): Breaker => ({
  ...{ kind: "closed", failures, firstMs, lastMs },
});
const open: Breaker = { kind: "open", untilMs: NOW + 3000, openings: 1, probes: 4 };
const half: Breaker = { kind: "half_open", probe: 5, sinceMs: NOW - 1000, openings: 2 };
const asked = (isNewAiring = false): BreakerEvent => ({ type: "asked", isNewAiring });

it.each<[string, Breaker, BreakerEvent, object]>([
  ["nothing is known: it is let through", CLOSED, asked(), { breaker: CLOSED }],
  ["a few have failed: it is let through", row(4, 0), asked(), { breaker: row(4, 0) }],
  ["the first failure", CLOSED, { type: "failed" }, { breaker: row(1, NOW, NOW) }],
  [
    "many at once, as on five channels: one short incident",
    row(9, NOW - 500),
    { type: "failed" },
    { breaker: row(10, NOW - 500, NOW) },
  ],
  ["few in a long time", row(3, NOW - 50_000), { type: "failed" }, { breaker: row(4, NOW - 50_000, NOW) }],
  [
    "a row that is long over",
    row(20, NOW - 200_000, NOW - 60_000),
    { type: "failed" },
    { breaker: row(1, NOW, NOW) },
  ],
  [
    "five over ten seconds",
    row(4, NOW - 10_000),
    { type: "failed" },
    { breaker: { kind: "open", untilMs: NOW + 2000, openings: 1, probes: 0 }, news: "opened" },
  ],
  ["a run that says nothing of it", row(4, 0), { type: "let_go" }, { breaker: row(4, 0) }],
  ["a success", row(4, 0), { type: "succeeded" }, { breaker: CLOSED }],
  ["open: wait", open, asked(), { breaker: open, waitMs: 3000 }],
  [
    "open, and its time is over: the one probe",
    { ...open, untilMs: NOW },
    asked(),
    { breaker: { kind: "half_open", probe: 5, sinceMs: NOW, openings: 1 }, probe: 5 },
  ],
  [
    "open, and an airing begins: the start of a file is not refused for what was wrong further on",
    open,
    asked(true),
    { breaker: { kind: "half_open", probe: 5, sinceMs: NOW, openings: 1 }, probe: 5 },
  ],
  ["open: a run of before fails", open, { type: "failed" }, { breaker: open }],
  ["open: a run of before delivers", open, { type: "succeeded" }, { breaker: CLOSED, news: "closed" }],
  ["half open: wait", half, asked(), { breaker: half, waitMs: 1000 }],
  ["half open: wait, airing or not", half, asked(true), { breaker: half, waitMs: 1000 }],
  [
    "half open, and the probe is lost",
    { ...half, sinceMs: NOW - 30_000 },
    asked(),
    { breaker: { ...half, probe: 6, sinceMs: NOW }, probe: 6 },
  ],
  ["half open: the probe delivers", half, { type: "succeeded" }, { breaker: CLOSED, news: "closed" }],
  [
    "half open: the probe fails, and the pause grows",
    half,
    { type: "failed", probe: 5 },
    { breaker: { kind: "open", untilMs: NOW + 5000, openings: 3, probes: 5 } },
  ],
  ["half open: a lost probe fails", half, { type: "failed", probe: 4 }, { breaker: half }],
  ["half open: a run of before fails", half, { type: "failed" }, { breaker: half }],
  [
    "half open: the probe is given back",
    half,
    { type: "let_go", probe: 5 },
    { breaker: { kind: "open", untilMs: NOW, openings: 2, probes: 5 } },
  ],
  ["half open: another run ends", half, { type: "let_go" }, { breaker: half }],
])("%s", (_, breaker, event, outcome) => {
  expect(transition(breaker, event, NOW, () => 0.5)).toEqual(outcome);
});

describe("whatever happens", () => {
  const event = fc.oneof(
    fc.record({ type: fc.constant("asked" as const), isNewAiring: fc.boolean() }),
    fc.constant({ type: "succeeded" as const }),
    fc.record({
      type: fc.constantFrom("failed" as const, "let_go" as const),
      probe: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    }),
  );

  it("there is one probe at most, and nobody waits longer than 16 s", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, fc.integer({ min: 0, max: 8_000 })), { maxLength: 200 }),
        fc.integer(),
        (steps, seed) => {
          const random = seededRandom(seed);
          let [breaker, nowMs, lastProbeMs, lastProbe] = [CLOSED, 0, Number.NEGATIVE_INFINITY, 0];
          for (const [each, waitedMs] of steps) {
            nowMs += waitedMs;
            const before = breaker;
            const outcome = transition(breaker, each, nowMs, random);
            breaker = outcome.breaker;
            expect(outcome.waitMs ?? 0).toBeLessThanOrEqual(16_000);
            if (outcome.probe === undefined) continue;
            if (before.kind === "half_open") expect(nowMs - lastProbeMs).toBeGreaterThanOrEqual(30_000);
            if (before.kind === "half_open") expect(outcome.probe).toBeGreaterThan(lastProbe);
            [lastProbeMs, lastProbe] = [nowMs, outcome.probe];
          }
        },
      ),
    );
  });
});
