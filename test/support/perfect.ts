import { expect } from "vitest";
import { trimCapture } from "./capture.ts";
import { ffmpegDecode, type TsProbeReport } from "./judges.ts";

/** Expects of a report of tsprobe that the stream has none of the faults that a splice can make. */
export function expectSeamless(report: TsProbeReport): void {
  const faults = {
    sync_loss: report.sync_loss,
    tei: report.tei,
    cc_errors: report.cc_errors,
    crc_errors: report.crc_errors,
    pcr_backward: report.pcr_backward,
    pes_late_vs_pcr: report.pes_late_vs_pcr,
    discontinuity_indicators: report.discontinuity_indicators,
    pmt_changes: report.pmt_changes,
  };
  expect(faults).toEqual(Object.fromEntries(Object.keys(faults).map((key) => [key, 0])));
  expect(report.pcr_gap_ms).toBeLessThanOrEqual(40);
  expect(report.pat_gap_ms).toBeLessThanOrEqual(100);
  expect(report.pmt_gap_ms).toBeLessThanOrEqual(100);
  const streams = Object.entries(report.streams);
  expect(streams.map(([name]) => name.split("@")[0]).sort()).toEqual(["aac", "h264"]);
  for (const [name, stream] of streams) {
    expect([name, stream.backward, stream.gaps, stream.overlaps]).toEqual([name, 0, 0, 0]);
  }
}

/** Expects that ffmpeg decodes a captured stream without a word. The capture is trimmed to whole pictures. */
export async function expectSilentDecode(file: string): Promise<void> {
  await trimCapture(file);
  expect(await ffmpegDecode(file)).toEqual([]);
}
