/** What an ffmpeg must be able to do for this server, by the option that lists it. */
export const REQUIREMENTS: readonly { option: string; kind: string; names: readonly string[] }[] = [
  { option: "-encoders", kind: "encoder", names: ["libx264", "aac"] },
  {
    option: "-filters",
    kind: "filter",
    names: [
      ...["scale", "pad", "fps", "setpts", "settb", "trim", "tpad", "color", "bwdif", "setsar"],
      ...["setparams", "setfield", "format", "asetpts", "atrim", "apad", "aresample", "aformat", "anullsrc"],
      ...["idet", "fieldmatch", "decimate", "ebur128", "volume", "alimiter", "overlay", "nullsink"],
    ],
  },
  { option: "-muxers", kind: "muxer", names: ["mp4", "adts"] },
  {
    option: "-demuxers",
    kind: "demuxer",
    names: [
      "mov",
      "matroska",
      "mpegts",
      "mpeg",
      "avi",
      "mp3",
      "flac",
      "ogg",
      "wav",
      "aac",
      "rawvideo",
      "f32le",
    ],
  },
  { option: "-protocols", kind: "protocol", names: ["file", "pipe"] },
];

/** Filters that are used when they are there: tone mapping of HDR needs all of these. */
export const TONE_MAP_FILTERS: readonly string[] = ["zscale", "tonemap"];

/** The filter that sets text subtitles, there where ffmpeg was built with libass. */
export const TEXT_FILTER = "subtitles";

/** The oldest release that everything is tested with, and its libavcodec, by which git builds are judged. */
export const MINIMUM = { release: [5, 1], libavcodec: [59, 37] } as const;

/** The version that a tool reports of itself. */
export interface ToolVersion {
  /** As printed, for instance "5.1.9-0+deb12u1" or "N-109741-gbbe95f7353". */
  readonly version: string;
  readonly libavcodec: readonly [major: number, minor: number] | undefined;
}

/** Reads the output of `ffmpeg -version` or `ffprobe -version`; undefined when it is something else. */
export function parseVersion(output: string): ToolVersion | undefined {
  const version = /^(?:ffmpeg|ffprobe) version (\S+)/m.exec(output)?.[1];
  if (version === undefined) return undefined;
  const codec = /^libavcodec\s+(\d+)\.\s*(\d+)\./m.exec(output);
  return { version, libavcodec: codec ? [Number(codec[1]), Number(codec[2])] : undefined };
}

/** True when the version is at least the minimum; builds without a release number go by their libavcodec. */
export function isRecentEnough({ version, libavcodec }: ToolVersion): boolean {
  const release = /^n?(\d+)\.(\d+)/.exec(version);
  if (release) return atLeast([Number(release[1]), Number(release[2])], MINIMUM.release);
  return libavcodec !== undefined && atLeast(libavcodec, MINIMUM.libavcodec);
}

function atLeast(actual: readonly [number, number], minimum: readonly [number, number]): boolean {
  return actual[0] > minimum[0] || (actual[0] === minimum[0] && actual[1] >= minimum[1]);
}

/**
 * The names in one of ffmpeg's lists (`-encoders`, `-filters`, …). A line is flags, name and description; a
 * name may be several joined by commas, flags may hold a blank, and protocols have none.
 */
export function parseNames(output: string): Set<string> {
  const names = new Set<string>();
  for (const line of output.split("\n")) {
    const [first = "", second = "", third = ""] = line.trim().split(/\s+/);
    const words = second.length === 1 ? [first, third] : [first, second];
    for (const name of words.join(",").split(",")) names.add(name);
  }
  return names;
}
