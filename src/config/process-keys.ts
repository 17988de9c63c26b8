import { z } from "zod";
import { LIVE, RESTART, real, whole } from "./key-parts.ts";

/** The section `process`. */
export const processKeys = z.strictObject({
  loop_delay_warning_ms: whole(50, 60_000)
    .default(500)
    .describe("An event loop that is held up for so long is reported, with the reason.")
    .meta(LIVE),
  memory_warning_percent: real(10, 99)
    .default(85)
    .describe(
      "Memory (JavaScript's heap, or all of the process) is reported from this share of its limit on.",
    )
    .meta(LIVE),
  hang_seconds: whole(5, 3600)
    .default(30)
    .describe(
      "A server whose event loop stands still for so long is killed by its supervisor, and started again.",
    )
    .meta(RESTART),
  max_restarts: whole(0, 1000)
    .default(10)
    .describe(
      "How often the supervisor starts a server again within `restart_window_seconds`; then it gives up.",
    )
    .meta(RESTART),
  restart_window_seconds: whole(1, 86_400)
    .default(600)
    .describe("Time in which `max_restarts` counts.")
    .meta(RESTART),
});
