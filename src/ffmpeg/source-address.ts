import { createHash } from "node:crypto";

/** How a source is spoken to. */
export type SourceScheme = "http" | "hls" | "rtsp" | "srt" | "udp" | "rtp" | "rtmp";

/** Where a source can be had, other than in a file of the library. */
export interface SourceAddress {
  readonly scheme: SourceScheme;
  /** As it was given, credentials included: for ffmpeg alone, never for a log, an event or an answer. */
  readonly url: string;
  /**
   * Its scheme, server and last name, with a mark that tells it from others where more was said: for people, and to
   * tell sources apart. Users, passwords, queries and the folders of a path (providers put keys there) are left out.
   */
  readonly label: string;
}

/** Longer addresses are refused. */
const MAX_CHARACTERS = 4096;
const SCHEMES: Readonly<Record<string, SourceScheme>> = {
  "http:": "http",
  "https:": "http",
  "rtsp:": "rtsp",
  "rtsps:": "rtsp",
  "srt:": "srt",
  "udp:": "udp",
  "rtp:": "rtp",
  "rtmp:": "rtmp",
  "rtmps:": "rtmp",
};

/** An address by its text; a sentence that says why when it is none that can be played. */
export function parseAddress(text: string): SourceAddress | string {
  if (text.length > MAX_CHARACTERS) return `An address is longer than ${MAX_CHARACTERS} characters.`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  if (/[\s\u0000-\u001f\u007f]/.test(text)) return "An address holds blanks or control characters.";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return "An address is not a valid URL.";
  const scheme = SCHEMES[url.protocol];
  if (!scheme) {
    return `Addresses that begin with "${url.protocol.slice(0, 20)}" are not played; those of http, https, rtsp, srt, udp, rtp and rtmp are.`;
  }
  if (!url.hostname && scheme !== "udp") return "An address names no server.";
  const isPlaylist = scheme === "http" && /\.m3u8?$/i.test(url.pathname);
  return { scheme: isPlaylist ? "hls" : scheme, url: text, label: labelOf(url) };
}

/** Whether text of a line is meant as an address, rather than as a path. */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]{1,30}:/i.test(text);
}

/** A last name longer than this is a key rather than a name. */
const MAX_NAME_CHARACTERS = 40;

function labelOf(url: URL): string {
  const plain = `${url.protocol}//${url.host}`;
  const names = url.pathname.split("/").filter(Boolean);
  const last = names.at(-1) ?? "";
  const isName = !url.protocol.startsWith("rtmp") && last.length <= MAX_NAME_CHARACTERS;
  const label = `${plain}/${names.length > 1 || !isName ? "…/" : ""}${isName ? last : ""}`;
  if (url.href === label || url.href === plain) return url.href;
  return `${label}~${createHash("sha256").update(url.href).digest("hex").slice(0, 8)}`;
}

/** A line of ffmpeg's without anything secret: the address by its label, others without user and query. */
export function withoutSecrets(line: string, { url, label }: SourceAddress): string {
  return line
    .replaceAll(url, label)
    .replace(/(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#]{0,1024}@/gi, "$1")
    .replace(/(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s?'"]{1,2048})\?[^\s'"]*/gi, "$1");
}

/** What may be spoken in the course of it: redirects, segments and keys included, files never. */
const PROTOCOLS: Readonly<Record<SourceScheme, readonly string[]>> = {
  http: ["http", "https", "tls", "tcp"],
  hls: ["http", "https", "tls", "tcp", "crypto"],
  rtsp: ["rtsp", "rtp", "srtp", "udp", "tcp", "tls"],
  srt: ["srt"],
  udp: ["udp"],
  rtp: ["rtp", "udp"],
  rtmp: ["rtmp", "rtmps", "tls", "tcp"],
};

/** Demuxers of streams, beside those of files. */
const STREAM_DEMUXERS: readonly string[] = [
  ...["mpegts", "mov", "matroska", "flv", "ogg", "aac", "mp3", "ac3", "eac3", "nut", "asf", "wav", "flac"],
];
/** Those that open further addresses are accepted where the address says so. */
const OWN_DEMUXERS: Readonly<Record<SourceScheme, readonly string[]>> = {
  http: STREAM_DEMUXERS,
  hls: ["hls", "mpegts", "mov", "aac", "mp3", "ac3", "eac3", "webvtt"],
  rtsp: ["rtsp", "rtp", "sdp", "mpegts", "rtp_mpegts"],
  srt: STREAM_DEMUXERS,
  udp: STREAM_DEMUXERS,
  rtp: ["rtp", "sdp", "mpegts", "rtp_mpegts"],
  rtmp: ["flv", "live_flv"],
};

/** A socket that says nothing for so long is given up by ffmpeg itself; runs are watched more closely. */
const SOCKET_TIMEOUT_US = 10_000_000;
/** A stream without a table of contents is listened to for so long to the last: what is known needs less. */
const KNOWN_US = 1_000_000;
const PROBE_BYTES = "5000000";

/** How a source is read. */
export interface AddressUse {
  /** It has an end and places to seek to; otherwise it is read as it comes. */
  readonly isFilm: boolean;
  /** The demuxer that a probe found. Throws RangeError when it does not belong to the address. */
  readonly demuxer?: string;
  /** How much is listened to, to find out what it is made of, in µs of media; default 1 s: what is known. */
  readonly analyseUs?: number;
}

/**
 * Arguments that open an address as an input of ffmpeg (5.1 and later) or ffprobe. Nothing is retried here, but for a
 * film, which is read on at the place that was reached: otherwise the restart policy decides.
 */
export function addressArguments({ scheme, url }: SourceAddress, use: AddressUse): string[] {
  const { isFilm, demuxer, analyseUs = KNOWN_US } = use;
  if (demuxer !== undefined && !OWN_DEMUXERS[scheme].includes(demuxer)) {
    throw new RangeError(`demuxer not accepted for ${scheme}: ${demuxer}`);
  }
  return [
    ...["-protocol_whitelist", PROTOCOLS[scheme].join(",")],
    ...["-format_whitelist", OWN_DEMUXERS[scheme].join(",")],
    ...optionsOf(scheme, isFilm),
    ...["-analyzeduration", String(analyseUs), "-probesize", PROBE_BYTES],
    ...(demuxer === undefined ? [] : ["-f", demuxer]),
    ...["-i", url],
  ];
}

function optionsOf(scheme: SourceScheme, isFilm: boolean): string[] {
  const timeout = String(SOCKET_TIMEOUT_US);
  switch (scheme) {
    case "http":
      return ["-rw_timeout", timeout, ...(isFilm ? RESUME : ["-seekable", "0"])];
    case "hls":
      return ["-rw_timeout", timeout, "-max_reload", "10"];
    case "rtsp":
      // First the way that works through NAT and firewalls; some servers know UDP alone. Its -timeout is that of the
      // socket (stimeout until 4.4).
      return ["-rtsp_flags", "prefer_tcp", "-timeout", timeout];
    case "srt":
      return ["-timeout", timeout, "-connect_timeout", "5000"];
    case "udp":
      return ["-timeout", timeout, "-fifo_size", "57344", "-overrun_nonfatal", "1"];
    case "rtp":
      // ffmpeg refuses the protocol's own options here; who reads it watches it.
      return [];
    case "rtmp":
      return ["-rw_timeout", timeout, "-rtmp_live", isFilm ? "any" : "live"];
  }
}

const RESUME = ["-reconnect", "1", "-reconnect_on_network_error", "1", "-reconnect_delay_max", "4"];
