import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import type { Gop } from "../media/gop.ts";
import { houseFormat } from "../media/house-format.ts";
import { Muxer } from "../mpegts/muxer.ts";
import type { WireGop } from "../mpegts/wire-gop.ts";
import { Splicer } from "../splice/splicer.ts";
import { SelfMeasurement, type StreamSample } from "./self-measurement.ts";

const RATES = [rational(24_000, 1001), rational(25), rational(30), rational(50), rational(60_000, 1001)];

/** A stretch of a channel's stream. Each run has parameter sets of its own. */
function stream(
  lengths: readonly number[],
  {
    fps = rational(30),
    bps,
  }: { fps?: ReturnType<typeof rational>; bps?: (index: number) => number | undefined } = {},
): { gop: Gop; wire: WireGop }[] {
  const format = houseFormat({
    ...{ width: 320, height: 180, fps, gopSeconds: 1 },
    ...{ totalBps: 1_500_000, audioBps: 96_000 },
  });
  const splicer = new Splicer(format);
  const muxer = new Muxer({ format, serviceName: "One", startTicks: 900_000 });
  let frame = 0;
  return lengths.map((frames, index) => {
    const gop = syntheticGop({ format, frames, seed: index, maxUnitBytes: 4000 });
    const wire = muxer.mux(splicer.place(gop, frame), bps?.(index));
    frame += frames;
    return { gop, wire };
  });
}

/** What examines it, all at once. */
function examine(pieces: readonly WireGop[]): StreamSample {
  const samples: StreamSample[] = [];
  const measurement = new SelfMeasurement({ now: () => 0 }, () => ({ enabled: true, intervalMs: 0 }));
  measurement.add({ samplesSkipped: 0, onSample: (sample) => void samples.push(sample) }, pieces);
  measurement.work(Number.POSITIVE_INFINITY);
  return samples[0]!;
}

describe("a sample", () => {
  test("of a flawless stream has no finding, wherever it begins and ends", () => {
    const lengths = fc.array(fc.oneof(fc.constant(30), fc.integer({ min: 1, max: 30 })), {
      ...{ minLength: 4, maxLength: 12 },
    });
    const modes = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 });
    const rate = fc.constantFrom(...RATES);
    const place = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 6 }));
    fc.assert(
      fc.property(lengths, modes, rate, place, (gops, constant, fps, [from, count]) => {
        const bps = (index: number) => (constant[index] ? 2_000_000 : undefined);
        const pieces = stream(gops, { fps, bps }).map(({ wire }) => wire);
        const start = from % pieces.length;
        expect(examine(pieces.slice(start, start + count)).findings).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  /** Where the n-th packet with a PCR has the third byte of it. */
  function clockAt(bytes: Uint8Array, n: number): number {
    for (let at = 0, seen = 0; at < bytes.length; at += 188) {
      const hasField = (bytes[at + 3]! & 0x20) !== 0 && bytes[at + 4]! > 0;
      if (hasField && (bytes[at + 5]! & 0x10) !== 0 && seen++ === n) return at + 8;
    }
    return -1;
  }

  /** What is damaged, which bit of which byte, and the check that finds it. */
  test.each<[string, (bytes: Uint8Array) => number, number, string]>([
    ["a packet takes another's place", () => 188 * 9 + 2, 0x05, "continuity_count"],
    ["a counter is wrong", () => 188 * 10 + 3, 0x01, "continuity_count"],
    ["a table is damaged", () => 20, 0x01, "crc"],
    ["the sync byte is wrong", () => 188 * 7, 0x40, "sync_byte"],
    ["the clock steps", (bytes) => clockAt(bytes, 5), 0x10, "pcr_discontinuity"],
    ["a decoding time is wrong", (bytes) => find(bytes, [0, 0, 1, 0xe0], 10) + 17, 0x40, "dts_backward"],
    ["the keyframe is none", (bytes) => find(bytes, [0, 0, 1, 0x65]) + 3, 0x24, "random_access"],
    ["a packet is marked as damaged", () => 188 * 8 + 1, 0x80, "transport"],
  ])("in which %s", (_words, where, bits, check) => {
    const pieces = stream([30, 30, 30]).map(({ wire }) => wire);
    const { bytes } = pieces[1]!;
    const at = where(bytes);
    bytes[at] = bytes[at]! ^ bits;
    expect(examine(pieces).findings.map((finding) => finding.check as string)).toContain(check);
  });

  /** Where these bytes occur for the n-th time. */
  function find(bytes: Uint8Array, wanted: readonly number[], n = 0): number {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = buffer.indexOf(Buffer.from(wanted));
    for (; n > 0; n--) at = buffer.indexOf(Buffer.from(wanted), at + 1);
    return at;
  }
});

describe("what is examined", () => {
  const sampled = (lengths: readonly number[], intervalMs: number, isOther: (index: number) => boolean) => {
    const samples: StreamSample[] = [];
    let nowMs = 0;
    const measurement = new SelfMeasurement({ now: () => nowMs }, () => ({ enabled: true, intervalMs }));
    const sampler = measurement.sampler({
      samplesSkipped: 0,
      onSample: (sample) => void samples.push(sample),
    });
    let parameters: Gop["parameters"] | undefined;
    for (const [index, { gop, wire }] of stream(lengths).entries()) {
      if (!parameters || isOther(index)) parameters = gop.parameters;
      sampler.look({ ...gop, parameters }, wire);
      measurement.work(Number.POSITIVE_INFINITY);
      nowMs += 1000;
    }
    return samples.map(({ frame, frames }) => [frame / 30, frames / 30]);
  };
  const seconds = (count: number) => Array.from({ length: count }, () => 30);

  it("is the beginning, and three pieces every so often", () => {
    expect(sampled(seconds(30), 10_000, () => false)).toEqual([
      [0, 3],
      [10, 3],
      [20, 3],
    ]);
  });

  it("is what lies around each change of source, the piece before it first", () => {
    expect(sampled(seconds(30), 60_000, (index) => index === 10 || index === 20)).toEqual([
      [0, 3],
      [9, 3],
      [19, 3],
    ]);
  });

  it("is all of a series of changes, up to a length", () => {
    expect(sampled(seconds(30), 60_000, (index) => index >= 10 && index < 13)).toEqual([
      [0, 3],
      [9, 5],
    ]);
    const long = sampled(seconds(30), 60_000, (index) => index >= 10 && index < 20);
    expect(long).toEqual([
      [0, 3],
      [9, 6],
      [14, 6],
    ]);
  });
});

describe("the time that it takes", () => {
  it("ends with the budget, wherever it is, and goes on there", () => {
    let nowMs = 0;
    // Each look at the clock takes a fifth of a millisecond.
    const now = () => {
      nowMs += 0.2;
      return nowMs;
    };
    const measurement = new SelfMeasurement({ now }, () => ({ enabled: true, intervalMs: 0 }));
    const samples: StreamSample[] = [];
    const pieces = stream([30, 30, 30]).map(({ wire }) => wire);
    measurement.add({ samplesSkipped: 0, onSample: (sample) => void samples.push(sample) }, pieces);
    let calls = 0;
    for (; samples.length === 0; calls++) {
      const before = nowMs;
      measurement.work(before + 10);
      expect(nowMs - before).toBeLessThan(1.5);
    }
    expect(calls).toBeGreaterThan(3);
    expect(samples[0]).toMatchObject({ frame: 0, frames: 90, findings: [] });
    const before = nowMs;
    measurement.add({ samplesSkipped: 0, onSample: () => expect.unreachable() }, pieces);
    measurement.work(before - 1);
  });

  it("is not spent on more than can wait: what is left out is counted", () => {
    const measurement = new SelfMeasurement({ now: () => 0 }, () => ({ enabled: true, intervalMs: 0 }));
    const sink = { samplesSkipped: 0, onSample: () => undefined };
    const [piece] = stream([30]).map(({ wire }) => wire);
    const big = { ...piece!, bytes: new Uint8Array(10 * 2 ** 20) };
    for (let n = 0; n < 5; n++) measurement.add(sink, [big]);
    expect(sink.samplesSkipped).toBe(2);
  });
});
