import type { VideoFacts } from "../ffmpeg/media-facts.ts";

/** How the samples of a source stand for colours, with nothing left open. */
export interface SourceColour {
  /** Luma and chroma weights by the name that ffmpeg's `scale` knows; "rgb" when there are none. */
  readonly matrix: "bt601" | "bt709" | "bt2020" | "fcc" | "smpte240m" | "rgb";
  readonly range: "tv" | "pc";
  /** pq: SMPTE ST 2084; hlg: ARIB STD-B67. Dolby Vision with a compatible base layer is one of the two. */
  readonly transfer: "sdr" | "pq" | "hlg";
  /** The primaries are those of ITU-R BT.2020. */
  readonly wideGamut: boolean;
  /** Samples are grey values alone. */
  readonly grey: boolean;
  /** Brightest light that the source says it holds, in cd/m². */
  readonly peakNits?: number;
}

/** Standard-definition pictures that do not say their matrix have that of ITU-R BT.601, as every player assumes. */
const SD_MAX_HEIGHT = 576;
const SD_MAX_WIDTH = 1024;

/** Light that is shown as white in HDR (ITU-R BT.2408), in cd/m². */
const REFERENCE_WHITE_NITS = 203;
const DEFAULT_PEAK_NITS = 1000;

const MATRICES: Readonly<Record<string, SourceColour["matrix"]>> = {
  bt709: "bt709",
  fcc: "fcc",
  bt470bg: "bt601",
  smpte170m: "bt601",
  smpte240m: "smpte240m",
  bt2020nc: "bt2020",
  bt2020c: "bt2020",
};

/** Codecs in which unmarked grey is luma of the narrow range, rather than a grey picture. */
const VIDEO_CODECS = /^(?:h264|hevc|av1|vp\d|mpeg)/;

/** What a video stream says about its colours, and what has to be assumed where it is silent. */
export function colourOf(video: VideoFacts): SourceColour {
  const format = video.pixelFormat ?? "";
  const transfer = transferOf(video.colorTransfer);
  const grey = /^(?:gray|ya)/.test(format);
  const isRgb = /^(?:gbr|rgb|bgr|argb|abgr|0rgb|0bgr|x2rgb|x2bgr|pal8|mono)/.test(format);
  return {
    matrix: isRgb ? "rgb" : (MATRICES[video.colorSpace ?? ""] ?? assumedMatrix(video, transfer)),
    range: rangeOf(video, grey),
    transfer,
    wideGamut: video.colorPrimaries === "bt2020" || transfer !== "sdr",
    grey,
    peakNits: video.peakNits,
  };
}

function rangeOf({ codec, colorRange, pixelFormat = "" }: VideoFacts, grey: boolean): "tv" | "pc" {
  if (colorRange === "tv" || colorRange === "pc") return colorRange;
  if (grey) return VIDEO_CODECS.test(codec) ? "tv" : "pc";
  return pixelFormat.startsWith("yuvj") ? "pc" : "tv";
}

function transferOf(name: string | undefined): SourceColour["transfer"] {
  if (name === "smpte2084") return "pq";
  return name === "arib-std-b67" ? "hlg" : "sdr";
}

function assumedMatrix(video: VideoFacts, transfer: SourceColour["transfer"]): SourceColour["matrix"] {
  if (transfer !== "sdr" || video.colorPrimaries === "bt2020") return "bt2020";
  return video.height <= SD_MAX_HEIGHT && video.width <= SD_MAX_WIDTH ? "bt601" : "bt709";
}

/** Options of `scale` that read a source's samples as what they are and write BT.709, or what `toBt709` expects. */
export function scaleColours(colour: SourceColour, canToneMap: boolean): string {
  // `scale` takes any grey for full range: narrow grey is let through as it is.
  if (colour.grey) return `:out_color_matrix=bt709:out_range=${colour.range === "tv" ? "pc" : "tv"}`;
  const matrix = colour.matrix === "rgb" ? "" : `:in_color_matrix=${colour.matrix}:in_range=${colour.range}`;
  const output = needsLight(colour) && canToneMap ? "bt2020" : "bt709";
  return `${matrix}:out_color_matrix=${output}:out_range=tv`;
}

/**
 * Filters that follow `scaleColours` and leave BT.709: for HDR and for wide gamut by way of linear light, where
 * brightness beyond white is bent rather than cut off; otherwise none. Without `zscale` and `tonemap` in ffmpeg,
 * HDR is only relabelled: everything can be seen, but it looks pale.
 */
export function toBt709(colour: SourceColour, canToneMap: boolean): string[] {
  if (!needsLight(colour) || !canToneMap) return [];
  const transfer = { sdr: "bt709", pq: "smpte2084", hlg: "arib-std-b67" }[colour.transfer];
  const linear = `zscale=min=2020_ncl:rin=tv:pin=2020:tin=${transfer}:t=linear:npl=${REFERENCE_WHITE_NITS}`;
  return [
    "format=yuv420p10le",
    linear,
    "format=gbrpf32le",
    "zscale=pin=2020:p=709:tin=linear:t=linear",
    ...(colour.transfer === "sdr" ? [] : [bendHighlights(colour)]),
    "zscale=pin=709:tin=linear:p=709:t=709:m=709:r=tv",
  ];
}

function bendHighlights({ transfer, peakNits }: SourceColour): string {
  // HLG has no light of its own beyond its nominal display (ITU-R BT.2100).
  const nits = transfer === "hlg" ? DEFAULT_PEAK_NITS : (peakNits ?? DEFAULT_PEAK_NITS);
  const peak = Math.min(Math.max(nits / REFERENCE_WHITE_NITS, 1.5), 20);
  return `tonemap=tonemap=mobius:param=0.3:desat=0:peak=${peak.toFixed(3)}`;
}

function needsLight({ transfer, wideGamut }: SourceColour): boolean {
  return transfer !== "sdr" || wideGamut;
}
