import type { PmtStream } from "./psi-tables.ts";

/** What the analyser makes of an elementary stream. Sections carry no PES packets and are not looked into. */
export interface StreamKind {
  /** Short name for reports: h264, aac, …, or the stream_type in hexadecimal. */
  readonly name: string;
  readonly media: "video" | "audio" | "data" | "sections";
}

// stream_type (ISO/IEC 13818-1 table 2-34; from 0x80 on as ATSC and ffmpeg use them).
const KINDS: Readonly<Record<number, StreamKind>> = {
  1: { name: "mpeg1", media: "video" },
  2: { name: "mpeg2", media: "video" },
  3: { name: "mp2", media: "audio" },
  4: { name: "mp2", media: "audio" },
  5: { name: "sections", media: "sections" },
  6: { name: "private", media: "data" },
  10: { name: "dsmcc", media: "sections" },
  11: { name: "dsmcc", media: "sections" },
  12: { name: "dsmcc", media: "sections" },
  13: { name: "dsmcc", media: "sections" },
  15: { name: "aac", media: "audio" },
  16: { name: "mpeg4", media: "video" },
  17: { name: "aac_latm", media: "audio" },
  27: { name: "h264", media: "video" },
  36: { name: "hevc", media: "video" },
  129: { name: "ac3", media: "audio" },
  134: { name: "scte35", media: "sections" },
  135: { name: "eac3", media: "audio" },
};

/** Descriptors that make a private stream audio: AC-3, enhanced AC-3, DTS, AAC (ETSI EN 300 468 table 12). */
const AUDIO_DESCRIPTORS = [0x6a, 0x7a, 0x7b, 0x7c];

/** The kind of an elementary stream of a PMT. */
export function streamKind(stream: PmtStream): StreamKind {
  const kind = KINDS[stream.streamType] ?? { name: `0x${stream.streamType.toString(16)}`, media: "data" };
  const isAudio =
    kind.media === "data" && stream.descriptorTags.some((tag) => AUDIO_DESCRIPTORS.includes(tag));
  return isAudio ? { name: kind.name, media: "audio" } : kind;
}
