import { resolve } from "node:path";

/**
 * Demuxers that read one file and nothing else. No playlist, script, picture-sequence, subtitle or device
 * format: those open other files, and a file's name says nothing about its content.
 */
export const ACCEPTED_DEMUXERS: readonly string[] = [
  ...[
    "mov",
    "matroska",
    "mpegts",
    "mpeg",
    "avi",
    "asf",
    "flv",
    "rm",
    "dv",
    "mxf",
    "gxf",
    "nut",
    "ivf",
    "wtv",
  ],
  ...["mpegvideo", "h264", "hevc", "m4v", "av1", "obu", "vc1"],
  ...["mp3", "flac", "ogg", "wav", "w64", "aiff", "au", "caf", "amr", "aac", "ac3", "eac3", "dts", "dtshd"],
  ...["truehd", "mlp", "ape", "wv", "tta", "tak", "mpc", "mpc8", "dsf"],
];

/** Input options that hold ffmpeg to local files of the accepted formats. */
const SAFE_INPUT = ["-protocol_whitelist", "file", "-format_whitelist", ACCEPTED_DEMUXERS.join(",")] as const;

/** True when `demuxer` (one name, as in `MediaFacts.demuxer`) is accepted. */
export function isAcceptedDemuxer(demuxer: string): boolean {
  return ACCEPTED_DEMUXERS.includes(demuxer);
}

/**
 * Arguments that open `path` as an input of ffmpeg with the demuxer that the probe found, so that a file which
 * was exchanged since cannot be taken for anything else. Throws RangeError for a demuxer that is not accepted.
 */
export function inputArguments(path: string, demuxer: string): string[] {
  if (!isAcceptedDemuxer(demuxer)) throw new RangeError(`demuxer not accepted: ${demuxer}`);
  return [...SAFE_INPUT, "-f", demuxer, "-i", fileUrl(path)];
}

/** Arguments that name `path` to ffprobe, whose demuxer is still to be found among the accepted ones. */
export function probeArguments(path: string): string[] {
  return [...SAFE_INPUT, "-i", fileUrl(path)];
}

/** The prefix keeps a name that begins with "-" or holds ":" from being an option or a protocol. */
function fileUrl(path: string): string {
  return `file:${resolve(path)}`;
}
