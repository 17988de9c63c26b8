/**
 * Where a check belongs: ETSI TR 101 290 priorities 1 to 3, the decoder timeline and, at constant rate, the
 * decoder's buffers (both part of the verdict), or an aim that only this project sets itself (shown, but no part
 * of the verdict).
 */
export type CheckGroup = "priority_1" | "priority_2" | "priority_3" | "timeline" | "decoder" | "aim";

/** What is known of a check before a stream is seen: its clause (empty when it has none), title and group. */
export interface CheckDefinition {
  readonly clause: string;
  readonly title: string;
  readonly group: CheckGroup;
}

/** Every check of the analyser, in the order of the report (ETSI TR 101 290 V1.4.1 clause 5.2, then our own). */
export const CHECKS = {
  sync_loss: { clause: "1.1", title: "TS_sync_loss", group: "priority_1" },
  sync_byte: { clause: "1.2", title: "Sync_byte_error", group: "priority_1" },
  pat: { clause: "1.3a", title: "PAT_error_2", group: "priority_1" },
  continuity_count: { clause: "1.4", title: "Continuity_count_error", group: "priority_1" },
  pmt: { clause: "1.5a", title: "PMT_error_2", group: "priority_1" },
  pid: { clause: "1.6", title: "PID_error", group: "priority_1" },
  transport: { clause: "2.1", title: "Transport_error", group: "priority_2" },
  crc: { clause: "2.2", title: "CRC_error", group: "priority_2" },
  pcr_repetition: { clause: "2.3a", title: "PCR_repetition_error", group: "priority_2" },
  pcr_discontinuity: { clause: "2.3b", title: "PCR_discontinuity_indicator_error", group: "priority_2" },
  pcr_accuracy: { clause: "2.4", title: "PCR_accuracy_error", group: "priority_2" },
  pts: { clause: "2.5", title: "PTS_error", group: "priority_2" },
  cat: { clause: "2.6", title: "CAT_error", group: "priority_2" },
  unreferenced_pid: { clause: "3.4", title: "Unreferenced_PID", group: "priority_3" },
  sdt_repetition: { clause: "3.5", title: "SDT_error", group: "priority_3" },
  dts_backward: { clause: "", title: "DTS rises", group: "timeline" },
  dts_gap: { clause: "", title: "DTS without gaps", group: "timeline" },
  dts_overlap: { clause: "", title: "DTS without overlaps", group: "timeline" },
  dts_late: { clause: "", title: "DTS not behind PCR", group: "timeline" },
  unit_late: { clause: "", title: "Access units complete at DTS", group: "timeline" },
  constant_rate: { clause: "", title: "Rate constant over 100 packets", group: "decoder" },
  video_transport_buffer: { clause: "3.3", title: "Buffer_error: video TB", group: "decoder" },
  video_main_buffer: { clause: "3.3", title: "Buffer_error: video MB", group: "decoder" },
  audio_transport_buffer: { clause: "3.3", title: "Buffer_error: audio TB", group: "decoder" },
  audio_main_buffer: { clause: "3.3", title: "Buffer_error: audio B", group: "decoder" },
  pts_lead: { clause: "", title: "PTS 0-1 s ahead of PCR", group: "aim" },
  pes_header: { clause: "", title: "PES headers readable", group: "aim" },
  random_access: { clause: "", title: "AUD, SPS, PPS, IDR at each key", group: "aim" },
  stream_start: { clause: "", title: "Starts with PAT, PMT, IDR", group: "aim" },
  pat_aim: { clause: "", title: "PAT within 100 ms", group: "aim" },
  pmt_aim: { clause: "", title: "PMT within 100 ms", group: "aim" },
  pcr_aim: { clause: "", title: "PCR within 40 ms", group: "aim" },
} as const satisfies Record<string, CheckDefinition>;

/** Name of a check in reports and findings. */
export type CheckName = keyof typeof CHECKS;

/** All names, in the order of the report. */
export const CHECK_NAMES = Object.keys(CHECKS) as CheckName[];
