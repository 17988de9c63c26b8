import { type WireGop, wireBytesDue } from "../mpegts/wire-gop.ts";

/**
 * Decides how much of a Gop may have left the server when the channel's clock stands at `position` (channel
 * frames, a real number). The throttle modes are implementations of this.
 */
export interface ReleasePolicy {
  /** Bytes from the start of the Gop; whole packets, never falling as `position` rises. */
  bytesDue(gop: WireGop, position: number): number;
}

/** Everything leaves at the pace of the media itself, or at its constant rate: each part when its time begins. */
export const mediaPace: ReleasePolicy = { bytesDue: wireBytesDue };
