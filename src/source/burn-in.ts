import type { SidecarFacts, SubtitleFacts, SubtitleKind } from "../ffmpeg/media-facts.ts";
import type { HouseFormat } from "../media/house-format.ts";

/** The subtitle track that an item shows. */
export interface ItemSubtitle {
  /** What tells its content from any other's: letters and digits, for a file name or a key. */
  readonly key: string;
  readonly kind: SubtitleKind;
  readonly track: SubtitleFacts | SidecarFacts;
}

/** A prepared subtitle file, see `SubtitleFiles`, and the picture that it is burnt into. */
export interface BurnIn {
  readonly kind: SubtitleKind;
  /** Path below the working folder, made of letters, digits, `-`, `.` and `/` alone. */
  readonly file: string;
  /** The text brings no style of its own. */
  readonly plain: boolean;
  /** Width and height of the film as coded, and its width to height as shown. */
  readonly coded: readonly [width: number, height: number];
  readonly aspect: number;
  /** Seconds from the file's start to the item's zero. */
  readonly zeroSeconds: number;
}

/** Folder of the fonts that text is set in, below the working folder. */
export const FONT_FOLDER = "fonts";

/** How far ahead of the wanted picture subtitles are read: those that have stood longer come back with the next one. */
const READ_EARLY_SECONDS = 30;
/** Lines of plain text, as a share of the house format's height or of the picture's width, whichever is less. */
const TEXT_HEIGHT = 0.065;
const TEXT_WIDTH = 0.045;
/** Height of the script that ffmpeg makes of plain text: its units are those of the styles. */
const SCRIPT_HEIGHT = 288;
const SCRIPT_WIDTH = 384;
/** Canvases from this height on have square pixels. */
const HD_HEIGHT = 720;
const WIDESCREEN = 16 / 9;

/** Filters that set text into the picture, at house resolution and before bars are added; times are `clock` times. */
export function setText(burnIn: BurnIn, format: HouseFormat): string[] {
  const options = [`filename=${burnIn.file}`, `fontsdir=${FONT_FOLDER}`];
  if (burnIn.plain) options.push(`force_style='${plainStyle(burnIn.aspect, format)}'`);
  else options.push(`original_size=${burnIn.coded.join("x")}`);
  return ["format=yuv420p", `subtitles=${options.join(":")}`];
}

/** White with a dark outline, of the same size on the screen whatever the shape of the film. */
function plainStyle(aspect: number, format: HouseFormat): string {
  const [width, height] = pictureSize(aspect, format);
  const pixels = Math.min(TEXT_HEIGHT * format.height, TEXT_WIDTH * width);
  const units = (share: number) => ((share * pixels * SCRIPT_HEIGHT) / height).toFixed(2);
  const style = {
    ...{ FontName: "DejaVu Sans", FontSize: units(1), Bold: 0 },
    ...{ PrimaryColour: "&H00FFFFFF", OutlineColour: "&H00101010", BackColour: "&H80000000" },
    ...{ BorderStyle: 1, Outline: units(0.07), Shadow: units(0.03), Alignment: 2 },
    ...{
      MarginV: units(0.6),
      MarginL: Math.round(SCRIPT_WIDTH / 20),
      MarginR: Math.round(SCRIPT_WIDTH / 20),
    },
  };
  return Object.entries(style)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

/**
 * The end of a chain, with the chains that lay subtitle pictures over it: the second input of the run, see
 * `bitmapArguments`.
 */
export function layPictures({ coded, aspect }: BurnIn, format: HouseFormat): string {
  const [width, height] = canvasSize(coded, aspect, format);
  return [
    "format=yuv420p[picture]",
    // Its packets are what ends a subtitle that only says how long it lasts.
    "[1:0]nullsink",
    `[1:1]scale=w='${width}':h='${height}':eval=frame:out_color_matrix=bt709:out_range=tv,format=yuva420p[subtitle]`,
    "[picture][subtitle]overlay=x='(W-w)/2':y='(H-h)/2':eof_action=pass",
  ].join(";");
}

/** Arguments that open prepared pictures from a while before `seconds` of the file. */
export function bitmapArguments({ file }: BurnIn, seconds: number): string[] {
  const from = seconds - READ_EARLY_SECONDS;
  return [
    ...(from > 0 ? ["-noaccurate_seek", "-ss", from.toFixed(3)] : []),
    ...[
      "-protocol_whitelist",
      "file",
      "-format_whitelist",
      "matroska",
      "-f",
      "matroska",
      "-i",
      `file:${file}`,
    ],
  ];
}

/**
 * Where a canvas of subtitles comes to lie, as expressions of its size `iw`, `ih`: centred upon the picture, which it
 * covers, but not beyond the house format. A canvas of the film's own pixels has the film's shape. One of another
 * shape is that of the frame that the film was cropped out of: square pixels in high definition; in standard
 * definition, whose pixels are not square, the film's shape or 16:9, whichever is narrower.
 */
function canvasSize(coded: BurnIn["coded"], aspect: number, format: HouseFormat): [string, string] {
  const [width, height] = pictureSize(aspect, format);
  const own = `lt(abs(iw*${coded[1]}/(ih*${coded[0]})-1),0.02)`;
  const sd = Math.min(aspect, WIDESCREEN).toFixed(6);
  const shape = `st(0,if(${own},${aspect.toFixed(6)},if(gte(ih,${HD_HEIGHT}),iw/ih,${sd})))`;
  const cover = `st(1,min(max(${height},${width}/ld(0)),min(${format.height},${format.width}/ld(0))))`;
  return [`${shape};${cover};max(2,round(ld(1)*ld(0)/2)*2)`, `${shape};${cover};max(2,round(ld(1)/2)*2)`];
}

/** Size of the film's picture within the house format. */
function pictureSize(aspect: number, { width, height }: HouseFormat): [width: number, height: number] {
  return aspect > width / height ? [width, width / aspect] : [height * aspect, height];
}
