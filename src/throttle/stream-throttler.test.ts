import { describe, expect, it } from "vitest";
import { THROTTLE_MODES } from "../config/schema.ts";
import { analyse, failed } from "../mpegts/analyser-fixtures.ts";
import type { AnalyserReport } from "../mpegts/analyser-report.ts";
import { readPcr } from "../mpegts/pcr-monitor.ts";
import { bytesAt, chunksOf, run, TARGET, variableStream } from "./stream-throttler.fixtures.ts";
import { StreamThrottler, type StreamThrottlerOptions } from "./stream-throttler.ts";

describe("realtime", () => {
  it("makes a constant rate of a variable one: exact to the analyser, not a picture late, nothing lost", async () => {
    const input = variableStream(20);
    const outcome = await run(chunksOf(input), { mode: "realtime", targetBitrateBps: TARGET });
    const report = analyse(outcome.bytes);
    expect(faults(report)).toEqual([]);
    expect(report).toMatchObject({ constant_bitrate: true, pes_late_vs_pcr: 0, cc_errors: 0 });
    expect(report.pcr_accuracy_ns).toBeLessThanOrEqual(50);
    expect(rateByClock(outcome.bytes)).toBeCloseTo(TARGET, 0);
    expect(withoutNulls(outcome.bytes)).toBe(withoutNulls(input));
    expect(outcome.events).toEqual([{ type: "clock_found", pid: 0x100 }]);
  });

  it("puts in the clock where the source has too little of it", async () => {
    const input = Buffer.from(variableStream(10));
    let seen = 0;
    for (let at = 0; at < input.length; at += 188) {
      const hasPcr = input[at + 3]! & 0x20 && input[at + 4]! >= 7 && input[at + 5]! & 0x10;
      if (hasPcr && seen++ % 5 !== 0) input[at + 5]! &= ~0x10;
    }
    expect(analyse(input).pcr_gap_ms).toBeGreaterThan(90);
    for (const target of [TARGET, 800_000]) {
      const report = analyse((await run(chunksOf(input), { targetBitrateBps: target })).bytes);
      expect([faults(report), report.constant_bitrate]).toEqual([[], true]);
      expect(report.pcr_gap_ms).toBeLessThanOrEqual(40);
      expect(report.pcr_accuracy_ns).toBeLessThanOrEqual(50);
    }
  });

  it("leaves at the target rate: every second within a piece of it", async () => {
    const outcome = await run(chunksOf(variableStream(12)), { targetBitrateBps: TARGET });
    for (let ms = 0; ms < 10_000; ms += 100) {
      const rate = (bytesAt(outcome, ms + 1000) - bytesAt(outcome, ms)) * 8;
      expect(Math.abs(rate - TARGET)).toBeLessThanOrEqual(TARGET * 0.02 + 2 * 188 * 8);
    }
  });

  it("sends what does not fit at its own rate, and says so", async () => {
    const input = variableStream(8, 20_000);
    const outcome = await run(chunksOf(input), { targetBitrateBps: 1_000_000 });
    const report = analyse(outcome.bytes);
    expect(report).toMatchObject({ pes_late_vs_pcr: 0, cc_errors: 0, pcr_backward: 0 });
    expect(outcome.arrivals.at(-1)!.ms).toBeLessThan(9_000);
    expect(outcome.arrivals.at(-1)!.ms).toBeGreaterThan(7_000);
    const over = outcome.events.find((event) => event.type === "rate_over_target");
    expect(over?.bitrateBps).toBeGreaterThan(1_000_000);
    expect(withoutNulls(outcome.bytes)).toBe(withoutNulls(input));
  });

  it("holds the target again after a stretch that did not fit", async () => {
    const input = Buffer.concat([variableStream(4, 20_000), variableStream(8, 2_000, 900_000 + 4 * 90_000)]);
    const { events, bytes } = await run(chunksOf(input), { targetBitrateBps: TARGET });
    const types = events.map(({ type }) => type);
    expect(types.lastIndexOf("rate_within_target")).toBeGreaterThan(types.lastIndexOf("rate_over_target"));
    expect(analyse(bytes.subarray(-188 * 4000)).constant_bitrate).toBe(true);
  });

  it("takes leaps of the source's clock, back and forth and over its wrap, at the same pace", async () => {
    const wrap = 2 ** 33 - 90_000;
    const input = Buffer.concat([
      variableStream(4, 3000, wrap),
      variableStream(4),
      variableStream(4, 3000, 9e7),
    ]);
    const outcome = await run(chunksOf(input), { targetBitrateBps: TARGET });
    expect(outcome.events.filter(({ type }) => type === "clock_discontinuity")).toHaveLength(2);
    expect(outcome.arrivals.at(-1)!.ms).toBeGreaterThan(11_800);
    expect(outcome.arrivals.at(-1)!.ms).toBeLessThan(12_200);
    expect(analyse(outcome.bytes)).toMatchObject({ pes_late_vs_pcr: 0, constant_bitrate: true });
  });

  it("never sends more than the target, also behind a consumer that was away", async () => {
    const outcome = await run(chunksOf(variableStream(12)), { targetBitrateBps: TARGET }, (piece) =>
      piece === 100 ? 3000 : 0,
    );
    for (let ms = 0; ms < 14_000; ms += 100) {
      const rate = (bytesAt(outcome, ms + 1000) - bytesAt(outcome, ms)) * 8;
      expect(rate).toBeLessThanOrEqual(TARGET * 1.02 + 2 * 188 * 8);
    }
    expect(outcome.arrivals.at(-1)!.ms).toBeGreaterThan(14_500);
  });
});

describe("burst", () => {
  it("leaves at twice the media's speed until it is ahead enough, then at its speed, bytes untouched", async () => {
    const input = variableStream(20);
    const outcome = await run(chunksOf(input), { mode: "burst", burstSeconds: 4 });
    expect(Buffer.compare(outcome.bytes, input)).toBe(0);
    // Twenty seconds, four ahead.
    expect(outcome.arrivals.at(-1)!.ms / 1000).toBeCloseTo(16, 0);
    const half = bytesAt(outcome, 2000);
    expect(analyse(input.subarray(0, half)).stream_s).toBeCloseTo(4, 0);
    expect(analyse(input.subarray(0, bytesAt(outcome, 10_000))).stream_s).toBeCloseTo(14, 0);
  });

  it("is given again to a consumer that was away, no faster", async () => {
    const input = variableStream(30);
    const outcome = await run(chunksOf(input), { mode: "burst", burstSeconds: 2 }, (piece) =>
      piece === 500 ? 20_000 : 0,
    );
    const media = (ms: number) => analyse(input.subarray(0, bytesAt(outcome, ms))).stream_s;
    for (let ms = 0; ms < 40_000; ms += 500) expect(media(ms + 1000) - media(ms)).toBeLessThan(2.2);
    expect(outcome.arrivals.at(-1)!.ms / 1000).toBeGreaterThan(40);
  });
});

describe("adaptive", () => {
  it("goes up to twice the speed for a consumer that keeps up", async () => {
    const outcome = await run(chunksOf(variableStream(20)), { mode: "adaptive", burstSeconds: 100 });
    const factors = outcome.events.flatMap((event) => (event.type === "pace_changed" ? [event.factor] : []));
    expect(factors[0]).toBeCloseTo(1.1);
    expect(Math.max(...factors)).toBe(2);
    expect(outcome.arrivals.at(-1)!.ms).toBeLessThan(14_000);
  });

  it("falls back for one that does not, never below the media's speed", async () => {
    const outcome = await run(
      chunksOf(variableStream(30)),
      { mode: "adaptive", burstSeconds: 100 },
      (piece) => (piece > 600 ? 25 : 0),
    );
    const factors = outcome.events.flatMap((event) => (event.type === "pace_changed" ? [event.factor] : []));
    const peak = factors.indexOf(Math.max(...factors));
    expect(factors[peak + 1]).toBeLessThan(factors[peak]!);
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(1);
  });
});

describe("disabled", () => {
  it.each([{ mode: "disabled" }, { enabled: false }] as const)(
    "passes everything on as it is: %o",
    async (options) => {
      const source = [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)];
      const outcome = await run(
        (async function* () {
          yield* source;
        })(),
        options,
      );
      expect([...outcome.bytes]).toEqual([1, 2, 3, 4]);
      expect(outcome.arrivals.at(-1)!.ms).toBe(0);
    },
  );
});

describe("options", () => {
  it("knows the modes of the configuration, and no others", () => {
    for (const mode of THROTTLE_MODES) expect(() => new StreamThrottler({ mode })).not.toThrow();
  });

  it.each([
    [{ targetBitrateBps: 0 }, /targetBitrateBps is a number from/],
    [{ burstSeconds: Number.NaN }, /burstSeconds is a number from/],
    [{ mode: "fast" }, /mode is one of realtime, burst, adaptive, disabled/],
    [{ target_bitrate_bps: 1 }, /unknown option "target_bitrate_bps"; there are targetBitrateBps/],
  ])("refuses %o", (options, reason) => {
    expect(() => new StreamThrottler(options as StreamThrottlerOptions)).toThrow(reason);
  });
});

/**
 * What is wrong with a stream by the throttler's doing. That sound fills the decoder's buffer is the source's, which
 * sends it as early as its picture; nothing is ever sent earlier. Tables that move are judged by their limit.
 */
function faults(report: AnalyserReport): string[] {
  const aims = ["audio_main_buffer", "pat_aim", "pmt_aim"];
  return failed(report).filter((check) => !aims.includes(check));
}

/** Bits between the first and the last PCR, by the second that these tell. */
function rateByClock(bytes: Uint8Array): number {
  const clocks: { at: number; ticks: number }[] = [];
  for (let at = 0; at < bytes.length; at += 188) {
    if (bytes[at + 3]! & 0x20 && bytes[at + 4]! >= 7 && bytes[at + 5]! & 0x10)
      clocks.push({ at, ticks: readPcr(bytes, at + 6) });
  }
  const [first, last] = [clocks[0]!, clocks.at(-1)!];
  return ((last.at - first.at) * 8 * 27_000_000) / (last.ticks - first.ticks);
}

/** Every packet with payload but null packets, with the PCRs blanked: what must come out as it went in. */
function withoutNulls(bytes: Uint8Array): string {
  const kept: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 188) {
    const packet = Buffer.from(bytes.subarray(at, at + 188));
    if ((packet.readUInt16BE(1) & 0x1fff) === 0x1fff || (packet[3]! & 0x30) === 0x20) continue;
    if (packet[3]! & 0x20 && packet[4]! >= 7 && packet[5]! & 0x10) packet.fill(0, 6, 12);
    kept.push(packet);
  }
  return Buffer.concat(kept).toString("base64");
}
