import { z } from "zod";
import { RESTART, real } from "./key-parts.ts";

/** The section `live_sources`. */
export const liveSources = z.strictObject({
  live_delay_seconds: real(1, 30)
    .default(6)
    .describe(
      "How much later than it arrives a live source is shown, in seconds: the time in which its failure can be repaired unseen. No more than `channels.lead_seconds` counts.",
    )
    .meta(RESTART),
  slot_minutes: real(1, 1440)
    .default(60)
    .describe(
      "How long a source without end is on when its channel has other items too, in minutes. Where it is the only one it is always on.",
    )
    .meta(RESTART),
  return_after_seconds: real(0, 86_400)
    .default(60)
    .describe(
      "How long a preferred source must have been well before it takes over again from an alternate, in seconds; 0 leaves the alternate on until it fails.",
    )
    .meta(RESTART),
  freeze_seconds: real(0, 3600)
    .default(0)
    .describe(
      "How long a live picture may stand still before an alternate takes over, in seconds; 0 is for ever. Sources without alternate are not judged.",
    )
    .meta(RESTART),
  black_seconds: real(0, 3600).default(0).describe("The same of a picture that is black.").meta(RESTART),
  silence_seconds: real(0, 3600)
    .default(0)
    .describe("The same of sound that is silent (below −60 dB).")
    .meta(RESTART),
});
