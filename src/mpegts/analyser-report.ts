import { type AnalyserState, pcrAccuracy, sumOverStreams } from "./analyser-state.ts";
import { type BufferReport, bufferReport, decoders } from "./buffer-checks.ts";
import { type CheckResult, checkResults, ptsLead, wholeStreamFaults } from "./check-results.ts";
import type { CheckGroup } from "./checks.ts";
import type { Finding } from "./findings.ts";
import { PACKET_BYTES } from "./packet-reader.ts";
import { PCR_TICKS_PER_MS } from "./pcr-monitor.ts";
import type { Service } from "./psi-tables.ts";
import type { StreamMonitor } from "./stream-monitor.ts";

/** Figures of one elementary stream; steps are those from one DTS to the next. */
export interface StreamReport {
  readonly pid: number;
  /** PES packets that carry a PTS. */
  readonly pes: number;
  readonly backward: number;
  readonly median_ms: number;
  readonly max_ms: number;
  readonly min_ms: number;
  readonly gaps: number;
  readonly overlaps: number;
  /** Longest time without a PTS, on the PCR's clock. */
  readonly pts_gap_ms: number;
  readonly malformed_pes: number;
}

/**
 * What the analyser says of a stream. Times are of the stream's own clock, as it stood at the latest PCR; where
 * a figure is `null` the stream gave nothing to measure.
 */
export interface AnalyserReport {
  /** `faulty`: a check of priority 1 or 2, of the timeline or of the decoder has failed. */
  readonly verdict: "clean" | "faulty";
  readonly packets: number;
  /** Bytes of those packets; `skipped_bytes` and `trailing_bytes` belong to none. */
  readonly bytes: number;
  readonly skipped_bytes: number;
  readonly trailing_bytes: number;
  readonly stream_s: number;
  readonly sync_loss: number;
  readonly sync_byte_errors: number;
  readonly tei: number;
  readonly scrambled: number;
  readonly cc_errors: number;
  readonly duplicates: number;
  readonly crc_errors: number;
  readonly discontinuity_indicators: number;
  readonly pat_gap_ms: number;
  readonly pat_over_100_ms: number;
  readonly pmt_gap_ms: number;
  readonly pmt_over_100_ms: number;
  readonly pmt_changes: number;
  readonly sdt_gap_ms: number;
  readonly pcr_gap_ms: number;
  readonly pcr_over_40_ms: number;
  readonly pcr_backward: number;
  readonly pcr_jumps_over_1s: number;
  readonly pcr_accuracy_ns: number | null;
  readonly constant_bitrate: boolean | null;
  /** Least and greatest rate over 100 packets, where the rate is constant. */
  readonly rate_over_100_packets_bps: { readonly min: number; readonly max: number } | null;
  /** Access units not complete at their DTS (H.264 and ADTS AAC), and the least time that one had to spare. */
  readonly late_units: number;
  readonly min_unit_spare_ms: number | null;
  /** The system target decoder's buffers, where the rate is constant and the stream's level known. */
  readonly video_buffers: BufferReport | null;
  readonly audio_buffers: BufferReport | null;
  readonly pes_late_vs_pcr: number;
  readonly min_dts_minus_pcr_ms: number | null;
  readonly min_pts_minus_pcr_ms: number | null;
  readonly max_pts_minus_pcr_ms: number | null;
  readonly null_share: number;
  readonly mean_bitrate_bps: number | null;
  /** Latest audio DTS minus latest video DTS. */
  readonly av_skew_ms: { readonly min: number; readonly max: number } | null;
  /** Video access units with random_access_indicator, and those that do not begin AUD, SPS, PPS, IDR. */
  readonly keyframes: number;
  readonly bad_keyframes: number;
  readonly max_keyframe_gap_ms: number | null;
  readonly first_pids: readonly number[];
  readonly starts_with_pat_pmt_idr: boolean;
  readonly programmes: number;
  readonly programme_number: number | null;
  readonly pmt_pid: number | null;
  readonly pcr_pid: number | null;
  readonly service: Service | null;
  /** Arrival against the stream's clock; null when times of arrival were not given. */
  readonly wall_jitter_max_ms: number | null;
  readonly wall_max_silence_ms: number | null;
  /** By kind and PID, such as "h264@256". */
  readonly streams: Readonly<Record<string, StreamReport>>;
  readonly checks: readonly CheckResult[];
  /** The first faults of each kind, at most 100 in all; those of the whole stream last. */
  readonly findings: readonly Finding[];
}

const VERDICT_GROUPS: readonly CheckGroup[] = ["priority_1", "priority_2", "timeline", "decoder"];

/** Sums up what has been gathered so far; the state is not changed. */
export function buildReport(state: AnalyserState): AnalyserReport {
  const wholeStream = wholeStreamFaults(state);
  const checks = checkResults(state, wholeStream);
  const isFaulty = checks.some((check) => check.status === "fail" && VERDICT_GROUPS.includes(check.group));
  return {
    verdict: isFaulty ? "faulty" : "clean",
    ...packetFigures(state),
    ...tableFigures(state),
    ...clockFigures(state),
    ...decoderFigures(state),
    ...pictureFigures(state),
    wall_jitter_max_ms: finite(state.arrivals.jitterMs ?? Number.NaN, 1),
    wall_max_silence_ms: state.arrivals.isKnown ? round(state.arrivals.maxSilenceMs, 1) : null,
    streams: Object.fromEntries(
      [...state.streams.values()].map((stream) => [stream.name, streamFigures(stream)]),
    ),
    checks,
    findings: [
      ...state.findings.list,
      ...wholeStream.map((fault) => ({
        check: fault.check,
        packet: state.packets,
        byte_offset: state.findings.byteOffset,
        stream_s: round(state.clock.streamMs / 1000, 3),
        message: fault.message,
      })),
    ],
  };
}

function packetFigures(state: AnalyserState) {
  const { findings, reader } = state;
  return {
    packets: state.packets,
    bytes: state.packets * PACKET_BYTES,
    skipped_bytes: reader.skippedBytes,
    trailing_bytes: reader.pendingBytes,
    stream_s: round(state.clock.streamMs / 1000, 3),
    sync_loss: findings.count("sync_loss"),
    sync_byte_errors: findings.count("sync_byte"),
    tei: findings.count("transport"),
    scrambled: state.scrambledPackets,
    cc_errors: findings.count("continuity_count"),
    duplicates: state.duplicates,
    crc_errors: findings.count("crc"),
    discontinuity_indicators: state.discontinuityIndicators,
    null_share: state.packets > 0 ? round(state.nullPackets / state.packets, 4) : 0,
  };
}

function tableFigures({ psi }: AnalyserState) {
  const [first] = psi.programmes;
  return {
    pat_gap_ms: round(psi.pat.maxGapMs, 1),
    pat_over_100_ms: psi.pat.overAim,
    pmt_gap_ms: round(psi.pmt.maxGapMs, 1),
    pmt_over_100_ms: psi.pmt.overAim,
    pmt_changes: psi.pmtChanges,
    sdt_gap_ms: round(psi.sdt.maxGapMs, 1),
    programmes: psi.programmes.length,
    programme_number: first?.programNumber ?? null,
    pmt_pid: first?.pmtPid ?? null,
    pcr_pid: psi.programme?.pcrPid ?? null,
    service: psi.service ?? null,
  };
}

function clockFigures(state: AnalyserState) {
  const { clock, skew } = state;
  const accuracy = pcrAccuracy(state);
  const lead = ptsLead(state);
  const dtsLeads = [...state.streams.values()].map((stream) => stream.minDtsLeadMs);
  const seconds = clock.streamMs / 1000;
  return {
    pcr_gap_ms: round(clock.maxGapMs, 1),
    pcr_over_40_ms: clock.overAim,
    pcr_backward: clock.backward,
    pcr_jumps_over_1s: clock.jumpsOver1s,
    pcr_accuracy_ns: accuracy.constantRate ? Math.round(accuracy.worstNs) : null,
    constant_bitrate: accuracy.constantRate ?? null,
    pes_late_vs_pcr: sumOverStreams(state, (stream) => stream.late),
    min_dts_minus_pcr_ms: finite(Math.min(...dtsLeads), 1),
    min_pts_minus_pcr_ms: finite(lead.min, 1),
    max_pts_minus_pcr_ms: finite(lead.max, 1),
    mean_bitrate_bps: seconds > 0 ? Math.round((state.packets * PACKET_BYTES * 8) / seconds) : null,
    av_skew_ms: skew.maxMs >= skew.minMs ? { min: round(skew.minMs, 1), max: round(skew.maxMs, 1) } : null,
  };
}

function decoderFigures(state: AnalyserState) {
  const { rate } = state.clock;
  const isConstant = pcrAccuracy(state).constantRate === true && rate.spans > 0;
  const range = { min: Math.round(rate.minBps), max: Math.round(rate.maxBps) };
  const both = decoders(state);
  const spareTicks = Math.min(...both.map((decoder) => decoder.leastSpareTicks));
  return {
    rate_over_100_packets_bps: isConstant ? range : null,
    late_units: both.reduce((sum, decoder) => sum + decoder.late, 0),
    min_unit_spare_ms: finite(spareTicks / PCR_TICKS_PER_MS, 1),
    video_buffers: bufferReport(state, "video"),
    audio_buffers: bufferReport(state, "audio"),
  };
}

function pictureFigures({ video, start }: AnalyserState) {
  return {
    keyframes: video?.keys ?? 0,
    bad_keyframes: video?.badKeys ?? 0,
    max_keyframe_gap_ms: video && video.keys > 1 ? round(video.maxKeyGapMs, 1) : null,
    first_pids: [...start.firstPids],
    starts_with_pat_pmt_idr: start.inOrder === true && video?.startsWithKey === true,
  };
}

function streamFigures(stream: StreamMonitor): StreamReport {
  const steps = stream.dts.summary();
  return {
    pid: stream.pid,
    pes: stream.pes,
    backward: stream.dts.backward,
    median_ms: round(steps.median / 90, 3),
    max_ms: round(steps.max / 90, 3),
    min_ms: round(steps.min / 90, 3),
    gaps: steps.gaps,
    overlaps: steps.overlaps,
    pts_gap_ms: round(stream.pts.maxGapMs, 1),
    malformed_pes: stream.badPes,
  };
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

function finite(value: number, digits: number): number | null {
  return Number.isFinite(value) ? round(value, digits) : null;
}
