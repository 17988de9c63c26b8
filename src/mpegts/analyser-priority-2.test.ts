import { describe, expect, test } from "vitest";
import { analyse, bent, failed, insert, nth, status } from "./analyser-fixtures.ts";
import {
  FIXTURE_PID,
  type FixturePacket,
  goodStream,
  renumber,
  section,
  sectionPacket,
  without,
} from "./packet-fixtures.ts";

describe("priority 2", () => {
  test("2.1: transport_error_indicator, and nothing more is concluded from such a packet", () => {
    const report = analyse(
      bent((packets) => {
        const packet = packets[nth(packets, 30, FIXTURE_PID.video)]!;
        packet.bytes[1] = packet.bytes[1]! | 0x80;
      }),
    );
    expect(failed(report)).toEqual(["transport"]);
    expect(report.tei).toBe(1);
  });

  test("2.2: a table with a wrong CRC_32, or one that is cut short", () => {
    const wrong = analyse(bent((packets) => packets[nth(packets, 4, 0x1000)]!.bytes.fill(0x77, 15, 16)));
    expect(failed(wrong)).toContain("crc");
    expect(wrong).toMatchObject({ verdict: "faulty", crc_errors: 1, pmt_changes: 0 });
    const long = sectionPacket(0x11, section(0x42, 1, new Array(170).fill(0)));
    long.bytes[7] = 0xff; // announces more than there is
    expect(failed(analyse(renumber(insert(150, [long]))))).toEqual(["crc", "pcr_accuracy", "constant_rate"]);
  });

  test("2.3a, 2.3b: PCR more than 100 ms apart, backwards, and a signalled step", () => {
    const pause = analyse(without(goodStream(), (packet, at) => packet.pcr && at > 1000 && at < 1100));
    expect(failed(pause)).toEqual(["pcr_aim"]);
    expect(pause.pcr_gap_ms).toBe(100);
    const longer = analyse(without(goodStream(), (packet, at) => packet.pcr && at > 1000 && at < 1120));
    expect(failed(longer)).toEqual(
      expect.arrayContaining(["pcr_repetition", "pcr_discontinuity", "pcr_aim"]),
    );
    expect(longer).toMatchObject({ verdict: "faulty", pcr_gap_ms: 120, pcr_over_40_ms: 1 });

    const back = analyse(
      goodStream({ mapPcr: (ticks, at) => (at >= 2000 ? ticks - 13_500_000 : ticks), pcrStart: 2 ** 35 }),
    );
    expect(failed(back)).toContain("pcr_discontinuity");
    expect(back.pcr_backward).toBe(1);

    const shifted = goodStream({
      mapPcr: (ticks, at) => (at >= 2000 ? ticks + 27_000_000 * 3600 : ticks),
      mapDts: (dts, pid, index) =>
        index * (pid === 0x100 ? 40 : 64 / 3) >= 2000 ? dts + 90_000 * 3600 : dts,
    });
    const signalled = shifted.find((packet, at) => packet.pcr && at >= 2000)!;
    signalled.bytes[5] = signalled.bytes[5]! | 0x80;
    const report = analyse(shifted);
    expect(failed(report)).toEqual([]);
    expect(report).toMatchObject({ verdict: "clean", discontinuity_indicators: 1, pcr_jumps_over_1s: 0 });
  });

  test("2.4: PCR off by more than 500 ns at constant rate; not judged at a varying one", () => {
    const noisy = (ticks: number, at: number) =>
      at === 1000 ? ticks + 27 : at === 1500 ? ticks + 12 : ticks;
    const report = analyse(goodStream({ mapPcr: noisy }));
    expect(failed(report)).toEqual(["pcr_accuracy"]);
    expect(report.checks.find((check) => check.check === "pcr_accuracy")?.errors).toBe(1);
    expect(report.pcr_accuracy_ns).toBeGreaterThan(900);
    expect(report.pcr_accuracy_ns).toBeLessThan(1100);

    const varying = analyse(goodStream().filter((packet) => packet.pid !== FIXTURE_PID.null));
    expect(status(varying, "pcr_accuracy")).toBe("not_applicable");
    expect(varying).toMatchObject({ verdict: "clean", constant_bitrate: false, pcr_accuracy_ns: null });
  });

  test("2.5: no PTS for more than 700 ms", () => {
    const pause = (end: number) =>
      without(goodStream(), (packet, at) => packet.pid === FIXTURE_PID.audio && at > 1000 && at < end);
    expect(failed(analyse(pause(1800)))).toContain("pts");
    expect(status(analyse(pause(1600)), "pts")).toBe("ok");
  });

  test("2.6: scrambled packets without CAT, and another table on PID 1", () => {
    const scramble = (packets: FixturePacket[]) => {
      const packet = packets[nth(packets, 30, FIXTURE_PID.video)]!;
      packet.bytes[3] = packet.bytes[3]! | 0x80;
    };
    const report = analyse(bent(scramble));
    expect(failed(report)).toEqual(["cat"]);
    expect(report.scrambled).toBe(1);
    const cat = section(0x01, 0xffff, []);
    expect(failed(analyse(bent(scramble, { catSection: cat })))).toEqual([]);
    const other = section(0x02, 0xffff, []);
    expect(failed(analyse(goodStream({ catSection: other })))).toContain("cat");
  });
});
