import { describe, expect, test } from "vitest";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { Splicer } from "../splice/splicer.ts";
import { analyse, failed, insert, status } from "./analyser-fixtures.ts";
import { formatFor, pidAt, TestStream } from "./constant-rate.fixtures.ts";
import { DecoderInput } from "./decoder-input.ts";
import { FIXTURE_PID, goodStream, KEY_PREFIX, nullPacket } from "./packet-fixtures.ts";
import { PACKET_BYTES } from "./packets.ts";

const [aud, , pps] = KEY_PREFIX;
/** The good stream (1.5 Mb/s, pictures of 700 bytes) with the level_idc of the Main profile. */
const atLevel = (level: number) => goodStream({ keyPrefix: [aud, [0x67, 77, 0x00, level], pps] });

describe("constant rate", () => {
  test("is measured over every 100 packets", () => {
    const report = analyse(goodStream());
    expect(status(report, "constant_rate")).toBe("ok");
    expect(report.rate_over_100_packets_bps).toEqual({ min: 1_504_000, max: 1_504_000 });
  });

  test("one packet too many, or one too few, is found", () => {
    const more = analyse(insert(2000, [nullPacket()], { seconds: 12 }));
    expect(failed(more)).toContain("constant_rate");
    expect(more.verdict).toBe("faulty");
    expect(more.rate_over_100_packets_bps!.max).toBeGreaterThan(1_515_000);
    const fewer = goodStream({ seconds: 12 });
    fewer.splice(
      fewer.findIndex((packet, at) => at > 2000 && packet.pid === FIXTURE_PID.null),
      1,
    );
    expect(failed(analyse(fewer))).toContain("constant_rate");
  });

  test("is not asked of a stream without stuffing, nor are its buffers", () => {
    const report = analyse(goodStream().filter((packet) => packet.pid !== FIXTURE_PID.null));
    expect(report.constant_bitrate).toBe(false);
    for (const check of ["constant_rate", "video_main_buffer", "audio_transport_buffer"] as const) {
      expect(status(report, check)).toBe("not_applicable");
    }
    expect(report.video_buffers).toBeNull();
    expect(status(report, "unit_late")).toBe("ok");
  });
});

describe("the decoder", () => {
  test("an access unit whose last byte comes after its DTS, though its first came before", () => {
    const report = analyse(
      goodStream({ mapDts: (dts, pid) => (pid === FIXTURE_PID.video ? dts - 62_800 : dts) }),
    );
    expect(report.late_units).toBeGreaterThan(60);
    expect(report.min_unit_spare_ms).toBeLessThan(0);
    expect(failed(report)).toContain("unit_late");
    expect(failed(report)).not.toContain("dts_late");
    expect(report.verdict).toBe("faulty");
    const audio = analyse(
      goodStream({ mapDts: (dts, pid) => (pid === FIXTURE_PID.audio ? dts - 62_900 - 600 : dts) }),
    );
    expect(failed(audio)).toContain("unit_late");
  });

  test("3.3: video packets too close for the transport buffer of the level", () => {
    expect(failed(analyse(atLevel(30)))).toEqual([]);
    // Level 1.1: 276 kb/s out of the transport buffer; a picture comes in five packets at 1.5 Mb/s.
    const report = analyse(atLevel(11));
    expect(failed(report)).toEqual(["video_transport_buffer"]);
    expect(report).toMatchObject({ verdict: "faulty", video_buffers: { main_overflows: 0 } });
    expect(report.video_buffers!.transport_max_bytes).toBeGreaterThan(512);
    expect(report.findings[0]!.message).toMatch(/ran over \d+ times, first at 0\.\d+ s/);
  });

  test("3.3: more video than the level's main buffer takes", () => {
    // Level 1: 77 kb/s into the coded picture buffer, of 175 kb/s that come.
    expect(failed(analyse(atLevel(10)))).toEqual(["video_transport_buffer", "video_main_buffer"]);
    // A decoding time 0.5 s later than the buffer of level 1b (52,500 bytes) allows.
    const early = goodStream({
      keyPrefix: [aud, [0x67, 77, 0x00, 13], pps],
      mapDts: (dts, pid) => (pid === FIXTURE_PID.video ? dts + 90_000 * 20 : dts),
      seconds: 22,
    });
    expect(failed(analyse(early))).toContain("video_main_buffer");
  });

  test("a level that no table has is not judged", () => {
    const report = analyse(atLevel(99));
    expect(status(report, "video_main_buffer")).toBe("not_applicable");
    expect(status(report, "audio_main_buffer")).toBe("ok");
    expect(failed(report)).toEqual([]);
  });

  /** A stream of 20 Mb/s as we make it, with some of its audio packets moved. */
  function moved(move: (packets: Uint8Array[], audio: number[]) => void): Uint8Array {
    const format = formatFor(rational(25), 20_000_000, 128_000);
    const stream = new TestStream(format, new Splicer(format));
    for (let seed = 0; seed < 4; seed++) {
      stream.add(syntheticGop({ format, frames: 25, seed, maxUnitBytes: 30_000, level: 41 }), 20_000_000);
    }
    const bytes = Buffer.concat(stream.pieces.map((piece) => piece.bytes));
    const packets = Array.from({ length: bytes.length / PACKET_BYTES }, (_, index) =>
      bytes.subarray(index * PACKET_BYTES, (index + 1) * PACKET_BYTES),
    );
    const audio = packets.flatMap((packet, index) => (pidAt(packet, 0) === 0x101 ? [index] : []));
    move(packets, audio);
    return Buffer.concat(packets);
  }

  /** Moves the packet at `from` to the nearest null packet at or before `to`. */
  function swapWithNull(packets: Uint8Array[], from: number, to: number): void {
    let at = to;
    while (pidAt(packets[at]!, 0) !== 0x1fff) at -= 1;
    [packets[at], packets[from]] = [packets[from]!, packets[at]!];
  }

  test("3.3: audio packets one right after the other", () => {
    expect(failed(analyse(moved(() => undefined)))).toEqual([]);
    const close = moved((packets, audio) => {
      const chosen = audio.slice(31, 36);
      const isFree = (at: number) => chosen.every((_, index) => pidAt(packets[at + index]!, 0) === 0x1fff);
      let place = audio[30]! + 1;
      while (!isFree(place)) place += 1;
      expect(place).toBeLessThan(chosen[0]!);
      for (const [index, from] of chosen.entries()) swapWithNull(packets, from, place + index);
    });
    const report = analyse(close);
    expect(failed(report)).toEqual(["audio_transport_buffer"]);
    expect(report.audio_buffers!.transport_max_bytes).toBeGreaterThan(512);
  });

  test("3.3: audio that is sent as early as the pictures", () => {
    const early = moved((packets, audio) => {
      for (const from of audio.slice(20)) swapWithNull(packets, from, from - 5000);
    });
    const report = analyse(early);
    expect(failed(report)).toContain("audio_main_buffer");
    expect(report.audio_buffers!.main_max_bytes).toBeGreaterThan(3584);
  });

  test("several audio frames in one PES packet have a time each", () => {
    const input = new DecoderInput();
    input.begin("aac");
    const frame = [
      0xff,
      0xf1,
      0x4c,
      0x80,
      107 >> 3,
      ((107 & 7) << 5) | 0x1f,
      0xfc,
      ...new Array(100).fill(0x21),
    ];
    const header = new Array(14).fill(0);
    const payload = Uint8Array.from([...header, ...frame, ...frame, ...frame]);
    const dts = 27_000_000;
    input.arrivals.onPcr(0, 0, 0);
    for (let from = 0, packet = 1; from < payload.length; from += 60, packet++) {
      const to = Math.min(from + 60, payload.length);
      const isFirst = from === 0;
      input.push(packet * 188, payload, from, isFirst ? 14 : from, to, isFirst ? dts : Number.NaN);
    }
    // Another one, when the three have been heard.
    input.push(1000 * 188, payload, 0, 14, payload.length, 3 * dts);
    input.arrivals.onPcr(1001 * 188, 2 * dts, 0);
    expect(input.decoder.units).toBe(3);
    expect(input.decoder.main.maxBytes).toBe(payload.length);
    expect(input.decoder.late).toBe(0);
    // The first ends in the third packet; those after it have more time to spare than packets to wait for.
    const packetTicks = (188 * 2 * dts) / (1001 * 188);
    expect(input.decoder.leastSpareTicks).toBeCloseTo(dts - (3 + 178 / 188) * packetTicks, -1);
  });
});
