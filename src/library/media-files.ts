import { extname } from "node:path";
import { STRM_EXTENSION } from "./strm.ts";

/** Extensions of the files that a scan looks at; what is in a file is then for the probe to say. */
export const MEDIA_EXTENSIONS: readonly string[] = [
  ...[
    ".mp4",
    ".m4v",
    ".mov",
    ".3gp",
    ".3g2",
    ".f4v",
    ".mkv",
    ".webm",
    ".avi",
    ".divx",
    ".wmv",
    ".asf",
    ".flv",
  ],
  ...[".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".m2v", ".vob", ".ogv", ".ogm", ".rm", ".rmvb", ".dv", ".mxf"],
  ...[
    ".gxf",
    ".nut",
    ".wtv",
    ".mp3",
    ".m4a",
    ".m4b",
    ".aac",
    ".flac",
    ".ogg",
    ".oga",
    ".opus",
    ".wav",
    ".w64",
  ],
  ...[".aif", ".aiff", ".wma", ".mka", ".ac3", ".eac3", ".dts", ".ape", ".wv", ".tta", ".caf", ".amr"],
];

const EXTENSIONS = new Set(MEDIA_EXTENSIONS);
/** Folders that storage systems and desktops keep for themselves. */
const SYSTEM_FOLDERS = /^(@eaDir|#recycle|#snapshot|\$RECYCLE\.BIN|System Volume Information|lost\+found)$/i;

/** True for a name that a scan passes over without a word. */
export function isHidden(name: string): boolean {
  return name.startsWith(".") || SYSTEM_FOLDERS.test(name);
}

/** True when the name's extension is one of a media file. */
export function hasMediaExtension(name: string): boolean {
  return EXTENSIONS.has(extname(name).toLowerCase());
}

/** True for a name that a scan looks at: of a media file, or of a .strm file. */
export function isPlayableName(name: string): boolean {
  return hasMediaExtension(name) || isStrm(name);
}

/** True for the name of a file that names addresses. */
export function isStrm(name: string): boolean {
  return extname(name).toLowerCase() === STRM_EXTENSION;
}

const TECHNICAL =
  /\s[([]?(?:\d{3,4}[pi]|4k|uhd|[xh][ .]?26[45]|hevc|xvid|divx|web[ -]?dl|web-?rip|blu-?ray|b[dr]-?rip|dvd-?rip|hdtv|hdrip|remux|10bit)\b.*$/i;

/** A title from a file name: no extension, no dots for blanks, nothing in brackets, no remarks on quality. */
export function titleFromFileName(name: string): string {
  const stem = name.slice(0, name.length - extname(name).length);
  const spaced = (/\s/.test(stem) ? stem : stem.replaceAll(".", " ")).replaceAll("_", " ");
  const title = spaced
    .replace(/\[[^\]]*\]|\{[^}]*\}/g, " ")
    .replace(TECHNICAL, "")
    .replace(/\s+/g, " ")
    .replace(/^[\s-]+|[\s-]+$/g, "");
  return title || stem;
}
