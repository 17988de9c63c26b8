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
