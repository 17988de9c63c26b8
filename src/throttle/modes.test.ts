import { describe, expect, it } from "vitest";
import { THROTTLE_MODES, type ThrottleModeName } from "../config/schema.ts";
import { MODES } from "./modes.ts";
import { settingsOf } from "./settings.fixtures.ts";
import type { ThrottleSettings } from "./settings.ts";
import type { ViewerPace } from "./viewer-pace.ts";

const FPS = 30;
const TICK_MS = 40;
const conditions = { framesPerSecond: FPS, ringFrames: 12 * FPS };
const seconds = (frames: number) => frames / FPS;

/** A viewer on a channel whose clock starts at frame 1,000, served tick by tick. */
function viewerOf(mode: ThrottleModeName, settings: Partial<ThrottleSettings> = {}) {
  const pace = MODES[mode].pace({ ...settingsOf(mode), ...settings }, conditions);
  let nowMs = 5_000;
  let served = 0;
  const live = () => 1000 + ((nowMs - 5_000) * FPS) / 1000;
  const enter = (entry: "join" | "jump" | "resume") => {
    const behind = pace.entryBehind(entry, nowMs);
    served = live() - behind;
    pace.placeAt(served, nowMs);
    return seconds(behind);
  };
  /** Serves for `ms`, or finds its socket full; returns how many seconds of media it got. */
  const run = (ms: number, blocked = false) => {
    const before = served;
    for (let done = 0; done < ms; done += TICK_MS) {
      nowMs += TICK_MS;
      if (blocked) pace.blocked(nowMs);
      else served = Math.max(served, Math.min(live(), pace.limit(live(), nowMs)));
    }
    return seconds(served - before);
  };
  const behind = () => seconds(live() - served);
  return { pace, enter, run, behind, live, now: () => nowMs };
}

describe("the channel stage", () => {
  it.each([
    ["realtime", "constant", 70],
    ["burst", "variable", 70],
    ["adaptive", "variable", 70],
    ["disabled", "variable", Number.POSITIVE_INFINITY],
  ] as const)(
    "of %s multiplexes at %s rate, Gops up to %s when the clock stands at 70",
    (name, multiplex, horizon) => {
      const mode = MODES[name];
      expect([mode.name, mode.multiplex, mode.horizon(70)]).toEqual([name, multiplex, horizon]);
    },
  );

  it("knows a mode for each name", () => {
    expect(Object.keys(MODES)).toEqual([...THROTTLE_MODES]);
  });
});

describe("realtime", () => {
  it("begins at the newest keyframe and is with live at each tick, however its socket fares", () => {
    const { pace, enter, run, behind } = viewerOf("realtime");
    expect([enter("join"), enter("jump"), enter("resume")]).toEqual([0, 0, 0]);
    expect(run(1000)).toBeCloseTo(1);
    run(3000, true);
    expect(run(TICK_MS), "what it has missed, at once").toBeCloseTo(3.04);
    expect(behind()).toBe(0);
    expect(pace.report).toEqual({ mode: "realtime", decisions: [] });
  });
});

describe("disabled", () => {
  it("begins with what is on and may have all that there is", () => {
    const { pace, enter, live, now } = viewerOf("disabled");
    expect(enter("join")).toBe(0);
    expect(pace.limit(live(), now())).toBe(Number.POSITIVE_INFINITY);
  });
});

describe.each(["burst", "adaptive"] as const)("%s", (mode) => {
  it("begins burst_seconds behind, is filled at twice the pace until it has caught up, then goes along", () => {
    const { enter, run, behind } = viewerOf(mode, { burstSeconds: 5 });
    expect(enter("join")).toBe(5);
    for (let second = 0; second < 4; second++) expect(run(1000)).toBeCloseTo(2);
    expect(behind()).toBeCloseTo(1);
    run(1000);
    expect(behind()).toBe(0);
    for (let second = 0; second < 5; second++) expect(run(1000)).toBeCloseTo(1);
  });

  it("never gets more than twice the pace, as after its socket was full", () => {
    const { enter, run, behind } = viewerOf(mode);
    enter("join");
    run(6000);
    run(1000, true);
    expect(behind()).toBeCloseTo(1);
    const got = run(1000);
    expect(got).toBeGreaterThan(1.3);
    expect(got).toBeLessThanOrEqual(2.001);
    run(6000);
    expect(behind()).toBe(0);
  });

  it.each([
    [0, 0],
    [5, 5],
    [60, 9],
  ])(
    "with burst_seconds %s begins %s s behind: never so far back that there is no room to be slow in",
    (burstSeconds, behind) => {
      expect(viewerOf(mode, { burstSeconds }).enter("join")).toBeCloseTo(behind);
    },
  );

  it("goes on at the newest keyframe after a pause", () => {
    expect(viewerOf(mode).enter("resume")).toBe(0);
  });

  it("goes along with live when it was placed there or beyond, by a change of mode", () => {
    const { pace, run, live, now } = viewerOf(mode);
    pace.placeAt(live() + 8 * FPS, now());
    run(TICK_MS);
    expect(pace.limit(live(), now())).toBe(live());
  });
});

it("burst jumps to the newest keyframe", () => {
  expect(viewerOf("burst").enter("jump")).toBe(0);
});

describe("adaptive", () => {
  const factors = (pace: ViewerPace) => pace.report.decisions.map(({ reason, factor }) => [reason, factor]);

  it("slows down by a share after a window with a full socket, and gains by steps after those without", () => {
    const { pace, enter, run } = viewerOf("adaptive");
    enter("join");
    run(1000);
    run(200, true);
    run(900);
    expect(pace.report.factor).toBe(1.4);
    run(2000, true);
    expect(pace.report.factor, "not below its least").toBe(1);
    run(2000, true);
    run(4000);
    expect(pace.report.factor).toBe(1.1);
    run(60_000);
    expect(factors(pace)).toEqual([
      ...[
        ["join", 2],
        ["blocked", 1.4],
        ["blocked", 1],
      ],
      ...Array.from({ length: 10 }, (_, step) => ["clear", Math.round(11 + step) / 10]),
    ]);
    expect(pace.report.decisions[1]).toMatchObject({ atMs: 7_040 });
  });

  it("fills at the pace that it has come to", () => {
    const { enter, run, behind } = viewerOf("adaptive");
    enter("join");
    run(2040, true);
    expect(behind()).toBeCloseTo(7.04, 1);
    expect(run(1000)).toBeCloseTo(1.4);
  });

  it("keeps to the bounds, the step and the window of the configuration", () => {
    const own = { minFactor: 1.2, maxFactor: 1.6, step: 0.3, backoff: 0.5, windowSeconds: 1 };
    const { pace, enter, run } = viewerOf("adaptive", { adaptive: own });
    enter("join");
    run(1040, true);
    run(3000);
    expect(factors(pace)).toEqual([
      ["join", 1.6],
      ["blocked", 1.2],
      ["clear", 1.5],
      ["clear", 1.6],
    ]);
  });

  it("goes on two seconds further behind live at each jump, bounded by the ring", () => {
    const { pace, enter } = viewerOf("adaptive", { burstSeconds: 3 });
    const placed = (["join", "jump", "jump", "jump", "jump", "resume"] as const).map(enter);
    expect(placed).toEqual([3, 5, 7, 9, 9, 0]);
    expect(pace.report.decisions.map(({ behindSeconds }) => behindSeconds)).toEqual(placed);
  });

  it("remembers a bounded number of decisions, the newest", () => {
    const { pace, enter } = viewerOf("adaptive");
    for (let jump = 0; jump < 1000; jump++) enter("jump");
    enter("resume");
    expect(pace.report.decisions).toHaveLength(50);
    expect(pace.report.decisions.at(-1)?.reason).toBe("resume");
  });
});
