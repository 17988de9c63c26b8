import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adviseOn, recommendedRate } from "./advice.ts";
import { CONFIG_SCHEMA, type ConfigInput } from "./schema.ts";

const advice = (values: ConfigInput) => adviseOn(CONFIG_SCHEMA.parse(values)).map(({ text }) => text);

describe("the recommended rate, in Mbit/s", () => {
  test.each([
    [854, 480, 1.5, 2.5],
    [720, 480, 1.5, 2.5],
    [1280, 720, 3, 5],
    [720, 1280, 3, 5],
    [1920, 1080, 6, 10],
    [1440, 1080, 6, 10],
    [1920, 800, 6, 10],
    [3840, 2160, 15, 25],
    [4096, 2160, 15, 25],
    [720, 576, 2, 3.4],
    [2560, 1440, 8.8, 14.6],
    [640, 360, 0.9, 1.5],
    [320, 180, 0.3, 0.5],
    [16, 16, 0, 0.5],
  ])("of %d×%d is %d to %d", (width, height, least, most) => {
    expect(recommendedRate(width, height)).toEqual({ least, most });
  });

  test("grows with the picture", () => {
    const size = fc.integer({ min: 16, max: 7680 });
    fc.assert(
      fc.property(size, size, size, (width, height, more) => {
        const [small, large] = [recommendedRate(width, height), recommendedRate(width + more, height + more)];
        expect(small.most).toBeGreaterThan(small.least);
        expect(large.least).toBeGreaterThanOrEqual(small.least);
        expect(large.most).toBeGreaterThanOrEqual(small.most);
      }),
    );
  });
});

test("the defaults, and the ends of the range, need no advice", () => {
  expect(advice({})).toEqual([]);
  for (const target_bitrate_bps of [3_000_000, 5_000_000]) {
    expect(advice({ stream_throttler: { target_bitrate_bps } })).toEqual([]);
  }
});

test("a rate outside the range is told with the range", () => {
  expect(advice({ stream_throttler: { target_bitrate_bps: 2_999_999 } })).toEqual([
    expect.stringMatching(
      /^For 1280×720, 3 to 5 Mbit\/s are recommended; 2\.999999 Mbit\/s is less than that/,
    ),
  ]);
  expect(advice({ house_format: { width: 854, height: 480 } })).toEqual([
    expect.stringMatching(/^For 854×480, 1\.5 to 2\.5 Mbit\/s are recommended; 4 Mbit\/s is more than that/),
  ]);
});
