import { z } from "zod";
import { LIVE, real, whole } from "./key-parts.ts";

/** `auto`, or what a person wants instead. */
const autoOr = <Schema extends z.ZodType>(schema: Schema, words: string) =>
  z.union([z.literal("auto"), schema], { error: `expected ${words}, or "auto"` }).default("auto");

/** The section `encoders`. */
export const encoders = z.strictObject({
  max_concurrent: autoOr(whole(1, 10_000), "a number from 1 to 10000")
    .describe(
      "Encoders that may run at the same time, for channels and on demand; each channel has one, and two while one programme follows another. auto: 32 per processor, and no more than fit three quarters of the memory at 96 MiB each. It is a backstop: what a machine encodes in time is less (`exstreamtv machine`).",
    )
    .meta({ ...LIVE, words: "number from 1 to 10000, or auto" }),
  starts_per_second: autoOr(real(0.1, 1000), "a number from 0.1 to 1000")
    .describe(
      "Encoders that are started in a second, so that many channels that are tuned at once do not slow each other down. auto: 4 per processor.",
    )
    .meta({ ...LIVE, words: "number from 0.1 to 1000, or auto" }),
  memory_reserve_mb: whole(0, 1_000_000)
    .default(128)
    .describe(
      "Memory in MiB that stays free, of the machine's or of the container's (Linux). When less is left, the channel that came on air last makes way, one at a time and never the last one; no further channel is started before there is more again. 0: no reserve.",
    )
    .meta(LIVE),
  fd_reserve: whole(0, 100_000)
    .default(128)
    .describe(
      "File descriptors that stay free for channels on air and for management (Linux), at most a quarter of the limit. When fewer are left, new viewers are told to try again (503). 0: no reserve.",
    )
    .meta(LIVE),
});
