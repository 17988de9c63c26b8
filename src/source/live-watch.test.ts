import { describe, expect, it } from "vitest";
import { isStalled, OutcomeWatch } from "./live-watch.ts";

describe("a stall is judged by the scheme and by what is left to be shown", () => {
  it.each([
    ["http", false, 9_900, 0, false],
    ["http", false, 10_000, 60_000, true],
    ["hls", false, 14_000, 0, false],
    ["http", true, 1_900, 0, false],
    ["http", true, 2_000, 4_500, true],
    ["http", true, 3_900, 4_600, false],
    ["http", true, 4_000, 20_000, true],
    ["udp", true, 2_100, 1_000, true],
    ["hls", true, 4_900, 1_000, false],
    ["hls", true, 5_000, 1_000, true],
    ["hls", true, 11_000, 8_000, false],
    ["hls", true, 12_000, 8_000, true],
  ] as const)("%s, heard %s, quiet %d ms, %d ms left: %s", (scheme, heard, quietMs, leftMs, stalled) => {
    expect(isStalled(scheme, { heard, quietMs }, leftMs)).toBe(stalled);
  });
});

describe("a source that sends too little", () => {
  /** Looks four times a second at a source of which `speed` seconds come in each; how long until it is let go. */
  const until = (scheme: "http" | "hls", speed: (second: number) => number, leftMs = 2_000) => {
    const watch = new OutcomeWatch({ scheme, leftMs: () => leftMs });
    let mediaSeconds = 0;
    for (let look = 0; look < 4 * 120; look++) {
      const signs = { heard: true, quietMs: 200, mediaSeconds, nowMs: 250 * look };
      if (watch.look(signs)) return look / 4;
      mediaSeconds += speed(look / 4) / 4;
    }
    return undefined;
  };

  it("is let go once there is no time left to wait for it", () => {
    expect(until("http", () => 1 / 15)).toBe(6);
    expect(until("http", (second) => (second < 60 ? 1 : 1 / 15))).toBeLessThan(63);
    expect(until("hls", (second) => (second < 60 ? 1 : 1 / 15))).toBeLessThan(75);
    expect(until("http", () => 1 / 15, 60_000)).toBeUndefined();
  });

  it("may be a little slow, come in bursts as segments do, and begin with many at once", () => {
    expect(until("http", () => 0.8)).toBeUndefined();
    expect(until("hls", (second) => (second % 10 < 0.25 ? 40 : 0))).toBeUndefined();
    expect(until("hls", (second) => (second < 0.25 ? 120 : second % 10 < 0.25 ? 40 : 0))).toBeUndefined();
  });

  it("is not blamed for a time in which nobody asked for anything", () => {
    const watch = new OutcomeWatch({ scheme: "http", leftMs: () => 1_000 });
    const look = (second: number, mediaSeconds: number) =>
      watch.look({ heard: true, quietMs: 0, mediaSeconds, nowMs: 1000 * second });
    for (let second = 0; second < 20; second++) expect(look(second, second)).toBeUndefined();
    for (let second = 50; second < 70; second++) expect(look(second, second - 30)).toBeUndefined();
  });
});

describe("what the filters see", () => {
  const limits = { frozenSeconds: 10, blackSeconds: 4, silentSeconds: 5 };
  const flowing = (mediaSeconds: number) => ({
    ...{ heard: true, quietMs: 100, mediaSeconds },
    nowMs: 1000 * mediaSeconds,
  });
  const watch = (lines: readonly string[], wanted = limits) => {
    const made = new OutcomeWatch({ scheme: "http", limits: wanted, leftMs: () => 6_000 });
    for (const line of lines) made.take(line);
    return made;
  };

  it("black counts when it has lasted", () => {
    const black = watch(["frame:12   pts:180     pts_time:6", "lavfi.black_start=6"]);
    expect([7, 9.9, 10].map((seconds) => black.look(flowing(seconds)))).toEqual([
      undefined,
      undefined,
      "black",
    ]);
    black.take("lavfi.black_end=10.5");
    expect(black.look(flowing(60))).toBeUndefined();
  });

  it("black that stands still is black, and may be allowed", () => {
    const lines = ["lavfi.black_start=6", "lavfi.freezedetect.freeze_start=6"];
    expect(watch(lines).look(flowing(16))).toBe("black");
    expect(watch(lines, { ...limits, blackSeconds: 0 }).look(flowing(99))).toBeUndefined();
  });

  it.each([
    ["lavfi.freezedetect.freeze_start=3.5", "frozen"],
    ["lavfi.silence_start=3", "silent"],
    ["lavfi.freezedetect.freeze_end=3.5", undefined],
    ["out_time_us=100", undefined],
    ["", undefined],
  ])("%s: %s", (line, outcome) => {
    expect(watch([line]).look(flowing(20))).toBe(outcome);
  });
});
