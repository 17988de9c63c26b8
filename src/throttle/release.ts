import type { WireGop } from "../mpegts/wire-gop.ts";

/**
 * Decides how much of a Gop may have left the server when the channel's clock stands at `position` (channel
 * frames, a real number). The throttle modes are implementations of this.
 */
export interface ReleasePolicy {
  /** Bytes from the start of the Gop; whole packets, never falling as `position` rises. */
  bytesDue(gop: WireGop, position: number): number;
}

/** Everything leaves at the pace of the media itself: each slot when its time begins. */
export const mediaPace: ReleasePolicy = {
  bytesDue(gop, position) {
    const slots = gop.frames * gop.slotsPerFrame;
    const begun = Math.floor((position - gop.frame) * gop.slotsPerFrame) + 1;
    return gop.slotOffsets[Math.min(slots, Math.max(0, begun))]!;
  },
};
