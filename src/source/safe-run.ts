/**
 * What a safe run does differently (`RunProfile`). Nothing of it touches the encoder: what comes out has the same
 * parameter sets as that of any run in software, and the same pictures at the same places.
 */

/**
 * Options of the input. Timestamps: those of decoding are thrown away where there are others, and missing ones are
 * made. Damage is decoded as far as it goes. One thread decodes: what fails in a race of threads, or for want of
 * memory, may work so. More is read before the streams are known, and more may wait for its turn.
 */
export const SAFE_INPUT_OPTIONS: readonly string[] = [
  ...["-fflags", "+genpts+igndts", "-err_detect", "ignore_err", "-threads", "1"],
  ...["-probesize", "20M", "-analyzeduration", "20M", "-thread_queue_size", "1024"],
];

/** Packets of one stream that may wait for another one (ffmpeg's `-max_muxing_queue_size`). */
export const MUXING_QUEUE = { usual: "4096", safe: "32768" } as const;

/** Pixel formats that every filter of ours takes; anything else is brought into the nearest one first. */
export const PLAIN_FORMATS: string = [
  "format=yuv420p|yuv422p|yuv444p|yuvj420p|yuvj422p|yuvj444p",
  "yuv420p10|yuv422p10|yuv444p10|gbrp|rgb24|gray",
].join("|");
