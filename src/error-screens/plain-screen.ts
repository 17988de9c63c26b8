import { audioConfig } from "../codec/aac.ts";
import {
  CELL_PIXELS,
  type FlatPicture,
  idrPicture,
  MB_CELLS,
  repeatedPicture,
} from "../codec/flat-picture.ts";
import { NAL_LENGTH_BYTES } from "../codec/h264.ts";
import { macroblocks, pictureParameterSet, sequenceParameterSet } from "../codec/parameter-sets.ts";
import type { CodecParameters, Gop, Samples } from "../media/gop.ts";
import type { HouseFormat } from "../media/house-format.ts";
import { GLYPH_WIDTH, glyph } from "./pixel-font.ts";
import { layOut, type PlacedLine, type PlainText } from "./plain-layout.ts";

/** Luma, divided by 16, and the tint of the whole picture: letters of a calm white on dark blue. */
const BACKGROUND = 2;
const TITLE = 14;
const RULE = 5;
const DETAIL = 10;
const TINT = { cb: 139, cr: 122 } as const;

/**
 * idr_pic_id of the Gops of the loop. Other encoders count theirs from 0, so these differ from the first of those
 * as well as from each other: also a Gop that is cut to a single picture has neighbours with other numbers.
 */
const IDR_PIC_IDS = [2, 3] as const;

const NO_SOUND: Samples = {
  data: new Uint8Array(0),
  offsets: new Uint32Array(0),
  sizes: new Uint32Array(0),
};

/**
 * The screen for when there is no ffmpeg: Gops of a still picture with stored silence, to be shown in a loop,
 * encoded here and now without any other program. Only as much of the text is shown as fits the picture; one that
 * is too small for any is a plain colour.
 */
export function plainScreen(format: HouseFormat, text: PlainText): Gop[] {
  const picture = drawPlainScreen(format, text);
  const parameters = parametersOf(format);
  const mbs = picture.widthMbs * picture.heightMbs;
  const repeats = Array.from({ length: format.gopFrames - 1 }, (_, index) => repeatedPicture(mbs, index + 1));
  return IDR_PIC_IDS.map((id) => ({
    parameters,
    firstFrame: 0,
    video: accessUnits([idrPicture(picture, id), ...repeats]),
    displayOrder: Uint16Array.from({ length: format.gopFrames }, (_, index) => index),
    firstAudioFrame: 0,
    audio: NO_SOUND,
  }));
}

/** The picture that a plain screen shows. */
export function drawPlainScreen(
  { width, height }: Pick<HouseFormat, "width" | "height">,
  text: PlainText,
): FlatPicture {
  const [widthMbs, heightMbs] = [macroblocks(width), macroblocks(height)];
  const stride = widthMbs * MB_CELLS;
  const cells = new Uint8Array(stride * heightMbs * MB_CELLS).fill(BACKGROUND);
  const fill = (x: number, y: number, columns: number, rows: number, luma: number) => {
    for (let row = y; row < y + rows; row++) cells.fill(luma, row * stride + x, row * stride + x + columns);
  };
  const write = ({ text, x, y, scale }: PlacedLine, luma: number) => {
    for (const [place, character] of [...text].entries()) {
      const left = x + place * (GLYPH_WIDTH + 1) * scale;
      for (const [index, isSet] of glyph(character).entries()) {
        const [column, row] = [index % GLYPH_WIDTH, Math.floor(index / GLYPH_WIDTH)];
        if (isSet) fill(left + column * scale, y + row * scale, scale, scale, luma);
      }
    }
  };
  const layout = layOut(text, Math.floor(width / CELL_PIXELS), Math.floor(height / CELL_PIXELS));
  for (const line of layout.title) write(line, TITLE);
  for (const line of layout.detail) write(line, DETAIL);
  if (layout.rule) fill(layout.rule.x, layout.rule.y, layout.rule.width, layout.rule.height, RULE);
  return { widthMbs, heightMbs, cells, ...TINT };
}

function parametersOf(format: HouseFormat): CodecParameters {
  return {
    sps: sequenceParameterSet({ ...format, peakBps: format.videoPeakBps }),
    pps: pictureParameterSet(),
    audioConfig: audioConfig(format.audioSampleRate, format.audioChannels),
  };
}

/** Pictures of one NAL unit each as access units behind their lengths, end to end. */
function accessUnits(units: readonly Uint8Array[]): Samples {
  const sizes = Uint32Array.from(units, (unit) => NAL_LENGTH_BYTES + unit.length);
  const offsets = new Uint32Array(units.length);
  for (let index = 1; index < units.length; index++) offsets[index] = offsets[index - 1]! + sizes[index - 1]!;
  const data = new Uint8Array(offsets.at(-1)! + sizes.at(-1)!);
  const view = new DataView(data.buffer);
  for (const [index, unit] of units.entries()) {
    view.setUint32(offsets[index]!, unit.length);
    data.set(unit, offsets[index]! + NAL_LENGTH_BYTES);
  }
  return { data, offsets, sizes };
}
