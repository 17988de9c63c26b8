/**
 * Codec samples laid end to end in one buffer: sample i is `data[offsets[i] … offsets[i] + sizes[i])`.
 * The bytes are never changed, so samples may be shared by any number of readers.
 */
export interface Samples {
  readonly data: Uint8Array;
  readonly offsets: Uint32Array;
  readonly sizes: Uint32Array;
}

/** Parameter sets of a stream of samples, equal for all Gops of a channel. */
export interface CodecParameters {
  /** H.264 sequence and picture parameter sets, as NAL units without start code. */
  readonly sps: Uint8Array;
  readonly pps: Uint8Array;
  /** AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). */
  readonly audioConfig: Uint8Array;
}

/**
 * One complete closed group of pictures with the audio that belongs to its span: the only thing that sources
 * hand to a channel. All numbers are frames of the house format, counted from the start of the item, so that
 * the Gop n of an item is the same whichever encoder run made it.
 */
export interface Gop {
  readonly parameters: CodecParameters;
  /** Item frame that is shown first. */
  readonly firstFrame: number;
  /** H.264 access units in decode order, NAL units behind 4-byte lengths; the first one is an IDR. */
  readonly video: Samples;
  /** For each access unit, its place in the order of display, counted from 0: a permutation. */
  readonly displayOrder: Uint16Array;
  /** Number (in the item's own count of 1,024-sample frames) of the first audio sample held here. */
  readonly firstAudioFrame: number;
  /** AAC-LC raw frames. They reach one frame beyond the Gop's span on both sides, where the item has them. */
  readonly audio: Samples;
}

/** Number of video frames in a Gop. */
export function frameCount(gop: Gop): number {
  return gop.video.sizes.length;
}

/** The bytes of sample `index`. */
export function sample(samples: Samples, index: number): Uint8Array {
  const offset = samples.offsets[index]!;
  return samples.data.subarray(offset, offset + samples.sizes[index]!);
}

/** The samples `from` ≤ i < `to`, sharing the same bytes. */
export function sliceSamples(samples: Samples, from: number, to: number): Samples {
  return {
    data: samples.data,
    offsets: samples.offsets.subarray(from, to),
    sizes: samples.sizes.subarray(from, to),
  };
}

/**
 * The longest beginning of a Gop that decodes and shows at most `frames` frames without a hole: a prefix in
 * decode order whose display numbers are complete. At least the IDR alone; the whole Gop when it fits.
 */
export function truncateGop(gop: Gop, frames: number): Gop {
  if (frames >= frameCount(gop)) return gop;
  let keep = 1;
  let highest = 0;
  for (let index = 0; index < frames; index++) {
    highest = Math.max(highest, gop.displayOrder[index]!);
    if (highest === index) keep = index + 1;
  }
  return {
    ...gop,
    video: sliceSamples(gop.video, 0, keep),
    displayOrder: gop.displayOrder.subarray(0, keep),
  };
}
