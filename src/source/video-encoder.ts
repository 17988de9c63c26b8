import type { HouseFormat } from "../media/house-format.ts";
import { SOFTWARE_ENCODER, type VideoEncoderName } from "../media/video-encoders.ts";

/** How one of ffmpeg's encoders is used: everything that differs from encoder to encoder. */
export interface VideoEncoderArguments {
  /** Arguments before the inputs: devices. */
  readonly device: readonly string[];
  /** Filters behind the house format's own, which bring the picture to where the encoder takes it. */
  readonly upload: readonly string[];
  /** The encoder with its settings, which depend on the house format alone. */
  readonly settings: readonly string[];
}

/** Share of the peak rate that encoders without a quality mode of their own aim at. */
const MEAN_RATE = 0.8;

/** What ffmpeg is told about the encoder. */
export function videoEncoderArguments(encoder: VideoEncoderName, format: HouseFormat): VideoEncoderArguments {
  if (encoder === SOFTWARE_ENCODER) return { device: [], upload: [], settings: software(format) };
  const { device = [], upload = [], options } = HARDWARE[encoder];
  return { device, upload, settings: ["-c:v", encoder, ...options, ...common(format)] };
}

function software(format: HouseFormat): string[] {
  const buffer = bufferBits(format);
  const x264 = [
    `keyint=${format.gopFrames}`,
    `min-keyint=${format.gopFrames}`,
    "scenecut=0",
    "open-gop=0",
    `bframes=${format.reorderFrames > 0 ? 2 : 0}`,
    "b-pyramid=none",
    "force-cfr=1",
    "colorprim=bt709",
    "transfer=bt709",
    "colormatrix=bt709",
    "chromaloc=0",
  ];
  return [
    ...["-c:v", SOFTWARE_ENCODER, "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p"],
    ...["-maxrate", String(format.videoPeakBps), "-bufsize", String(buffer)],
    ...["-rc_init_occupancy", String(Math.floor(buffer / 3)), "-x264-params", x264.join(":")],
  ];
}

/** A VBV buffer of half a second that starts a third full: a splice never starves the decoder. */
function bufferBits(format: HouseFormat): number {
  return Math.floor(format.videoPeakBps / 2);
}

/**
 * What all hardware encoders are told. No B-frames: their reordering differs from driver to driver, and without
 * any it is surely within the house format's. An access unit delimiter of their own would be a second one.
 */
function common(format: HouseFormat): string[] {
  const buffer = bufferBits(format);
  return [
    ...["-b:v", String(Math.floor(format.videoPeakBps * MEAN_RATE)), "-maxrate", String(format.videoPeakBps)],
    ...["-bufsize", String(buffer), "-rc_init_occupancy", String(Math.floor(buffer / 3))],
    ...["-g", String(format.gopFrames), "-keyint_min", String(format.gopFrames), "-bf", "0"],
    ...["-flags:v", "+cgop", "-bsf:v", "h264_metadata=aud=remove"],
  ];
}

interface Hardware {
  readonly device?: readonly string[];
  readonly upload?: readonly string[];
  readonly options: readonly string[];
}

const HARDWARE: Record<Exclude<VideoEncoderName, typeof SOFTWARE_ENCODER>, Hardware> = {
  h264_nvenc: {
    options: [
      ...["-preset", "p4", "-rc", "vbr", "-profile:v", "high", "-pix_fmt", "yuv420p"],
      ...["-forced-idr", "1", "-no-scenecut", "1", "-strict_gop", "1"],
    ],
  },
  h264_qsv: {
    options: [
      ...["-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "nv12", "-idr_interval", "0"],
      ...["-look_ahead", "0", "-adaptive_i", "0"],
    ],
  },
  h264_videotoolbox: { options: ["-profile:v", "high", "-pix_fmt", "nv12", "-allow_sw", "0"] },
  h264_amf: {
    options: ["-usage", "transcoding", "-quality", "speed", "-rc", "vbr_peak", "-pix_fmt", "nv12"],
  },
  h264_vaapi: {
    device: ["-init_hw_device", "vaapi=gpu", "-filter_hw_device", "gpu"],
    upload: ["format=nv12", "hwupload"],
    options: ["-profile:v", "high", "-idr_interval", "0"],
  },
  h264_v4l2m2m: { options: ["-pix_fmt", "yuv420p"] },
};
