import { type AnalyserState, pcrAccuracy, sumOverStreams } from "./analyser-state.ts";
import {
  BUFFER_CHECKS,
  bufferDetail,
  bufferErrors,
  bufferFault,
  decoders,
  isBufferJudged,
  lateUnitsFault,
} from "./buffer-checks.ts";
import { CHECK_NAMES, CHECKS, type CheckGroup, type CheckName } from "./checks.ts";
import { PCR_TICKS_PER_MS } from "./pcr-monitor.ts";

/** Outcome of one check over the stream so far. */
export interface CheckResult {
  readonly check: CheckName;
  /** Clause of ETSI TR 101 290, empty for our own checks. */
  readonly clause: string;
  readonly title: string;
  readonly group: CheckGroup;
  /** `not_applicable`: the stream holds nothing that the check could judge. */
  readonly status: "ok" | "fail" | "not_applicable";
  readonly errors: number;
  /** The figures behind it, for a person; may be empty. */
  readonly detail: string;
}

/** A fault that only the whole stream shows. */
export interface WholeStreamFault {
  readonly check: CheckName;
  readonly message: string;
}

/** Faults that cannot be told at any one packet: what never came, and what is decided over all of it. */
export function wholeStreamFaults(state: AnalyserState): WholeStreamFault[] {
  const { psi, clock } = state;
  const faults: WholeStreamFault[] = [];
  const add = (check: CheckName, message: string) => faults.push({ check, message });
  if (psi.pat.count === 0) add("pat", "There is no PAT.");
  else if (psi.pmt.count === 0) add("pmt", "There is no PMT for the first programme of the PAT.");
  if (clock.count === 0) add("pcr_repetition", "There is no PCR.");
  if (state.scrambledPackets > 0 && !psi.catSeen) {
    add("cat", `There is no CAT, but ${state.scrambledPackets} packets are scrambled.`);
  }
  const accuracy = pcrAccuracy(state);
  if (accuracy.constantRate && accuracy.errors > 0) {
    const worst = Math.round(accuracy.worstNs);
    add("pcr_accuracy", `${accuracy.errors} PCRs differ from the byte position by up to ${worst} ns.`);
  }
  if (accuracy.constantRate && clock.rate.errors > 0) {
    const { minBps, maxBps } = clock.rate;
    const range = `${Math.round(minBps)} to ${Math.round(maxBps)} bit/s`;
    add("constant_rate", `Over 100 packets the rate varies: ${range}.`);
  }
  if (decoders(state).some((decoder) => decoder.late > 0)) add("unit_late", lateUnitsFault(state));
  for (const check of BUFFER_CHECKS) {
    if (bufferErrors(state, check) > 0) add(check, bufferFault(state, check));
  }
  if (state.video && state.start.inOrder === false) {
    add("stream_start", "The first packets are not PAT, PMT and the start of a picture.");
  } else if (state.video?.startsWithKey === false) {
    add("stream_start", "The first picture is not an IDR with AUD, SPS and PPS.");
  }
  return faults;
}

/** The outcome of every check, in the order of `CHECKS`. */
export function checkResults(state: AnalyserState, wholeStream: readonly WholeStreamFault[]): CheckResult[] {
  return CHECK_NAMES.map((check) => {
    const errors = errorCount(state, check, wholeStream);
    const status = errors > 0 ? "fail" : isApplicable(state, check) ? "ok" : "not_applicable";
    return { check, ...CHECKS[check], status, errors, detail: detail(state, check) };
  });
}

function errorCount(
  state: AnalyserState,
  check: CheckName,
  wholeStream: readonly WholeStreamFault[],
): number {
  switch (check) {
    case "pcr_accuracy": {
      const accuracy = pcrAccuracy(state);
      return accuracy.constantRate ? accuracy.errors : 0;
    }
    case "constant_rate":
      return pcrAccuracy(state).constantRate ? state.clock.rate.errors : 0;
    case "unit_late":
      return decoders(state).reduce((sum, decoder) => sum + decoder.late, 0);
    case "video_transport_buffer":
    case "video_main_buffer":
    case "audio_transport_buffer":
    case "audio_main_buffer":
      return bufferErrors(state, check);
    case "dts_gap":
      return sumOverStreams(state, (stream) => stream.dts.summary().gaps);
    case "dts_overlap":
      return sumOverStreams(state, (stream) => stream.dts.summary().overlaps);
    case "pat_aim":
      return state.psi.pat.overAim;
    case "pmt_aim":
      return state.psi.pmt.overAim;
    case "pcr_aim":
      return state.clock.overAim;
    default:
      return state.findings.count(check) + wholeStream.filter((fault) => fault.check === check).length;
  }
}

function isApplicable(state: AnalyserState, check: CheckName): boolean {
  const { psi, clock, video } = state;
  switch (check) {
    case "pid":
      return psi.programme !== undefined;
    case "pcr_repetition":
    case "pcr_discontinuity":
    case "pcr_aim":
      return clock.count > 1;
    case "pcr_accuracy":
      return pcrAccuracy(state).constantRate === true;
    case "constant_rate":
      return pcrAccuracy(state).constantRate === true && clock.rate.spans > 0;
    case "unit_late":
      return decoders(state).some((decoder) => decoder.units > 0);
    case "video_transport_buffer":
    case "video_main_buffer":
    case "audio_transport_buffer":
    case "audio_main_buffer":
      return isBufferJudged(state, check);
    case "pts":
      return sumOverStreams(state, (stream) => (stream.kind.media === "data" ? 0 : stream.pes)) > 0;
    case "sdt_repetition":
      return psi.sdt.count > 0;
    case "dts_backward":
    case "dts_gap":
    case "dts_overlap":
    case "dts_late":
    case "pts_lead":
    case "pes_header":
      return sumOverStreams(state, (stream) => stream.pes) > 0;
    case "random_access":
      return video?.kind.name === "h264" && video.keys > 0;
    case "stream_start":
      return state.start.inOrder === true && video?.startsWithKey !== undefined;
    case "pat_aim":
      return psi.pat.count > 1;
    case "pmt_aim":
      return psi.pmt.count > 1;
    default:
      return true;
  }
}

function detail(state: AnalyserState, check: CheckName): string {
  const { psi, clock } = state;
  switch (check) {
    case "pat":
    case "pat_aim":
      return psi.pat.count > 1 ? `longest gap ${ms(psi.pat.maxGapMs)}` : "";
    case "pmt":
    case "pmt_aim":
      return psi.pmt.count > 1 ? `longest gap ${ms(psi.pmt.maxGapMs)}` : "";
    case "sdt_repetition":
      return psi.sdt.count > 1 ? `longest gap ${ms(psi.sdt.maxGapMs)}` : "";
    case "pcr_repetition":
    case "pcr_aim":
      return clock.count > 1 ? `longest gap ${ms(clock.maxGapMs)}` : "";
    case "pcr_accuracy": {
      const accuracy = pcrAccuracy(state);
      if (accuracy.constantRate) return `worst ${Math.round(accuracy.worstNs)} ns`;
      return accuracy.constantRate === false ? "not constant bit rate" : "too few PCRs";
    }
    case "constant_rate": {
      if (pcrAccuracy(state).constantRate !== true) return "not constant bit rate";
      const { spans, minBps, maxBps } = clock.rate;
      return spans > 0 ? `${Math.round(minBps)} to ${Math.round(maxBps)} bit/s` : "";
    }
    case "unit_late": {
      const spare = Math.min(...decoders(state).map((decoder) => decoder.leastSpareTicks));
      return Number.isFinite(spare) ? `least time to spare ${ms(spare / PCR_TICKS_PER_MS)}` : "";
    }
    case "video_transport_buffer":
    case "video_main_buffer":
    case "audio_transport_buffer":
    case "audio_main_buffer":
      return bufferDetail(state, check);
    case "pts": {
      const gaps = [...state.streams.values()].map((stream) => stream.pts.maxGapMs);
      return gaps.length > 0 ? `longest gap ${ms(Math.max(...gaps))}` : "";
    }
    case "dts_late": {
      const leads = [...state.streams.values()].map((stream) => stream.minDtsLeadMs);
      const least = Math.min(...leads);
      return Number.isFinite(least) ? `least lead ${ms(least)}` : "";
    }
    case "pts_lead": {
      const { min, max } = ptsLead(state);
      return Number.isFinite(min) ? `${ms(min)} to ${ms(max)}` : "";
    }
    default:
      return "";
  }
}

/** Range of PTS minus PCR over all streams, in ms; infinite before the first. */
export function ptsLead(state: AnalyserState): { min: number; max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const stream of state.streams.values()) {
    min = Math.min(min, stream.minPtsLeadMs);
    max = Math.max(max, stream.maxPtsLeadMs);
  }
  return { min, max };
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
