import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Analyser } from "./analyser.ts";
import { analyse, failed } from "./analyser-fixtures.ts";
import { FIXTURE_PID, goodStream, joinPackets } from "./packet-fixtures.ts";

describe("a good stream", () => {
  test("passes every check, and every check had something to judge", () => {
    const report = analyse(goodStream());
    expect(failed(report)).toEqual([]);
    expect(report.findings).toEqual([]);
    expect(report.checks.filter((check) => check.status !== "ok")).toEqual([]);
    expect(report).toMatchObject({
      verdict: "clean",
      packets: 3000,
      bytes: 564_000,
      skipped_bytes: 0,
      pcr_gap_ms: 20,
      pcr_over_40_ms: 0,
      pcr_accuracy_ns: 0,
      constant_bitrate: true,
      pmt_changes: 0,
      keyframes: 3,
      bad_keyframes: 0,
      programmes: 1,
      programme_number: 1,
      pmt_pid: FIXTURE_PID.pmt,
      pcr_pid: FIXTURE_PID.video,
      service: { name: "Kanal Ä", provider: "EXStreamTV" },
      starts_with_pat_pmt_idr: true,
      wall_jitter_max_ms: null,
    });
    expect(report.first_pids.slice(0, 3)).toEqual([FIXTURE_PID.pat, FIXTURE_PID.pmt, FIXTURE_PID.video]);
    expect(report.streams["h264@256"]).toMatchObject({ pes: 75, median_ms: 40, min_ms: 40, max_ms: 40 });
    expect(report.streams["aac@257"]).toMatchObject({ gaps: 0, overlaps: 0, backward: 0 });
    expect(report.pat_gap_ms).toBeLessThanOrEqual(100);
    expect(report.mean_bitrate_bps).toBeGreaterThan(1_500_000);
    expect(report.av_skew_ms!.min).toBeGreaterThan(-45);
    expect(report.av_skew_ms!.max).toBeLessThan(45);
  });

  test("stays good while PCR, PTS and DTS wrap", () => {
    const wrap = 2 ** 33 * 300;
    const report = analyse(goodStream({ pcrStart: wrap - 27_000 * 1500 + 13 }));
    expect(report.verdict).toBe("clean");
    expect(report.stream_s).toBeCloseTo(2.98, 2);
    expect(report.findings).toEqual([]);
  });

  test("stays good with reordered pictures, whose PES headers bear PTS and DTS", () => {
    const report = analyse(goodStream({ reorder: 3600 }));
    expect(failed(report)).toEqual([]);
    expect(report.max_pts_minus_pcr_ms).toBeGreaterThan(report.min_dts_minus_pcr_ms! + 40);
  });

  test("can be reported on at any time without changing the outcome", () => {
    const bytes = joinPackets(goodStream());
    const analyser = new Analyser();
    for (let at = 0; at < bytes.length; at += 50_000) {
      analyser.push(bytes.subarray(at, at + 50_000));
      analyser.report();
    }
    expect(analyser.report()).toEqual(analyse(bytes));
  });
});

test("any chunking gives the same report, with and without faults", () => {
  const good = joinPackets(goodStream());
  const bad = good.slice();
  bad.fill(0, 100_000, 101_000);
  bad[200_000] = bad[200_000]! ^ 0x55;
  const faulty = bad.filter((_, index) => index < 300_000 || index > 300_070);
  const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 120_000 })));
  for (const bytes of [good, faulty]) {
    const expected = analyse(bytes);
    fc.assert(
      fc.property(cuts, (sizes) => {
        const analyser = new Analyser();
        let at = 0;
        for (const size of sizes) {
          analyser.push(bytes.subarray(at, at + size));
          at += size;
        }
        analyser.push(bytes.subarray(at));
        expect(analyser.report()).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  }
});

test("bytes of any kind never throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      expect(analyse(bytes).verdict).toBe("faulty");
    }),
  );
  // Packets in sync whose headers and payloads are arbitrary, among good ones.
  const good = goodStream({ seconds: 1 });
  const packet = fc.uint8Array({ minLength: 187, maxLength: 187 }).map((rest) => {
    const bytes = Uint8Array.from([0x47, ...rest]);
    return { pid: -1, bytes, start: false, pcr: false };
  });
  const pid = fc.constantFrom(0, 1, 0x11, 0x100, 0x101, 0x1000);
  const aimed = fc.tuple(packet, pid).map(([made, target]) => {
    made.bytes[1] = (made.bytes[1]! & 0x60) | (target >> 8);
    made.bytes[2] = target & 0xff;
    return made;
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(packet, aimed), { maxLength: 60 }), fc.nat(900), (packets, at) => {
      const report = analyse([...good.slice(0, at), ...packets, ...good.slice(at)]);
      expect(report.packets).toBe(1000 + packets.length);
      expect(report.findings.length).toBeLessThanOrEqual(110);
    }),
    { numRuns: 50 },
  );
});
