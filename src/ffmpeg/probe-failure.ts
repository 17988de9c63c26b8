import { classify, type Failure } from "./failures.ts";

const FOREIGN: readonly [RegExp, string][] = [
  [/^(concat|hls|dash|imf|sdp|rtsp)$/, "a playlist or script that names other files"],
  [/_pipe$|^(image2|gif|apng|mjpeg|ico|svg)/, "a picture"],
  [
    /^(srt|webvtt|ass|ssa|microdvd|subviewer1?|sami|jacosub|mpl2|mpsub|vobsub|sup|stl|lrc|pjs|realtext)$/,
    "subtitles",
  ],
  [/^tty$/, "text"],
];

const DAMAGE: readonly [RegExp, string][] = [
  [/EBML header parsing failed/, "It is not a Matroska file, or its beginning is damaged."],
  [/Permission denied/, "The server is not allowed to read it."],
  [/No such file or directory/, "The file does not exist."],
  [/Input\/output error/, "The disk could not read it."],
  [
    /Cannot allocate memory|Too many open files/,
    "The server ran out of memory or file handles while reading it.",
  ],
  [/Invalid data found|End of file/, "It is not a media file, or its beginning is damaged."],
];

/**
 * Why ffprobe refused a file, in one sentence for a person. `head` is the beginning of the file: ffprobe goes by
 * the name when the content says nothing, so a text called .mp4 fails like a film that was cut off.
 */
export function explainRefusal(stderr: readonly string[], head: Uint8Array): string {
  const said = stderr.join("\n");
  const foreign = /\[(\S+) @ [^\]]*\] Format not on whitelist/.exec(said)?.[1];
  if (foreign !== undefined) {
    const what = FOREIGN.find(([pattern]) => pattern.test(foreign))?.[1] ?? `of the format "${foreign}"`;
    return `It is not a media file: its content is ${what}.`;
  }
  if (said.includes("moov atom not found")) {
    return startsWithMp4Box(head)
      ? "The file is incomplete: its index (moov atom not found) is missing, so it was cut off while it was copied or recorded."
      : "It is not a media file, whatever its name says.";
  }
  const known = DAMAGE.find(([pattern]) => pattern.test(said))?.[1];
  return known ?? `ffprobe could not read it: ${stderr.at(-1) ?? "no reason given"}.`;
}

/** The failure's name: an index is only missed by what is an MP4 in other respects. */
export function nameRefusal(stderr: readonly string[], head: Uint8Array): Failure | undefined {
  const telling = startsWithMp4Box(head) ? stderr : stderr.filter((line) => !line.includes("moov atom"));
  return classify({ stderr: telling });
}

/** ISO/IEC 14496-12 4.2: a length of 4 bytes, then the type. */
function startsWithMp4Box(head: Uint8Array): boolean {
  const type = String.fromCharCode(...head.subarray(4, 8));
  return /^(ftyp|styp|moov|moof|mdat|free|skip|wide|pnot|uuid|sidx)$/.test(type);
}
