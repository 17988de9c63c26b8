import { describe, expect, it } from "vitest";
import { FAILURE_ROWS, type FailureClass } from "../ffmpeg/failures.ts";
import { SourceSuspendedError } from "../source/breakers.ts";
import { again, climb, errorOf, type Run } from "./restart-policy.fixtures.ts";

describe("the ladder of a file", () => {
  it.each<[string, FailureClass | undefined, string[], number[]]>([
    [
      "without a name: the same spot at once and with patience, safer, over the spot, then now and then",
      undefined,
      [...["again", "again", "safe", "over", "over", "over", "over", "over"], "now_and_then", "now_and_then"],
      [0, 250, 500, 500, 1000, 2000, 4000, 4000, 3000, 5000],
    ],
    [
      "damage: once more, safer, then over it",
      "damaged_content",
      ["again", "safe", "over", "over", "over", "over", "over", "now_and_then"],
      [0, 500, 500, 1000, 2000, 4000, 4000, 3000],
    ],
    [
      "gone: soon again, in case it is just being replaced, then now and then",
      "missing",
      ["again", ...Array<string>(6).fill("now_and_then")],
      [1000, 3000, 5000, 9000, 16_000, 16_000, 16_000],
    ],
    ["cut off: once more, then never", "truncated", ["again", "given_up"], [1000, 0]],
    ["no media: never", "corrupt", ["given_up"], [0]],
    ["no media: never", "truncated_mp4", ["given_up"], [0]],
    ["a playlist in disguise: never", "security_block", ["given_up"], [0]],
    ["timestamps beyond use: new ones at once", "timestamps_fatal", ["safe", "again", "over"], [0, 0, 500]],
    [
      "a track that begins late: a longer queue at once",
      "sparse_stream",
      ["safe", "again", "now_and_then"],
      [0, 1000, 3000],
    ],
    [
      "a crash of ffmpeg: once more, safer, then over the spot",
      "broken_build",
      ["again", "safe", "over"],
      [0, 500, 500],
    ],
    ["no graphics card: software at once", "gpu_missing", ["safe", "again", "given_up"], [0, 1000, 0]],
    ["what this build cannot do: once without it", "capability_missing", ["safe", "given_up"], [0, 0]],
    ["a full disk: with patience", "disk_full", ["again", "again", "now_and_then"], [4000, 8000, 17_000]],
    [
      "a server that is down: with growing patience, for ever",
      "connection_refused",
      [...Array<string>(6).fill("again"), "now_and_then", "now_and_then"],
      [500, 1000, 2000, 4000, 8000, 15_000, 16_000, 16_000],
    ],
    [
      "asked too often: as seldom as it wants",
      "rate_limited",
      ["again", "again", "again", "now_and_then"],
      [30_000, 60_000, 120_000, 241_000],
    ],
    ["an address that is no more: now and then", "gone", ["now_and_then", "now_and_then"], [3000, 5000]],
    [
      "a killed encoder: at once, and nothing is stepped over",
      "killed",
      [...Array<string>(7).fill("again"), "now_and_then"],
      [0, 250, 500, 1000, 2000, 4000, 4000, 3000],
    ],
  ])("%s (%s)", (_, name, names, delays) => {
    const taken = climb(again(names.length, { error: errorOf(name) }));
    expect(taken.map((step) => step.name)).toEqual(names);
    expect(taken.map((step) => step.delayMs)).toEqual(delays);
  });

  it("ends for somebody who does not wait: at the end of the ladder, and at once where there is none", () => {
    const to = (name?: FailureClass) =>
      climb(again(20, { error: errorOf(name) }), { keepsTrying: false }).map((step) => step.name);
    expect(to().at(-1)).toBe("given_up");
    expect(to().length).toBe(9);
    expect(to("gone")).toEqual(["given_up"]);
    expect(to("missing")).toEqual(["again", "given_up"]);
  });

  it("is the strictest of a row: reading behind a cut says nothing new", () => {
    const taken = climb([{ error: errorOf("truncated") }, { error: errorOf("ended_early") }]);
    expect(taken.map((step) => step.name)).toEqual(["again", "given_up"]);
  });

  it("waits for a file that comes back piece by piece", () => {
    const half = errorOf("truncated_mp4");
    const taken = climb([...again(3, { error: errorOf("missing") }), ...again(3, { error: half })]);
    expect(taken.at(-1)!.name).toBe("now_and_then");
  });

  it("takes what stands at an address for something that may change, what is in a file not", () => {
    const html = errorOf("corrupt");
    expect(climb([{ error: html }])[0]!.name).toBe("given_up");
    expect(climb([{ error: html, isRemote: true }])[0]!.name).toBe("now_and_then");
  });

  it("does not take a file of which something has come for no media at all", () => {
    const spot = errorOf("corrupt");
    const taken = climb([{ error: spot, delivered: true }, ...again(9, { error: spot })]);
    expect(taken.map((step) => step.name)).toEqual([
      "again",
      "over",
      "over",
      "over",
      "over",
      "over",
      "given_up",
    ]);
  });

  it("spreads the delays of channels that failed together", () => {
    const at = (dice: number) => climb(again(6, { error: errorOf() }), { random: () => dice })[5]!.delayMs;
    expect([at(0), at(0.5), at(1)]).toEqual([0, 1000, 2000]);
  });

  it("ends within half a minute for every failure of a file, or becomes a look now and then", () => {
    for (const { class: name, remedy } of FAILURE_ROWS.filter((row) => row.remedy.scope === "item")) {
      const taken = climb(again(12, { error: errorOf(name) }));
      const end = taken.find((step) => step.name === "given_up" || step.isLasting);
      expect(end && end.atMs - end.delayMs, `${name} ${remedy.action}`).toBeLessThanOrEqual(15_000);
    }
  });
});

describe("restart intensity", () => {
  const crash: Run = { error: errorOf(), delivered: true, tookMs: 1000 };

  it("is not forgiven by a Gop: an encoder that crashes every second is made safer, then replaced", () => {
    const names = climb(again(40, crash), { places: 3, random: () => 0 }).map((step) => step.name);
    const first = names.findIndex((name) => name !== "again");
    expect(names[first]).toBe("safe");
    expect(first).toBe(5);
    expect(names.filter((name) => name !== "again" && name !== "safe").slice(0, 2)).toEqual([
      "alternate 1",
      "alternate 2",
    ]);
    // What delivers is never given up.
    expect(names).not.toContain("given_up");
    expect(names).not.toContain("now_and_then");
  });

  it("has the patience of the lead at the most, and none before the third failure", () => {
    const delays = climb(again(40, crash)).map((step) => step.delayMs);
    expect(delays.slice(0, 2)).toEqual([0, 0]);
    expect(Math.max(...delays)).toBeLessThanOrEqual(1000);
  });

  it("is not the item's when somebody else kills its encoders", () => {
    const taken = climb(again(40, { error: errorOf("killed"), delivered: true, tookMs: 1000 }), {
      places: 2,
    });
    expect(new Set(taken.map((step) => step.name))).toEqual(new Set(["again"]));
    expect(new Set(taken.map((step) => step.delayMs))).toEqual(new Set([0]));
  });

  it("forgets what is a minute old", () => {
    const taken = climb(again(40, { ...crash, tookMs: 13_000 }));
    expect(new Set(taken.map((step) => step.name))).toEqual(new Set(["again"]));
  });
});

describe("alternates", () => {
  it.each<[string, FailureClass | undefined, string[]]>([
    ["an address that is no more: at once", "gone", ["alternate 1", "alternate 2"]],
    ["a server that is down: at once", "connection_refused", ["alternate 1", "alternate 2", "preferred"]],
    ["a file that is gone: at once", "missing", ["alternate 1", "alternate 2", "preferred"]],
    ["no media: at once, and never back", "corrupt", ["alternate 1", "alternate 2", "given_up"]],
    [
      "no name: after the same spot and a safer run",
      undefined,
      [
        "again",
        "again",
        "safe",
        "alternate 1",
        "again",
        "again",
        "safe",
        "alternate 2",
        "again",
        "again",
        "safe",
        "over",
      ],
    ],
    ["a full disk is everywhere", "disk_full", ["again", "again"]],
  ])("%s (%s)", (_, name, names) => {
    const taken = climb(again(names.length, { error: errorOf(name) }), { places: 3 });
    expect(taken.map((step) => step.name)).toEqual(
      names.map((each) => (each === "over" ? "preferred" : each)),
    );
  });

  it("come at once, when a source does not answer", () => {
    const silent = errorOf(undefined, "encoder_stalled");
    expect(climb([{ error: silent }], { places: 2 })[0]).toMatchObject({ name: "alternate 1", delayMs: 0 });
    const stopped = climb([{ error: silent, delivered: true }], { places: 2 })[0];
    expect(stopped).toMatchObject({ name: "again", delayMs: 0 });
  });

  it("begin with nothing of what was learnt elsewhere", () => {
    const taken = climb(again(3, { error: errorOf("timestamps_fatal") }), { places: 2 });
    expect(taken.map(({ place, profile }) => [place, profile])).toEqual([
      [0, "safe"],
      [0, "safe"],
      [1, "usual"],
    ]);
  });

  it("forgive what has failed before they deliver: it has its whole ladder when they fail in turn", () => {
    const [gone, reset] = [errorOf("missing"), errorOf("connection_reset")];
    const back = climb([...again(7, { error: gone }), { error: reset, delivered: true, tookMs: 30_000 }], {
      places: 2,
    }).at(-1);
    expect(back).toMatchObject({ name: "preferred", isLasting: false, delayMs: 0 });
  });

  it("are what a channel goes to that meets an open breaker; without any it waits for the probe", () => {
    const suspended = { error: new SourceSuspendedError(4000, undefined) };
    expect(climb([suspended], { places: 2 })[0]).toMatchObject({ name: "alternate 1", delayMs: 0 });
    expect(climb([suspended])[0]).toMatchObject({ name: "waiting", delayMs: 4000 });
    expect(climb(again(50, suspended)).every((step) => step.name === "waiting")).toBe(true);
  });
});
