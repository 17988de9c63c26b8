import { PACKET_BYTES } from "./packets.ts";

/** What both kinds of pieces have. */
interface Piece {
  /** Transport packets: PAT, PMT, then an IDR, so that a piece can be the first thing a viewer gets. Immutable. */
  readonly bytes: Uint8Array;
  /** Channel frame that is shown first, and number of frames. */
  readonly frame: number;
  readonly frames: number;
}

/** A piece at the media's own pace. Slots divide it evenly in time; each begins where a PCR is due. */
export interface VariableWireGop extends Piece {
  readonly bps?: undefined;
  readonly slotsPerFrame: number;
  /** Byte position at which each slot begins, and at the end the length of `bytes`. */
  readonly slotOffsets: Uint32Array;
}

/**
 * A piece whose packets leave one after the other at even distance. It ends at the packet grid of the stream and
 * when its last picture has been sent: the next piece begins there, at its own first frame or a little later.
 */
export interface ConstantWireGop extends Piece {
  /** The piece's rate in bit/s: what was asked for, or more when the content did not fit. */
  readonly bps: number;
  /** Channel position (frames, a real number) at which the first packet leaves, and packets per channel frame. */
  readonly startPosition: number;
  readonly packetsPerFrame: number;
  /** How many of its packets are stuffing. */
  readonly nullPackets: number;
}

/** One Gop as transport packets: a piece of the channel's stream. */
export type WireGop = VariableWireGop | ConstantWireGop;

/**
 * Bytes of the piece that may have left when the channel's clock stands at `position` (channel frames, a real
 * number): whole packets, never falling as `position` rises. A packet or slot may leave when its time begins.
 */
export function wireBytesDue(gop: WireGop, position: number): number {
  if (gop.bps === undefined) {
    const slots = gop.frames * gop.slotsPerFrame;
    const begun = Math.floor((position - gop.frame) * gop.slotsPerFrame) + 1;
    return gop.slotOffsets[Math.min(slots, Math.max(0, begun))]!;
  }
  const begun = Math.floor((position - gop.startPosition) * gop.packetsPerFrame) + 1;
  return Math.min(gop.bytes.length, Math.max(0, begun) * PACKET_BYTES);
}

/** Bytes of a piece that are not stuffing. */
export function mediaBytes(gop: WireGop): number {
  return gop.bps === undefined ? gop.bytes.length : gop.bytes.length - gop.nullPackets * PACKET_BYTES;
}

/** Channel position at which the first byte of a piece may leave. */
export function wireStart(gop: WireGop): number {
  return gop.bps === undefined ? gop.frame : gop.startPosition;
}

/** Channel position at which the byte at `offset` of a piece leaves; at the media's own pace an estimate. */
export function wireTime(gop: WireGop, offset: number): number {
  if (gop.bps === undefined) return gop.frame + (offset / gop.bytes.length) * gop.frames;
  return gop.startPosition + offset / PACKET_BYTES / gop.packetsPerFrame;
}
