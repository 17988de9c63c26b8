import { type AnalyserState, pcrAccuracy } from "./analyser-state.ts";
import { PCR_TICKS_PER_MS } from "./pcr-monitor.ts";
import type { BufferTally, TargetDecoder } from "./target-decoder.ts";

/** The checks of the decoder's buffers (ETSI TR 101 290 3.3, ISO/IEC 13818-1 2.4.2). */
export const BUFFER_CHECKS = [
  "video_transport_buffer",
  "video_main_buffer",
  "audio_transport_buffer",
  "audio_main_buffer",
] as const;

/** Name of one of them. */
export type BufferCheckName = (typeof BUFFER_CHECKS)[number];

/** How full the buffers of one stream's decoder have been, in bytes, and how often they ran over. */
export interface BufferReport {
  readonly transport_max_bytes: number;
  readonly transport_overflows: number;
  readonly main_max_bytes: number;
  readonly main_overflows: number;
}

/** Whether a buffer can be judged: its size is known, and when bytes arrive, as the rate is constant. */
export function isBufferJudged(state: AnalyserState, check: BufferCheckName): boolean {
  const { decoder } = buffer(state, check);
  return pcrAccuracy(state).constantRate === true && decoder.isSized && decoder.units > 0;
}

/** How often a buffer ran over, where that can be judged. */
export function bufferErrors(state: AnalyserState, check: BufferCheckName): number {
  return isBufferJudged(state, check) ? buffer(state, check).tally.overflows : 0;
}

/** The figures behind a check, for a person. */
export function bufferDetail(state: AnalyserState, check: BufferCheckName): string {
  if (isBufferJudged(state, check)) return `at most ${Math.ceil(buffer(state, check).tally.maxBytes)} bytes`;
  if (pcrAccuracy(state).constantRate !== true) return "not constant bit rate";
  return "its size is not known";
}

/** What a failed check says. */
export function bufferFault(state: AnalyserState, check: BufferCheckName): string {
  const { tally, words } = buffer(state, check);
  return `The ${words} ran over ${tally.overflows} times, first at ${seconds(tally.firstTicks)}.`;
}

/** The figures of a stream's buffers; null when their sizes or the times of arrival are not known. */
export function bufferReport(state: AnalyserState, media: "video" | "audio"): BufferReport | null {
  if (!isBufferJudged(state, `${media}_main_buffer`)) return null;
  const { transport, main } = state.decoding[media].decoder;
  return {
    transport_max_bytes: Math.ceil(transport.maxBytes),
    transport_overflows: transport.overflows,
    main_max_bytes: Math.ceil(main.maxBytes),
    main_overflows: main.overflows,
  };
}

/** Both decoders. */
export function decoders(state: AnalyserState): TargetDecoder[] {
  return [state.decoding.video.decoder, state.decoding.audio.decoder];
}

/** What is said of access units that came too late. */
export function lateUnitsFault(state: AnalyserState): string {
  const late = decoders(state).filter((decoder) => decoder.late > 0);
  const count = late.reduce((sum, decoder) => sum + decoder.late, 0);
  const first = Math.min(...late.map((decoder) => decoder.firstLateTicks));
  return `${count} access units were not complete at their DTS, first at ${seconds(first)}.`;
}

function buffer(
  state: AnalyserState,
  check: BufferCheckName,
): { decoder: TargetDecoder; tally: BufferTally; words: string } {
  const media = check.startsWith("video") ? "video" : "audio";
  const { decoder } = state.decoding[media];
  const isTransport = check.endsWith("transport_buffer");
  return {
    decoder,
    tally: isTransport ? decoder.transport : decoder.main,
    words: `${isTransport ? "transport" : "main"} buffer of the ${media} decoder`,
  };
}

function seconds(ticks: number): string {
  return `${(ticks / PCR_TICKS_PER_MS / 1000).toFixed(3)} s`;
}
