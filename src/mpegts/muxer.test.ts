import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { frameCount, type Gop, truncateGop } from "../media/gop.ts";
import { type HouseFormat, houseFormat } from "../media/house-format.ts";
import { encoderOutput, FIXTURE_FORMAT } from "../mp4/encoder-output.fixtures.ts";
import { FragmentReader } from "../mp4/fragment-reader.ts";
import { GopAssembler } from "../mp4/gop-assembler.ts";
import { Splicer } from "../splice/splicer.ts";
import { Analyser } from "./analyser.ts";
import { Muxer } from "./muxer.ts";
import { PACKET_BYTES } from "./packets.ts";
import type { WireGop } from "./wire-gop.ts";

const RATES = [
  ...[rational(24_000, 1001), rational(24), rational(25), rational(30_000, 1001), rational(30)],
  ...[rational(50), rational(60_000, 1001), rational(60), rational(12)],
];
const TICKS_33_BITS = 2 ** 33;

function formatAt(fps: HouseFormat["fps"]): HouseFormat {
  return houseFormat({ width: 320, height: 180, fps, gopSeconds: 1, totalBps: 1_000_000, audioBps: 96_000 });
}

/** Muxes Gops end to end from channel frame `start` on. */
function muxAll(format: HouseFormat, gops: readonly Gop[], startTicks: number, start = 0): WireGop[] {
  const splicer = new Splicer(format);
  const muxer = new Muxer({ format, serviceName: "Films, 24/7", startTicks });
  let frame = start;
  return gops.map((gop) => {
    const wire = muxer.mux(splicer.place(gop, frame));
    frame += frameCount(gop);
    return wire;
  });
}

const programme = fc.record({
  fps: fc.constantFrom(...RATES),
  gops: fc.array(
    fc.record({
      frames: fc.integer({ min: 1, max: 60 }),
      entered: fc.nat(1000),
      seed: fc.nat(),
      maxUnitBytes: fc.constantFrom(1, 160, 400, 9000),
      silent: fc.boolean(),
    }),
    { minLength: 2, maxLength: 20 },
  ),
  // Anywhere, and close before the wrap of the 33-bit timestamps.
  startTicks: fc.oneof(
    fc.nat(2 ** 31),
    fc.nat(900_000).map((ticks) => TICKS_33_BITS - ticks),
  ),
  start: fc.nat(10_000_000),
});

describe("Muxer", () => {
  it("makes a stream in which the analyser finds nothing, whatever Gops go in", () => {
    fc.assert(
      fc.property(programme, ({ fps, gops, startTicks, start }) => {
        const format = formatAt(fps);
        const made = gops.map(({ frames, entered, ...rest }) =>
          syntheticGop({
            format,
            frames: Math.min(frames, format.gopFrames),
            firstFrame: entered * format.gopFrames,
            ...rest,
          }),
        );
        const analyser = new Analyser();
        for (const wire of muxAll(format, made, startTicks, start)) analyser.push(wire.bytes);
        const report = analyser.report();
        expect(report.findings).toEqual([]);
        expect(report.verdict).toBe("clean");
        expect(report.starts_with_pat_pmt_idr).toBe(true);
        expect(report.keyframes).toBe(made.length);
        expect(report.bad_keyframes).toBe(0);
        expect(report.pcr_over_40_ms + report.pat_over_100_ms + report.pmt_over_100_ms).toBe(0);
        expect(report.discontinuity_indicators).toBe(0);
        expect(report.service?.name).toBe("Films, 24/7");
        expect(report.max_pts_minus_pcr_ms).toBeLessThanOrEqual(1000);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it("begins every slot of a Gop with a packet that carries the PCR", () => {
    const format = formatAt(rational(25));
    const [wire] = muxAll(format, [syntheticGop({ format, frames: 25 })], 0);
    if (wire!.bps !== undefined) throw new Error("not at variable rate");
    for (const [slot, offset] of wire!.slotOffsets.entries()) {
      expect(offset % PACKET_BYTES).toBe(0);
      if (slot === wire!.slotOffsets.length - 1) expect(offset).toBe(wire!.bytes.length);
      else expect(carriesPcrFirst(wire!.bytes, offset)).toBe(true);
    }
  });

  describe("with Gops of a real encoder", () => {
    let gops: Gop[];
    let folder: string;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "exstreamtv-muxer-"));
      const reader = new FragmentReader();
      const position = { firstFrame: 0, firstAudioFrame: 0, droppedAudioFrames: 1 };
      const assembler = new GopAssembler(FIXTURE_FORMAT, position);
      const fragments = reader.push(encoderOutput());
      gops = fragments.flatMap((fragment) => assembler.push(fragment, reader.init!));
      gops.push(...assembler.finish(reader.init!));
    });

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it("makes a stream that ffmpeg decodes in silence and ffprobe counts to the frame", () => {
      const choice = fc.array(fc.record({ gop: fc.nat(2), frames: fc.integer({ min: 1, max: 25 }) }), {
        minLength: 3,
        maxLength: 12,
      });
      fc.assert(
        fc.property(choice, (cuts) => {
          const pieces = cuts.map(({ gop, frames }) => truncateGop(gops[gop % gops.length]!, frames));
          const file = join(folder, "splices.ts");
          writeFileSync(
            file,
            Buffer.concat(muxAll(FIXTURE_FORMAT, pieces, TICKS_33_BITS - 90_000).map((wire) => wire.bytes)),
          );
          const frames = pieces.reduce((total, gop) => total + frameCount(gop), 0);
          const decode = ["-hide_banner", "-v", "warning", "-xerror", "-i", file, "-f", "null", "-"];
          const decoded = spawnSync("ffmpeg", decode);
          expect([decoded.status, decoded.stderr.toString()]).toEqual([0, ""]);
          const count = ["-v", "warning", "-count_frames", "-select_streams", "v", "-show_entries"];
          const counted = execFileSync("ffprobe", [
            ...count,
            "stream=nb_read_frames",
            "-of",
            "csv=p=0",
            file,
          ]);
          expect(Number.parseInt(counted.toString(), 10)).toBe(frames);
        }),
        { numRuns: 8 },
      );
    }, 60_000);
  });
});

/** Behind PAT and PMT, which may stand before it, the slot's first packet has a PCR. */
function carriesPcrFirst(bytes: Uint8Array, offset: number): boolean {
  for (let at = offset; at < bytes.length; at += PACKET_BYTES) {
    const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
    if (pid !== 0x0100) continue;
    return (bytes[at + 3]! & 0x20) !== 0 && bytes[at + 4]! > 0 && (bytes[at + 5]! & 0x10) !== 0;
  }
  return false;
}
