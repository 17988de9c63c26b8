/** A subtitle file as text, and how it is written. */
export interface SubtitleText {
  readonly text: string;
  /** ffmpeg's demuxer. */
  readonly format: "srt" | "ass" | "webvtt";
}

/**
 * Reads the bytes of a subtitle file: UTF-16 where a byte order mark says so, UTF-8 where it is valid UTF-8 from
 * beginning to end, otherwise windows-1252, in which no byte is wrong. Its form is told by its first words, since
 * names lie.
 */
export function readSubtitleText(bytes: Uint8Array): SubtitleText {
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes).replaceAll("\0", "");
  if (/^\s*\[Script Info\]/i.test(text)) return { text, format: "ass" };
  return { text, format: /^\s*WEBVTT/.test(text) ? "webvtt" : "srt" };
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

/** Plain text that ffmpeg has brought into ASS: braces that are no override are text, and are to be seen. */
export function escapeBraces(script: string): string {
  return script
    .split("\n")
    .map((line) => (line.startsWith("Dialogue:") ? line.replace(/\{(?!\\)/g, "\\{") : line))
    .join("\n");
}
