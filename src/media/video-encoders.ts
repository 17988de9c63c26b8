/** The H.264 encoders of ffmpeg that the server knows how to use: software, then hardware as `auto` prefers it. */
export const VIDEO_ENCODERS = [
  "libx264",
  "h264_nvenc",
  "h264_qsv",
  "h264_videotoolbox",
  "h264_amf",
  "h264_vaapi",
  "h264_v4l2m2m",
] as const;

/** One of ffmpeg's H.264 encoders. */
export type VideoEncoderName = (typeof VIDEO_ENCODERS)[number];

/** The one that works on every machine. */
export const SOFTWARE_ENCODER = "libx264" satisfies VideoEncoderName;
