import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { Splicer } from "../splice/splicer.ts";
import { Analyser } from "./analyser.ts";
import type { AnalyserReport } from "./analyser-report.ts";
import { formatFor, pidAt, SaturatedEncoder, type Shape, TestStream } from "./constant-rate.fixtures.ts";
import { PACKET_BYTES } from "./packets.ts";
import type { ConstantWireGop, WireGop } from "./wire-gop.ts";

const RATES = [
  ...[rational(24_000, 1001), rational(24), rational(25), rational(30_000, 1001), rational(30)],
  ...[rational(50), rational(60_000, 1001), rational(60)],
];
const TICKS_33_BITS = 2 ** 33;
const startTicks = fc.oneof(
  fc.nat(2 ** 31),
  fc.nat(900_000).map((ticks) => TICKS_33_BITS - ticks),
);
const targets = fc.oneof(
  fc.constantFrom(800_000, 3_999_999, 4_000_000, 20_000_000),
  fc.integer({ min: 800_000, max: 20_000_000 }),
);

function judge(pieces: readonly WireGop[]): AnalyserReport {
  const analyser = new Analyser();
  for (const piece of pieces) analyser.push(piece.bytes);
  return analyser.report();
}

/** `isMixed`: where the rate changes, the checks that take it for constant say nothing of use. */
function expectFaultless(report: AnalyserReport, isMixed = false): void {
  const ofRate = report.checks.filter(({ check, group }) => group === "decoder" || check === "pcr_accuracy");
  const ignored = new Set(isMixed ? ofRate.map(({ check }) => check) : []);
  expect(report.findings.filter(({ check }) => !ignored.has(check))).toEqual([]);
  if (!isMixed) expect(report.verdict).toBe("clean");
  expect(report.starts_with_pat_pmt_idr).toBe(true);
  expect(report.bad_keyframes).toBe(0);
  expect(report.pcr_over_40_ms + report.pat_over_100_ms + report.pmt_over_100_ms).toBe(0);
  expect(report.discontinuity_indicators).toBe(0);
  expect(report.max_pts_minus_pcr_ms).toBeLessThanOrEqual(1000);
}

/** Every piece begins PAT, PMT, and a picture with random_access_indicator. */
function expectJoinable({ bytes }: WireGop): void {
  expect([0, 1, 2].map((packet) => pidAt(bytes, packet * PACKET_BYTES))).toEqual([0, 0x1000, 0x100]);
  expect(bytes[2 * PACKET_BYTES + 1]! & 0x40).toBe(0x40);
  expect(bytes[2 * PACKET_BYTES + 5]! & 0x40).toBe(0x40);
}

describe("at constant rate", () => {
  it("what our encoders make fits the target, in every second and in the decoder's buffers", () => {
    const content = fc.record({
      fps: fc.constantFrom(...RATES),
      bps: targets,
      audioBps: fc.constantFrom(64_000, 128_000, 192_000, 320_000),
      gopSeconds: fc.constantFrom(0.5, 1, 2),
      gops: fc.array(
        fc.record({
          shape: fc.constantFrom<Shape>("even", "big_key", "big_end", "noise"),
          seed: fc.nat(),
        }),
        { minLength: 3, maxLength: 8 },
      ),
      // Where another encoder takes over, and how much there is of the last Gop before it.
      splice: fc.nat(7),
      cut: fc.double({ min: 0, max: 1, noNaN: true }),
      startTicks,
      start: fc.nat(10_000_000),
    });
    fc.assert(
      fc.property(content, ({ fps, bps, audioBps, gopSeconds, gops, splice, cut, startTicks, start }) => {
        const format = formatFor(fps, bps, audioBps, gopSeconds);
        const stream = new TestStream(format, new Splicer(format), startTicks, start);
        let encoder = new SaturatedEncoder(format);
        for (const [index, { shape, seed }] of gops.entries()) {
          const isLast = index === splice;
          const frames = isLast ? Math.max(1, Math.round(format.gopFrames * cut)) : format.gopFrames;
          const piece = stream.add(encoder.gop(frames, seed, shape), bps);
          if (isLast) encoder = new SaturatedEncoder(format);
          expect(piece.bps).toBe(bps);
          expectJoinable(piece);
        }
        const report = judge(stream.pieces);
        expectFaultless(report);
        // Without any stuffing the analyser cannot tell.
        if (report.stream_s < 1 || report.null_share === 0) return;
        expect(report.constant_bitrate).toBe(true);
        expect(report.pcr_accuracy_ns).toBeLessThanOrEqual(40);
        expect(report.mean_bitrate_bps).toBeGreaterThan(bps * 0.95);
        const { min, max } = report.rate_over_100_packets_bps!;
        // Two PCRs rounded to 37 ns each.
        expect(Math.max(bps - min, max - bps) / bps).toBeLessThan(2e-5);
        expect(report.audio_buffers).toMatchObject({ transport_overflows: 0, main_overflows: 0 });
        expect(report.video_buffers).toMatchObject({ transport_overflows: 0, main_overflows: 0 });
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it("any Gops, modes and rates in any order make one faultless stream", () => {
    const programme = fc.record({
      fps: fc.constantFrom(...RATES, rational(12)),
      gops: fc.array(
        fc.record({
          frames: fc.integer({ min: 1, max: 60 }),
          seed: fc.nat(),
          maxUnitBytes: fc.constantFrom(1, 160, 2000, 9000, 60_000),
          maxAudioBytes: fc.constantFrom(30, 400, 1500),
          silent: fc.boolean(),
          bps: fc.oneof({ weight: 3, arbitrary: targets }, { weight: 2, arbitrary: fc.constant(undefined) }),
        }),
        { minLength: 2, maxLength: 20 },
      ),
      startTicks,
      start: fc.nat(10_000_000),
    });
    fc.assert(
      fc.property(programme, ({ fps, gops, startTicks, start }) => {
        const format = formatFor(fps, 2_000_000, 128_000);
        const stream = new TestStream(format, new Splicer(format), startTicks, start);
        for (const { bps, frames, ...recipe } of gops) {
          const gop = syntheticGop({
            ...{ format, frames, firstFrame: 1000 * format.gopFrames, level: 52, ...recipe },
          });
          const piece = stream.add(gop, bps);
          expectJoinable(piece);
          expect(piece.bps === undefined).toBe(bps === undefined);
          if (bps !== undefined) expect(piece.bps).toBeGreaterThanOrEqual(bps);
        }
        const unsent = stream.add(syntheticGop({ format, frames: 1, level: 52 }));
        expectJoinable(unsent);
        const report = judge(stream.pieces);
        expectFaultless(report, true);
        // The piece at variable rate sends what has waited: every audio frame is there, once.
        expect(report.streams["aac@257"]?.pes ?? 0).toBe(stream.audioFrames);
      }),
      { numRuns: 80 },
    );
  }, 120_000);

  it("keeps to the rate for an hour, to the packet and to the tick", () => {
    const bps = 800_001;
    const format = formatFor(rational(30_000, 1001), bps, 64_000);
    const stream = new TestStream(format, new Splicer(format));
    const gops = [1, 2, 3, 4].map((seed) =>
      syntheticGop({ format, frames: format.gopFrames, seed, maxUnitBytes: 4000, maxAudioBytes: 120 }),
    );
    let packets = 0;
    let last: ConstantWireGop | undefined;
    const first = stream.add(gops[0]!, bps);
    packets += first.bytes.length / PACKET_BYTES;
    while (stream.frame < (3600 * 30_000) / 1001) {
      const piece = stream.add(gops[stream.pieces.length % gops.length]!, bps);
      expect(piece.bps).toBe(bps);
      stream.pieces.length = 1;
      const seconds = (packets * 1504) / bps;
      const position = (seconds * 30_000) / 1001;
      if (piece.bps === undefined) throw new Error("not at constant rate");
      expect(Math.abs(piece.startPosition - position)).toBeLessThan(1e-6 * 30);
      packets += piece.bytes.length / PACKET_BYTES;
      last = piece;
    }
    // The last PCR, from the number of packets before it.
    const { bytes } = last!;
    let at = bytes.length - PACKET_BYTES;
    while (!hasPcr(bytes, at)) at -= PACKET_BYTES;
    const before = BigInt(packets - (bytes.length - at) / PACKET_BYTES);
    const rate = BigInt(bps);
    const ticks = (2n * (before * 1504n + 80n) * 27_000_000n + rate) / (2n * rate);
    const start = -(63_000n + 3003n) * 300n;
    expect(pcrAt(bytes, at)).toBe(modulo(start + ticks, 2n ** 33n * 300n));
    expect(packets * 1504).toBeGreaterThan(3600 * bps);
  }, 60_000);

  it("what does not fit is sent at its own rate, in time, and the next that fits at the target", () => {
    const bps = 2_000_000;
    const format = formatFor(rational(25), bps, 128_000);
    const stream = new TestStream(format, new Splicer(format));
    const gop = (bytes: number, seed: number) =>
      syntheticGop({
        ...{ format, frames: 25, seed, level: 41, maxAudioBytes: 300 },
        unitBytes: new Array(25).fill(bytes),
      });
    const rates = [9000, 9000, 22_000, 22_000, 22_000, 22_000, 9000, 9000, 9000, 9000].map(
      (bytes, seed) => stream.add(gop(bytes, seed), bps).bps! / bps,
    );
    expect(rates.slice(0, 2)).toEqual([1, 1]);
    for (const rate of rates.slice(3, 6)) {
      expect(rate).toBeGreaterThan(2.2);
      expect(rate).toBeLessThan(2.5);
    }
    expect(rates.slice(-3)).toEqual([1, 1, 1]);
    expectFaultless(judge(stream.pieces), true);
  });

  it("a picture that the level's buffers cannot hold is sent all the same", () => {
    const format = formatFor(rational(25), 4_000_000, 128_000);
    const stream = new TestStream(format, new Splicer(format));
    for (let seed = 0; seed < 4; seed++) {
      const gop = syntheticGop({ format, frames: 25, seed, level: 10, unitBytes: new Array(25).fill(8000) });
      expect(stream.add(gop, 4_000_000).bps).toBe(4_000_000);
    }
    const report = judge(stream.pieces);
    expect(report.late_units + report.cc_errors + report.pes_late_vs_pcr).toBe(0);
    expect(report.video_buffers!.main_overflows).toBeGreaterThan(0); // the level is wrong, and that is told
  });

  it("pictures wait where the level's buffers are small", () => {
    const format = formatFor(rational(25), 8_000_000, 128_000);
    const stream = new TestStream(format, new Splicer(format));
    for (let seed = 0; seed < 6; seed++) {
      stream.add(
        syntheticGop({ format, frames: 25, seed, level: 20, unitBytes: new Array(25).fill(9000) }),
        8e6,
      );
    }
    const report = judge(stream.pieces);
    expectFaultless(report);
    expect(report.video_buffers!.main_max_bytes).toBeLessThanOrEqual((2000 * 1500) / 8 + 1000);
  });

  it("refuses a rate that is none, and audio that is not AAC-LC, before anything is written", () => {
    const format = formatFor(rational(25), 2_000_000, 128_000);
    const stream = new TestStream(format, new Splicer(format));
    const gop = syntheticGop({ format, frames: 25 });
    for (const bps of [0, -1, 1.5, Number.NaN]) expect(() => stream.add(gop, bps)).toThrow(RangeError);
    const other = { ...gop, parameters: { ...gop.parameters, audioConfig: Uint8Array.of(0x29, 0x90) } };
    expect(() => stream.add(other, 2_000_000)).toThrow("not AAC-LC");
    for (let count = 0; count < 3; count++) stream.add(gop, 2_000_000);
    expectFaultless(judge(stream.pieces));
  });
});

function hasPcr(bytes: Uint8Array, at: number): boolean {
  return pidAt(bytes, at) === 0x100 && (bytes[at + 3]! & 0x20) !== 0 && (bytes[at + 5]! & 0x10) !== 0;
}

function pcrAt(bytes: Uint8Array, at: number): bigint {
  let bits = 0n;
  for (let index = 6; index < 12; index++) bits = (bits << 8n) | BigInt(bytes[at + index]!);
  return (bits >> 15n) * 300n + (bits & 0x1ffn);
}

function modulo(value: bigint, wrap: bigint): bigint {
  return ((value % wrap) + wrap) % wrap;
}
