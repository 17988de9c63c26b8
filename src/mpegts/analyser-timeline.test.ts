import { describe, expect, test } from "vitest";
import { Analyser } from "./analyser.ts";
import { analyse, bent, failed, status } from "./analyser-fixtures.ts";
import {
  FIXTURE_PID,
  type FixturePacket,
  goodStream,
  joinPackets,
  KEY_PREFIX,
  packetise,
  pes,
  pmtSection,
  renumber,
  section,
  sectionPacket,
  without,
} from "./packet-fixtures.ts";

describe("the timeline", () => {
  const frameAt = (frame: number, shift: number) => (dts: number, pid: number, index: number) =>
    pid === FIXTURE_PID.video && index >= frame ? dts + shift : dts;

  test("a gap, an overlap and a step back of DTS are told apart", () => {
    const gap = analyse(goodStream({ mapDts: frameAt(40, 3600) }));
    expect(failed(gap)).toEqual(["dts_gap"]);
    expect(gap.streams["h264@256"]).toMatchObject({ gaps: 1, overlaps: 0, backward: 0, max_ms: 80 });
    const overlap = analyse(goodStream({ mapDts: frameAt(40, -2700) }));
    expect(failed(overlap)).toEqual(["dts_overlap"]);
    expect(overlap.streams["h264@256"]).toMatchObject({ gaps: 0, overlaps: 1, min_ms: 10 });
    const back = analyse(goodStream({ mapDts: frameAt(40, -3600) }));
    expect(failed(back)).toEqual(["dts_backward"]);
    expect(back.streams["h264@256"]).toMatchObject({ backward: 1, min_ms: 0 });
    for (const report of [gap, overlap, back]) {
      expect(report.verdict).toBe("faulty");
      expect(report.findings[0]).toMatchObject({ stream_s: expect.closeTo(1.6, 1) });
      expect(report.findings[0]!.message).toContain("h264@256");
    }
  });

  test("DTS behind the PCR, PTS more than a second ahead of it", () => {
    const late = analyse(goodStream({ mapDts: (dts) => dts - 65_000 }));
    expect(failed(late)).toEqual(["dts_late", "unit_late", "pts_lead"]);
    expect(late.pes_late_vs_pcr).toBeGreaterThan(50);
    expect(late.min_dts_minus_pcr_ms).toBeLessThan(-20);
    const early = analyse(goodStream({ mapDts: (dts) => dts + 32_000 }));
    expect(failed(early)).toEqual(["pts_lead"]);
    expect(early.verdict).toBe("clean");
  });

  test("the skew of audio against video is measured", () => {
    const report = analyse(
      goodStream({ mapDts: (dts, pid) => (pid === FIXTURE_PID.audio ? dts + 18_000 : dts) }),
    );
    expect(report.av_skew_ms!.min).toBeGreaterThan(150);
    expect(report.av_skew_ms!.max).toBeLessThan(250);
  });
});

describe("tables, pictures and other aims", () => {
  test("3.4: a PID that no table refers to, unless another programme does", () => {
    const stray = goodStream().map((packet, at) => {
      if (packet.pid !== FIXTURE_PID.null || at % 50 > 10) return packet;
      return packetise(0x200, new Array(184).fill(0x11), false, false)[0]!;
    });
    const report = analyse(renumber(stray));
    expect(failed(report)).toEqual(["unreferenced_pid"]);
    expect(report.verdict).toBe("clean");

    const second = section(0x02, 2, [0xe2, 0x00, 0xf0, 0x00, 0x1b, 0xe2, 0x00, 0xf0, 0x00]);
    const pat = section(0x00, 1, [0x00, 0x01, 0xf0, 0x00, 0x00, 0x02, 0xf0, 0x01]);
    const twoProgrammes = stray.map((packet, at) => {
      if (packet.pid === 0) return sectionPacket(0, pat);
      return packet.pid === FIXTURE_PID.null && at % 100 > 80 ? sectionPacket(0x1001, second) : packet;
    });
    const both = analyse(renumber(twoProgrammes));
    expect(failed(both)).toEqual([]);
    expect(both).toMatchObject({ programmes: 2, programme_number: 1, pmt_pid: 0x1000 });
    expect(Object.keys(both.streams)).toEqual(["h264@256", "aac@257"]);
  });

  test("an SDT more than 2 s after the last one; none at all is not judged", () => {
    const late = without(
      goodStream({ seconds: 4 }),
      (packet, at) => packet.pid === 0x11 && at > 1000 && at < 3000,
    );
    expect(failed(analyse(late))).toEqual(["sdt_repetition"]);
    const none = analyse(without(goodStream(), (packet) => packet.pid === 0x11));
    expect(status(none, "sdt_repetition")).toBe("not_applicable");
    expect(none.service).toBeNull();
  });

  test("changes of the PMT are counted, by version or by content, and new streams followed", () => {
    const changed = goodStream().map((packet, at) => {
      if (packet.pid !== 0x1000 || at < 1000) return packet;
      return sectionPacket(0x1000, pmtSection(at < 2000 ? [] : [0x06, 0xe1, 0x02, 0xf0, 0x00], 1));
    });
    const report = analyse(renumber(changed));
    expect(report).toMatchObject({ verdict: "clean", pmt_changes: 2 });
    expect(Object.keys(report.streams)).toEqual(["h264@256", "aac@257", "private@258"]);
  });

  test("a key access unit must hold AUD, SPS, PPS and IDR in its beginning", () => {
    const [aud, sps, pps] = KEY_PREFIX;
    for (const keyPrefix of [
      [sps, pps],
      [aud, pps],
      [aud, sps],
      [sps, aud, pps],
    ]) {
      const report = analyse(goodStream({ keyPrefix }));
      expect(failed(report)).toEqual(["random_access", "stream_start"]);
      expect(report).toMatchObject({ bad_keyframes: 3, starts_with_pat_pmt_idr: false, verdict: "clean" });
    }
    // A long SEI pushes the slice into a later packet.
    const sei = [0x06, 0x05, ...new Array(600).fill(0x2a)];
    expect(failed(analyse(goodStream({ keyPrefix: [aud, sps, pps, sei] })))).toEqual([]);
  });

  test("a stream that starts in the middle does not start with PAT, PMT, IDR", () => {
    const report = analyse(goodStream().slice(300));
    expect(failed(report)).toEqual(["stream_start"]);
    expect(report.starts_with_pat_pmt_idr).toBe(false);
  });

  test("the longest time between keys is reported", () => {
    const report = analyse(
      bent(
        (packets) => {
          const packet = packets.find(
            (candidate, at) =>
              at > 900 && (candidate.bytes[5]! & 0x40) !== 0 && candidate.start && candidate.pid === 0x100,
          )!;
          packet.bytes[5] = 0;
        },
        { seconds: 4 },
      ),
    );
    expect(report.max_keyframe_gap_ms).toBeCloseTo(2000, -2);
  });

  test("tables and PES headers that span packets are read", () => {
    const pmt = pmtSection([
      0x06,
      0xe1,
      0x02,
      0xf0,
      180,
      ...new Array(180).fill(0),
      0x0f,
      0xe1,
      0x03,
      0xf0,
      0,
    ]);
    const packets = goodStream().flatMap((packet) => (packet.pid === 0x1000 ? split(pmt) : [packet]));
    const report = analyse(renumber(packets));
    expect(Object.keys(report.streams)).toEqual(["h264@256", "aac@257", "private@258", "aac@259"]);
    expect(report.crc_errors).toBe(0);

    const straddling = [...thin(pes(0xc0, 900_000, 900_000, [])), ...thin(pes(0xc0, 901_920, 901_920, []))];
    const alone = without(goodStream(), (packet) => packet.pid === FIXTURE_PID.audio);
    alone.splice(1000, 0, ...straddling);
    expect(analyse(renumber(alone)).streams["aac@257"]).toMatchObject({ pes: 2, max_ms: 21.333 });
  });

  test("times of arrival give jitter and silence", () => {
    const bytes = joinPackets(goodStream());
    const analyser = new Analyser();
    for (let index = 0; index < 150; index++) {
      const lateMs = index === 100 ? 35 : 0;
      analyser.push(bytes.subarray(index * 20 * 188, (index + 1) * 20 * 188), 5000 + index * 20 + lateMs);
    }
    expect(analyser.report()).toMatchObject({ wall_max_silence_ms: 55, wall_jitter_max_ms: 37 });
  });

  test("findings are bounded, however many faults there are", () => {
    const packets = goodStream({ seconds: 10 });
    for (const packet of packets) packet.bytes[3] = packet.bytes[3]! & 0xf0;
    const report = analyse(packets);
    expect(report.cc_errors).toBeGreaterThan(1000);
    expect(report.findings.filter((finding) => finding.check === "continuity_count")).toHaveLength(10);
  });
});

/** A section in two packets. */
function split(bytes: readonly number[]): FixturePacket[] {
  const first = sectionPacket(0x1000, bytes.slice(0, 183));
  const second = sectionPacket(0x1000, []);
  second.bytes[1] = second.bytes[1]! & 0x1f;
  second.bytes.fill(0xff, 4);
  second.bytes.set(bytes.slice(183), 4);
  return [first, { ...second, start: false }];
}

/** A PES packet in transport packets of five payload bytes each. */
function thin(bytes: readonly number[]): FixturePacket[] {
  const packets: FixturePacket[] = [];
  for (let from = 0; from < bytes.length; from += 5) {
    const [packet] = packetise(FIXTURE_PID.audio, bytes.slice(from, from + 5), false, false);
    if (from > 0) packet!.bytes[1] = packet!.bytes[1]! & 0x1f;
    packets.push({ ...packet!, start: from === 0 });
  }
  return packets;
}
