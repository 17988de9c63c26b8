import type { Rational } from "../base/rational.ts";
import { BitWriter, nalUnit } from "./bit-writer.ts";
import { NalType } from "./h264.ts";
import { levelOf } from "./h264-level.ts";

/** What the parameter sets of a stream say. */
export interface StreamShape {
  /** Pixels, even. */
  readonly width: number;
  readonly height: number;
  readonly fps: Rational;
  /** Most frames by which a picture's decoding may run ahead of its display. */
  readonly reorderFrames: number;
  /** Peak rate in bit/s. */
  readonly peakBps: number;
}

/** Pixels of a macroblock's side. */
export const MB_PIXELS = 16;
/** nal_ref_idc of everything that must not be lost. */
export const REF_IDC = 3;
/** Bits of frame_num and pic_order_cnt_lsb. */
export const COUNTER_BITS = 8;
/** Quantiser with which one unit of a luma DC coefficient is one unit of luma (8.5.10: LevelScale 256 << 4 >> 2). */
const LUMA_QP = 28;
/** The same for chroma, whose DC transform doubles: 22 (8.5.11). */
const CHROMA_QP = 22;

const PROFILE_HIGH = 100;
const CHROMA_420 = 1;
const SQUARE_PIXELS = 1;
const VIDEO_FORMAT_UNSPECIFIED = 5;
const BT709 = 1;
const CROP_UNIT = 2;
const REF_PIC_BUFFERS = 1;
/** log2 of the longest motion vector in quarter pixels; none is ever used. */
const MAX_MV_LOG2 = 11;

/** Number of macroblocks that cover `pixels`. */
export function macroblocks(pixels: number): number {
  return Math.ceil(pixels / MB_PIXELS);
}

/** The sequence parameter set (ITU-T H.264 7.3.2.1.1) of progressive High-profile 4:2:0 in BT.709, narrow range. */
export function sequenceParameterSet(shape: StreamShape): Uint8Array {
  const { width, height, reorderFrames } = shape;
  const widthMbs = macroblocks(width);
  const heightMbs = macroblocks(height);
  const bufferedFrames = reorderFrames + REF_PIC_BUFFERS;
  const w = new BitWriter();
  w.bits(8, PROFILE_HIGH);
  w.bits(8, 0); // constraint flags
  w.bits(8, levelOf({ ...shape, widthMbs, heightMbs, bufferedFrames }));
  w.ue(0); // seq_parameter_set_id
  w.ue(CHROMA_420);
  w.ue(0); // bit_depth_luma_minus8
  w.ue(0); // bit_depth_chroma_minus8
  w.flag(false); // qpprime_y_zero_transform_bypass_flag
  w.flag(false); // seq_scaling_matrix_present_flag
  w.ue(COUNTER_BITS - 4); // log2_max_frame_num_minus4
  w.ue(0); // pic_order_cnt_type
  w.ue(COUNTER_BITS - 4); // log2_max_pic_order_cnt_lsb_minus4
  w.ue(bufferedFrames); // max_num_ref_frames
  w.flag(false); // gaps_in_frame_num_value_allowed_flag
  w.ue(widthMbs - 1);
  w.ue(heightMbs - 1);
  w.flag(true); // frame_mbs_only_flag
  w.flag(true); // direct_8x8_inference_flag
  const cropRight = (widthMbs * MB_PIXELS - width) / CROP_UNIT;
  const cropBottom = (heightMbs * MB_PIXELS - height) / CROP_UNIT;
  const isCropped = cropRight > 0 || cropBottom > 0;
  w.flag(isCropped);
  if (isCropped) for (const offset of [0, cropRight, 0, cropBottom]) w.ue(offset);
  w.flag(true); // vui_parameters_present_flag
  usability(w, shape, bufferedFrames);
  return nalUnit(REF_IDC, NalType.sps, w.finish());
}

/** Video usability information (E.1.1). */
function usability(w: BitWriter, { fps, reorderFrames }: StreamShape, bufferedFrames: number): void {
  w.flag(true); // aspect_ratio_info_present_flag
  w.bits(8, SQUARE_PIXELS);
  w.flag(false); // overscan_info_present_flag
  w.flag(true); // video_signal_type_present_flag
  w.bits(3, VIDEO_FORMAT_UNSPECIFIED);
  w.flag(false); // video_full_range_flag
  w.flag(true); // colour_description_present_flag
  for (let property = 0; property < 3; property++) w.bits(8, BT709); // primaries, transfer, matrix
  w.flag(false); // chroma_loc_info_present_flag: left, as by default
  w.flag(true); // timing_info_present_flag
  w.bits(32, fps.den); // num_units_in_tick
  w.bits(32, 2 * fps.num); // time_scale: two ticks a frame
  w.flag(true); // fixed_frame_rate_flag
  w.flag(false); // nal_hrd_parameters_present_flag
  w.flag(false); // vcl_hrd_parameters_present_flag
  w.flag(false); // pic_struct_present_flag
  w.flag(true); // bitstream_restriction_flag
  w.flag(true); // motion_vectors_over_pic_boundaries_flag
  w.ue(0); // max_bytes_per_pic_denom
  w.ue(0); // max_bits_per_mb_denom
  w.ue(MAX_MV_LOG2);
  w.ue(MAX_MV_LOG2);
  w.ue(reorderFrames); // max_num_reorder_frames
  w.ue(bufferedFrames); // max_dec_frame_buffering
}

/** The picture parameter set (7.3.2.2): CAVLC, and quantisers with which flat blocks come out exactly. */
export function pictureParameterSet(): Uint8Array {
  const w = new BitWriter();
  w.ue(0); // pic_parameter_set_id
  w.ue(0); // seq_parameter_set_id
  w.flag(false); // entropy_coding_mode_flag
  w.flag(false); // bottom_field_pic_order_in_frame_present_flag
  w.ue(0); // num_slice_groups_minus1
  w.ue(0); // num_ref_idx_l0_default_active_minus1
  w.ue(0); // num_ref_idx_l1_default_active_minus1
  w.flag(false); // weighted_pred_flag
  w.bits(2, 0); // weighted_bipred_idc
  w.se(LUMA_QP - 26); // pic_init_qp_minus26
  w.se(0); // pic_init_qs_minus26
  w.se(CHROMA_QP - LUMA_QP); // chroma_qp_index_offset
  w.flag(true); // deblocking_filter_control_present_flag
  w.flag(false); // constrained_intra_pred_flag
  w.flag(false); // redundant_pic_cnt_present_flag
  return nalUnit(REF_IDC, NalType.pps, w.finish());
}
