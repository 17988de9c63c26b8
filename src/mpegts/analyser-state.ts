import type { ArrivalMonitor } from "./arrival-monitor.ts";
import type { DecoderInput } from "./decoder-input.ts";
import type { Findings } from "./findings.ts";
import type { PacketReader } from "./packet-reader.ts";
import type { PcrAccuracyResult } from "./pcr-accuracy.ts";
import type { PcrMonitor } from "./pcr-monitor.ts";
import { TIMESTAMP_WRAP, wrappedDelta } from "./pes-header.ts";
import type { PsiMonitor } from "./psi-monitor.ts";
import type { StartMonitor } from "./start-monitor.ts";
import type { StreamMonitor } from "./stream-monitor.ts";

/** Range of the latest audio DTS minus the latest video DTS, in ms. */
export class SkewRange {
  minMs = Number.POSITIVE_INFINITY;
  maxMs = Number.NEGATIVE_INFINITY;

  push(audioDts: number, videoDts: number): void {
    if (audioDts < 0 || videoDts < 0) return;
    const skewMs = wrappedDelta(audioDts, videoDts, TIMESTAMP_WRAP) / 90;
    this.minMs = Math.min(this.minMs, skewMs);
    this.maxMs = Math.max(this.maxMs, skewMs);
  }
}

/** All that the analyser has gathered: what a report is made from. */
export interface AnalyserState {
  readonly findings: Findings;
  readonly reader: PacketReader;
  readonly clock: PcrMonitor;
  readonly psi: PsiMonitor;
  readonly start: StartMonitor;
  readonly arrivals: ArrivalMonitor;
  readonly skew: SkewRange;
  /** Every elementary stream of the analysed programme that ever was, by PID. */
  readonly streams: Map<number, StreamMonitor>;
  /** The first video and the first audio stream of the programme. */
  video: StreamMonitor | undefined;
  audio: StreamMonitor | undefined;
  /** Their way into the system target decoder. */
  readonly decoding: { readonly video: DecoderInput; readonly audio: DecoderInput };
  packets: number;
  nullPackets: number;
  scrambledPackets: number;
  duplicates: number;
  discontinuityIndicators: number;
}

/**
 * PCR accuracy, where the rate is constant: that takes stuffing as well as even PCRs, since a still picture can
 * make pictures of equal size.
 */
export function pcrAccuracy(state: AnalyserState): PcrAccuracyResult {
  const result = state.clock.accuracy.result();
  return result.constantRate && state.nullPackets === 0 ? { ...result, constantRate: false } : result;
}

/** Sum of `figure` over all streams. */
export function sumOverStreams(state: AnalyserState, figure: (stream: StreamMonitor) => number): number {
  let sum = 0;
  for (const stream of state.streams.values()) sum += figure(stream);
  return sum;
}
