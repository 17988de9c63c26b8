import { describe, expect, test } from "vitest";
import { analyse, bent, failed, insert, nth } from "./analyser-fixtures.ts";
import {
  FIXTURE_PID,
  type FixturePacket,
  goodStream,
  joinPackets,
  nullPacket,
  renumber,
  section,
  sectionPacket,
  without,
} from "./packet-fixtures.ts";

describe("priority 1", () => {
  test("1.1, 1.2: one wrong sync byte is an error, two in a row lose the sync, which is found again", () => {
    const one = analyse(bent((packets) => packets[500]!.bytes.fill(0, 0, 1)));
    expect(one).toMatchObject({ verdict: "faulty", sync_loss: 0, sync_byte_errors: 1, skipped_bytes: 188 });
    const cut = joinPackets(goodStream()).filter((_, index) => index < 50_000 || index >= 50_100);
    const lost = analyse(cut);
    expect(lost).toMatchObject({ verdict: "faulty", sync_loss: 1, sync_byte_errors: 2 });
    expect(lost.packets).toBeGreaterThan(2990);
    expect(lost.findings[0]).toMatchObject({ check: "sync_byte", byte_offset: 50_008 });
  });

  test("1.3a: no PAT for more than 0.5 s, one that never comes, another table on PID 0, scrambling", () => {
    const pause = without(goodStream(), (packet, at) => packet.pid === 0 && at > 1050 && at < 1700);
    const report = analyse(pause);
    expect(failed(report)).toEqual(["pat", "pat_aim"]);
    expect(report).toMatchObject({ verdict: "faulty", pat_over_100_ms: 1, pat_gap_ms: 700 });
    expect(report.findings[0]).toMatchObject({ check: "pat", stream_s: expect.closeTo(1.52, 1) });

    const never = analyse(without(goodStream(), (packet) => packet.pid === 0));
    expect(never.findings.at(-1)?.message).toBe("There is no PAT.");
    expect(failed(never)).toContain("pat");

    const other = analyse(renumber(insert(1000, [sectionPacket(0, section(0x02, 1, [0, 0, 0, 0]))])));
    expect(failed(other)).toContain("pat");
    const scrambled = analyse(bent((packets) => packets[nth(packets, 3, 0)]!.bytes.set([0x93], 3)));
    expect(failed(scrambled)).toContain("pat");
  });

  test("1.3a, 2.3a: a keep-alive of null packets brings neither PAT nor PCR", () => {
    const stream = [...goodStream(), ...Array.from({ length: 5000 }, nullPacket)];
    const report = analyse(stream);
    expect(failed(report)).toEqual(["pat", "pcr_repetition"]);
  });

  test("1.4: a lost packet, and what is legal: one duplicate, no payload, discontinuity_indicator", () => {
    const lost = analyse(goodStream().filter((_, index, all) => index !== nth(all, 20, FIXTURE_PID.video)));
    expect(lost).toMatchObject({ verdict: "faulty", cc_errors: 1 });

    const packets = goodStream();
    const at = nth(packets, 40, FIXTURE_PID.audio);
    const twin = packets[at]!;
    const twice = [...packets.slice(0, at), twin, ...packets.slice(at)];
    expect(analyse(twice)).toMatchObject({ cc_errors: 0, duplicates: 1 });
    expect(analyse(twice).streams["aac@257"]!.backward).toBe(0);
    expect(analyse([...packets.slice(0, at), twin, twin, ...packets.slice(at)])).toMatchObject({
      cc_errors: 1,
      duplicates: 1,
    });
    const changed = { ...twin, bytes: twin.bytes.slice() };
    changed.bytes[187] = 1;
    expect(analyse([...packets.slice(0, at), changed, ...packets.slice(at)]).cc_errors).toBe(1);

    const counting = bent((all) => {
      const index = all.findIndex((packet) => packet.pcr && !packet.start);
      all[index]!.bytes[3] = (all[index]!.bytes[3]! & 0xf0) | ((all[index]!.bytes[3]! + 1) & 15);
    });
    expect(analyse(counting).cc_errors).toBe(2); // and the payload that follows repeats the counter

    const signalled = bent((all) => {
      const index = nth(all, 1, FIXTURE_PID.video, true);
      const from = all[index]!;
      expect(from.bytes[3]! & 0x20).toBe(0);
      from.bytes.set([0x30 | ((from.bytes[3]! + 5) & 15), 1, 0x80], 3);
      let counter = (from.bytes[3]! & 15) - 1;
      for (const packet of all.slice(index).filter((candidate) => candidate.pid === FIXTURE_PID.video)) {
        if ((packet.bytes[3]! & 0x10) !== 0) counter += 1;
        packet.bytes[3] = (packet.bytes[3]! & 0xf0) | (counter & 15);
      }
    });
    expect(analyse(signalled)).toMatchObject({ cc_errors: 0, discontinuity_indicators: 1 });
  });

  test("1.5a: no PMT for more than 0.5 s, one that never comes, scrambling", () => {
    const pause = without(goodStream(), (packet, at) => packet.pid === 0x1000 && at > 1050 && at < 1700);
    const report = analyse(pause);
    expect(failed(report)).toEqual(["pmt", "pmt_aim"]);
    expect(report.pmt_gap_ms).toBe(700);
    const never = analyse(without(goodStream(), (packet) => packet.pid === 0x1000));
    expect(failed(never)).toContain("pmt");
    const scrambled = analyse(bent((packets) => packets[nth(packets, 3, 0x1000)]!.bytes.set([0x93], 3)));
    expect(failed(scrambled)).toContain("pmt");
  });

  test("1.6: a referenced PID that is absent for 5 s", () => {
    const gone = (from: number) => (packet: FixturePacket, at: number) =>
      packet.pid === FIXTURE_PID.audio && at > from;
    const absent = analyse(without(goodStream({ seconds: 8 }), gone(2000)));
    expect(failed(absent)).toEqual(["pid", "pts"]);
    expect(failed(analyse(without(goodStream({ seconds: 8 }), gone(3200))))).toEqual(["pts"]);
  });
});
