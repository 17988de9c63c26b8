/**
 * One Gop as transport packets, immutable. It begins with PAT, PMT and an IDR, so that it can be the first
 * thing a viewer gets. Slots divide it evenly in time; each begins with a packet that carries the PCR.
 */
export interface WireGop {
  readonly bytes: Uint8Array;
  /** Channel frame that is shown first, and number of frames. */
  readonly frame: number;
  readonly frames: number;
  readonly slotsPerFrame: number;
  /** Byte position at which each slot begins, and at the end the length of `bytes`. */
  readonly slotOffsets: Uint32Array;
}

/** Bytes of a Gop that are due when the channel's clock stands at `position` (channel frames, a real number). */
export function wireBytesDue(gop: WireGop, position: number): number {
  const slots = gop.frames * gop.slotsPerFrame;
  const begun = Math.floor((position - gop.frame) * gop.slotsPerFrame) + 1;
  return gop.slotOffsets[Math.min(slots, Math.max(0, begun))]!;
}
