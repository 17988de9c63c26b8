import { describe, expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import { StallWatch } from "./stall-watch.ts";

/** An encoder of 25 fps whose doings are told second by second. */
function watching() {
  const progress = { outTimeUs: 0, frame: 0, advancedAtMs: 0 };
  const watch = new StallWatch({ gopFrames: 25, fps: rational(25) }, progress);
  let nowMs = 0;
  watch.begin(0);
  /** Lets time pass, looking every quarter of a second; gives the time of the first complaint. */
  const pass = (ms: number, each: () => void = () => undefined): number | undefined => {
    for (const endMs = nowMs + ms; nowMs < endMs; ) {
      nowMs += 250;
      each();
      if (watch.look(nowMs, 0) !== undefined) return nowMs;
    }
    return undefined;
  };
  const encode = (frames: number) => {
    progress.frame += frames;
    progress.outTimeUs += frames * 40_000;
    progress.advancedAtMs = nowMs;
  };
  const media = () => {
    watch.onBytes(nowMs);
    watch.onMedia();
  };
  return {
    watch,
    progress,
    pass,
    encode,
    media,
    now: () => nowMs,
    freeze: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe("an encoder that is being read", () => {
  it("may take eight seconds to its first media, whatever bytes come before", () => {
    const { watch, pass, now } = watching();
    expect(pass(7_000)).toBeUndefined();
    // The header of the file is no media.
    watch.onBytes(now());
    expect(pass(7_750)).toBeUndefined();
    expect(pass(250)).toBe(15_000);
  });

  it("is stalled when nothing comes for two seconds", () => {
    const { pass, media } = watching();
    pass(1_000);
    media();
    expect(pass(10_000)).toBe(3_000);
  });

  it("is not, while it works on the next fragment, however slowly", () => {
    const { pass, encode, media } = watching();
    media();
    expect(pass(6_000, () => encode(1))).toBeUndefined();
  });

  it("is, when it reports one Gop after the other and writes none", () => {
    const { pass, encode, media } = watching();
    media();
    // Three Gops' worth is on its way after 3 s; nothing has come since the beginning.
    expect(pass(10_000, () => encode(7))).toBe(2_750);
  });

  it("is, when it only repeats what it has reported", () => {
    const { pass, progress, media } = watching();
    media();
    const repeat = () => {
      progress.frame = 9;
    };
    expect(pass(10_000, repeat)).toBe(2_000);
  });

  it("is too slow, when a Gop takes fifteen seconds", () => {
    const { pass, encode, media } = watching();
    media();
    let frames = 0;
    expect(pass(20_000, () => encode(frames++ % 4 === 0 ? 1 : 0))).toBe(15_000);
  });
});

it("one that was held back by the lead for an hour has its two seconds from when it is read again", () => {
  const { watch, pass, media, freeze, now } = watching();
  media();
  freeze(3_600_000);
  watch.begin(now());
  expect(pass(1_750)).toBeUndefined();
  expect(pass(250)).toBe(3_602_000);
});

it("time in which the server itself stood still does not count", () => {
  const { watch, pass, media, freeze, now } = watching();
  media();
  freeze(5_000);
  expect(watch.look(now(), 4_750)).toBeUndefined();
  expect(pass(1_750)).toBeUndefined();
  expect(pass(250)).toBeDefined();
});
