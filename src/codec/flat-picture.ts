import { BitWriter, nalUnit } from "./bit-writer.ts";
import { writeBlock } from "./cavlc.ts";
import { NalType } from "./h264.ts";
import { COUNTER_BITS, REF_IDC } from "./parameter-sets.ts";

/**
 * A picture of flat cells of 4×4 pixels in one tint, which is what Intra16x16 macroblocks show without AC
 * coefficients. With the quantisers of `pictureParameterSet` and luma in steps of 16, every coefficient is a whole
 * number and the decoded picture is the given one, to the last bit: the encoder knows what it predicts from
 * without decoding anything.
 */
export interface FlatPicture {
  readonly widthMbs: number;
  readonly heightMbs: number;
  /** Luma of each cell, divided by 16 (0 … 15), row by row, 4·widthMbs in a row. */
  readonly cells: Uint8Array;
  /** Of the whole picture, 0 … 255; 128 is grey. */
  readonly cb: number;
  readonly cr: number;
}

/** Cells along the side of a macroblock. */
export const MB_CELLS = 4;
/** Pixels along the side of a cell. */
export const CELL_PIXELS = 4;

/** Slices that all slices of the picture are like (table 7-6). */
const SliceType = { p: 5, i: 7 } as const;
/** Ways to predict an Intra16x16 macroblock (table 8-4); mb_type is this plus 1, plus 4 with chroma DC (table 7-11). */
const Predict = { vertical: 0, horizontal: 1, dc: 2 } as const;
const MB_TYPE_I16 = 1;
const MB_TYPE_CHROMA_DC = 4;
/** Luma that is predicted where there is nothing yet, divided by 16, and chroma. */
const MID_STEP = 8;
const MID_CHROMA = 128;
const NO_DEBLOCKING = 1;

/** Place in the matrix of each coefficient in zig-zag order (table 8-2). */
const ZIGZAG = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15];

/**
 * The picture as an IDR picture, a NAL unit without start code. Two IDR pictures that follow each other must have
 * different `idrPicId` (0 … 65,535; ITU-T H.264 7.4.3).
 */
export function idrPicture(picture: FlatPicture, idrPicId: number): Uint8Array {
  const w = new BitWriter();
  sliceHeader(w, SliceType.i, 0);
  w.ue(idrPicId);
  w.bits(COUNTER_BITS, 0); // pic_order_cnt_lsb
  w.flag(false); // no_output_of_prior_pics_flag
  w.flag(false); // long_term_reference_flag
  sliceTail(w);
  const scratch = new Int16Array(MB_CELLS * MB_CELLS);
  for (let mbY = 0; mbY < picture.heightMbs; mbY++) {
    for (let mbX = 0; mbX < picture.widthMbs; mbX++) macroblock(w, picture, mbX, mbY, scratch);
  }
  return nalUnit(REF_IDC, NalType.idr, w.finish());
}

/** A picture that repeats the one before it, `number` frames after the IDR picture, in `mbs` macroblocks. */
export function repeatedPicture(mbs: number, number: number): Uint8Array {
  const w = new BitWriter();
  sliceHeader(w, SliceType.p, number);
  w.bits(COUNTER_BITS, 2 * number); // pic_order_cnt_lsb counts fields
  w.flag(false); // num_ref_idx_active_override_flag
  w.flag(false); // ref_pic_list_modification_flag_l0
  w.flag(false); // adaptive_ref_pic_marking_mode_flag
  sliceTail(w);
  w.ue(mbs); // mb_skip_run
  return nalUnit(REF_IDC, NalType.slice, w.finish());
}

/** The beginning of a slice header (7.3.3). */
function sliceHeader(w: BitWriter, type: number, frameNumber: number): void {
  w.ue(0); // first_mb_in_slice
  w.ue(type);
  w.ue(0); // pic_parameter_set_id
  w.bits(COUNTER_BITS, frameNumber);
}

function sliceTail(w: BitWriter): void {
  w.se(0); // slice_qp_delta
  w.ue(NO_DEBLOCKING); // disable_deblocking_filter_idc
}

function macroblock(w: BitWriter, picture: FlatPicture, mbX: number, mbY: number, scratch: Int16Array): void {
  const mode = mbX > 0 ? Predict.horizontal : mbY > 0 ? Predict.vertical : Predict.dc;
  const isFlat = residual(picture, mbX, mbY, mode, scratch);
  // Chroma is predicted from its neighbours, so only the first macroblock has any.
  const { cb, cr } = picture;
  const hasChroma = mode === Predict.dc && (cb !== MID_CHROMA || cr !== MID_CHROMA);
  w.ue(MB_TYPE_I16 + mode + (hasChroma ? MB_TYPE_CHROMA_DC : 0));
  w.ue(0); // intra_chroma_pred_mode: DC
  w.se(0); // mb_qp_delta
  if (isFlat)
    w.flag(true); // coeff_token: none
  else writeBlock(w, transform(scratch));
  if (hasChroma) for (const value of [cb, cr]) writeBlock(w, Int16Array.of(value - MID_CHROMA, 0, 0, 0));
}

/** Fills `target` with what the cells of a macroblock differ by from their prediction; true when nothing differs. */
function residual(
  { cells, widthMbs }: FlatPicture,
  mbX: number,
  mbY: number,
  mode: number,
  target: Int16Array,
): boolean {
  const stride = widthMbs * MB_CELLS;
  const origin = mbY * MB_CELLS * stride + mbX * MB_CELLS;
  let isFlat = true;
  for (let y = 0; y < MB_CELLS; y++) {
    const row = origin + y * stride;
    for (let x = 0; x < MB_CELLS; x++) {
      const predicted =
        mode === Predict.horizontal
          ? cells[row - 1]!
          : mode === Predict.vertical
            ? cells[origin - stride + x]!
            : MID_STEP;
      const difference = cells[row + x]! - predicted;
      target[y * MB_CELLS + x] = difference;
      if (difference !== 0) isFlat = false;
    }
  }
  return isFlat;
}

/** The Hadamard transform of 4×4 differences (what 8.5.10 inverts), in the order of scanning. */
function transform(block: Int16Array): Int16Array {
  for (let row = 0; row < 4; row++) butterfly(block, 4 * row, 1);
  for (let column = 0; column < 4; column++) butterfly(block, column, 4);
  return Int16Array.from(ZIGZAG, (place) => block[place]!);
}

function butterfly(block: Int16Array, at: number, step: number): void {
  const [a, b, c, d] = [block[at]!, block[at + step]!, block[at + 2 * step]!, block[at + 3 * step]!];
  block[at] = a + b + c + d;
  block[at + step] = a + b - c - d;
  block[at + 2 * step] = a - b - c + d;
  block[at + 3 * step] = a - b + c - d;
}
