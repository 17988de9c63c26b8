import { describe, expect, test } from "vitest";
import { CONFIG_SCHEMA } from "../config/schema.ts";
import { assess, type HealthFigures, type HealthState, initialHealth, judgeHealth } from "./health.ts";

const thresholds = CONFIG_SCHEMA.parse({}).health;

/** A channel of 30 fps on which nothing is wrong, but for what is given. */
function figures(change: Partial<HealthFigures> = {}): HealthFigures {
  return {
    ...{ onAirMs: 60_000, currentFps: 30, expectedFps: 30, speed: 1, droppedShare: 0 },
    ...{ leadMs: 7_900, fullLeadMs: 8_000, leadChangeMs: 0, failures: 0, faultySamples: 0 },
    ...change,
  };
}

const screen = (forMs: number) => ({ forMs, reason: "source_unavailable", failure: "gone" });
const NTSC_FILM = 24_000 / 1001;

describe("the figures of a moment", () => {
  test.each<[string, Partial<HealthFigures>, string[]]>([
    ["nothing is wrong", {}, []],
    ["23.976 pictures a second of 23.976", { currentFps: NTSC_FILM, expectedFps: NTSC_FILM }, []],
    ["23.976 pictures a second of 30", { currentFps: NTSC_FILM }, ["unhealthy frames_missing"]],
    ["a tick's worth less", { currentFps: 29.9 }, []],
    ["a few pictures less", { currentFps: 29 }, ["degraded frames_missing"]],
    ["no picture at all", { currentFps: 0 }, ["failed frames_missing"]],
    ["no picture yet", { currentFps: 0, leadMs: 0, onAirMs: 3_000 }, []],
    ["one picture dropped", { droppedShare: 1 / 1800 }, ["degraded frames_dropped"]],
    ["a twentieth dropped", { droppedShare: 0.0501 }, ["unhealthy frames_dropped"]],
    ["half of the lead left", { leadMs: 4_000 }, []],
    ["less than half", { leadMs: 3_900 }, ["degraded lead_low"]],
    ["almost none", { leadMs: 1_000 }, ["unhealthy lead_low"]],
    ["a screen, and so no lead", { leadMs: 500, screen: screen(5_000) }, []],
    ["a screen for long", { leadMs: 500, screen: screen(30_001) }, ["failed programme_absent"]],
    ["an encoder that is too slow", { speed: 0.9, leadChangeMs: -400 }, ["degraded encoder_slow"]],
    ["a slow one whose lead grows all the same", { speed: 0.9, leadChangeMs: 10 }, []],
    ["two failures nobody saw", { failures: 2, lastFailure: "killed" }, []],
    ["three", { failures: 3, lastFailure: "killed" }, ["degraded source_failing"]],
    ["ten", { failures: 10, lastFailure: "killed" }, ["unhealthy source_failing"]],
    ["a faulty sample", { faultySamples: 1, lastFinding: "x" }, ["degraded stream_faulty"]],
    ["three of them", { faultySamples: 3, lastFinding: "x" }, ["unhealthy stream_faulty"]],
    [
      "several at once, the worst first",
      { failures: 3, lastFailure: "gone", screen: screen(60_000), droppedShare: 1 },
      ["failed programme_absent", "unhealthy frames_dropped", "degraded source_failing"],
    ],
  ])("%s", (_words, change, expected) => {
    const found = assess(figures(change), thresholds);
    expect(found.map(({ status, code }) => `${status} ${code}`)).toEqual(expected);
  });

  test("each reason says what was measured and what to do", () => {
    const [slow] = assess(figures({ speed: 0.82, leadChangeMs: -1800, leadMs: 4_100 }), thresholds);
    expect(slow?.sentence).toMatch(/0\.82 s of media in a second.*4\.1 s are left.*exstreamtv machine/);
    const [absent] = assess(figures({ screen: screen(60_000) }), thresholds);
    expect(absent?.sentence).toMatch(/source_unavailable, gone.*60\.0 s/);
  });
});

describe("the status over time", () => {
  const bad = { leadMs: 3_000 };
  const worse = { leadMs: 500 };
  /** Statuses by second, when each second's figures are these. */
  function statuses(
    seconds: readonly Partial<HealthFigures>[],
  ): { at: number; status: string; sinceMs: number }[] {
    const changes: { at: number; status: string; sinceMs: number }[] = [];
    let state: HealthState = initialHealth(0);
    for (const [index, change] of seconds.entries()) {
      const next = judgeHealth(figures(change), thresholds, state, index * 1000);
      if (next.status !== state.status)
        changes.push({ at: index, status: next.status, sinceMs: next.sinceMs });
      state = next;
    }
    return changes;
  }
  const times = (count: number, change: Partial<HealthFigures> = {}) =>
    Array.from({ length: count }, () => change);
  const at = (second: number, status: string) => ({ at: second, status, sinceMs: second * 1000 });

  test.each<[string, Partial<HealthFigures>[], ReturnType<typeof at>[]]>([
    ["a moment is nothing", [...times(5), ...times(3, bad), ...times(5)], []],
    ["what lasts counts", [...times(5), ...times(10, bad)], [at(8, "degraded")]],
    [
      "it is better only after it has been well for long",
      [...times(10, bad), ...times(60)],
      [at(3, "degraded"), at(40, "healthy")],
    ],
    [
      "every relapse begins the wait anew",
      [...times(10, bad), ...times(29), ...times(1, bad), ...times(40)],
      [at(3, "degraded"), at(70, "healthy")],
    ],
    ["straight to worse", times(10, worse), [at(3, "unhealthy")]],
    [
      "through degraded to worse",
      [...times(5, bad), ...times(10, worse)],
      [at(3, "degraded"), at(8, "unhealthy")],
    ],
    [
      "back by steps",
      [...times(10, worse), ...times(40, bad), ...times(40)],
      [at(3, "unhealthy"), at(40, "degraded"), at(80, "healthy")],
    ],
    [
      "what comes and goes every other second is no change",
      Array.from({ length: 60 }, (_, n) => (n % 2 ? bad : {})),
      [],
    ],
  ])("%s", (_words, seconds, expected) => {
    expect(statuses(seconds)).toEqual(expected);
  });

  test("says that it is recovering while nothing is wrong any more", () => {
    let state = initialHealth(0);
    for (let second = 0; second < 10; second++)
      state = judgeHealth(figures(second < 5 ? bad : {}), thresholds, state, second * 1000);
    expect(state.status).toBe("degraded");
    expect(state.reasons).toMatchObject([
      { code: "recovering", sentence: expect.stringContaining("for 4 s") },
    ]);
  });
});
