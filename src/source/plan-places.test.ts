import { expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import { parseAddress, type SourceAddress } from "../ffmpeg/source-address.ts";
import { FrameGrid, houseFormat } from "../media/house-format.ts";
import { slowFor } from "./address-opener.ts";
import { planPlaces, wholePeriods } from "./plan-places.ts";

const formatOf = (num: number, den = 1, gopSeconds = 1) =>
  houseFormat({
    ...{ width: 320, height: 180, fps: rational(num, den), gopSeconds },
    ...{ totalBps: 1_000_000, audioBps: 96_000 },
  });

it.each([
  [24, 1, 1],
  [25, 1, 1],
  [24_000, 1001, 1],
  [30_000, 1001, 2],
  [60_000, 1001, 0.5],
])("slots of %d/%d fps are whole in pictures and in sound", (num, den, gopSeconds) => {
  const format = formatOf(num, den, gopSeconds);
  const grid = new FrameGrid(format);
  for (const seconds of [60, 3600, 86_400]) {
    const frames = wholePeriods(seconds, format);
    expect(frames % format.gopFrames).toBe(0);
    expect(grid.audioPhase(frames)).toBe(0);
    expect(Math.abs(grid.milliseconds(frames) / 1000 - seconds)).toBeLessThan(70);
  }
});

const address = (url: string) => parseAddress(url) as SourceAddress;
const plan = { slotSeconds: 3600, live: { delayMs: 6_000 }, known: () => undefined };
const facts = {
  ...{ path: "", sizeBytes: 0, mtimeMs: 0, demuxer: "", durationSeconds: 0, startSeconds: 0 },
  ...{ audioStreams: [], subtitleStreams: [] },
};

it("plans a source without end as live, its alternates to the same length, and a film as a film", () => {
  const format = formatOf(25);
  const places = [{ address: address("http://h/a.ts?token=x") }, { address: address("srt://h:1") }];
  const live = planPlaces({ id: 1, title: "News", facts, places }, format, plan);
  expect(live).toMatchObject({
    ...{ frames: 90_000, live: plan.live, address: { scheme: "http" } },
    facts: { path: expect.stringMatching(/^http:\/\/h\/a\.ts~/) },
    alternates: [{ frames: 90_000, live: plan.live, address: { scheme: "srt" } }],
  });
  const film = planPlaces(
    { id: 1, title: "Film", facts, places: places.slice(0, 1), seconds: 61 },
    format,
    plan,
  );
  expect(film).toMatchObject({ frames: 1525, facts: { durationSeconds: 61 } });
  expect([film.live, film.alternates]).toEqual([undefined, undefined]);
});

it("plays slower until what is missing of the delay is there again", () => {
  expect(slowFor(6_000, 1_000)).toBe(0);
  expect(slowFor(6_000, 9_000)).toBe(0);
  expect(slowFor(6_000, 5_000)).toBeCloseTo(150);
});
