import { isAddress, parseAddress, type SourceAddress } from "../ffmpeg/source-address.ts";

/** Extension of text files that name addresses, as Kodi and others write them. */
export const STRM_EXTENSION = ".strm";
/** Larger files, and more addresses than these, are refused. */
export const MAX_STRM_BYTES = 64 * 1024;
const MAX_PLACES = 16;
const MAX_TITLE_CHARACTERS = 200;
/** A day and a half: longer than any film, and than any slot. */
const MAX_SECONDS = 36 * 3600;

/** One place where a programme can be had: an address, or the path of a file as it was written. */
export type StrmPlace = SourceAddress | { readonly scheme: "file"; readonly path: string };

/** What a .strm file says. */
export interface Strm {
  /** Not empty; the most preferred first. */
  readonly places: readonly StrmPlace[];
  readonly title?: string;
  /** Length; undefined when it has no end: a live source. */
  readonly seconds?: number;
}

/**
 * Reads the text of a .strm file: an address or a path a line, the first one preferred, the others its alternates in
 * order. `#EXTINF:<seconds>,<title>` gives title and length (absent or not above 0: endless); other lines with `#` are
 * comments. A sentence that says why when it cannot be played; it repeats no address.
 */
export function parseStrm(text: string): Strm | string {
  const places: StrmPlace[] = [];
  let title: string | undefined;
  let seconds: number | undefined;
  for (const raw of text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/)) {
    const line = raw.trim();
    const info = /^#EXTINF:\s*(-?\d{1,9}(?:\.\d{1,9})?)?[^,]{0,500}(?:,(.*))?$/i.exec(line);
    if (info) {
      const [, length, name] = info;
      if (Number(length) > 0) seconds = Number(length);
      title = name?.trim().slice(0, MAX_TITLE_CHARACTERS) || title;
    }
    if (line === "" || line.startsWith("#")) continue;
    const place = placeOf(line);
    if (typeof place === "string") return place;
    places.push(place);
  }
  if (places.length === 0) return "There is no address in it.";
  if (places.length > MAX_PLACES) return `There are more than ${MAX_PLACES} addresses in it.`;
  if (seconds !== undefined && seconds > MAX_SECONDS) return "It states a length of more than 36 hours.";
  return { places, ...(title ? { title } : {}), ...(seconds === undefined ? {} : { seconds }) };
}

function placeOf(line: string): StrmPlace | string {
  if (isAddress(line)) return parseAddress(line);
  return line.includes("\0") ? "A path holds a zero byte." : { scheme: "file", path: line };
}
