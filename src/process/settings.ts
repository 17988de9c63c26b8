import type { Config } from "../config/schema.ts";
import type { ProcessThresholds } from "./process-watch.ts";
import type { SupervisionPolicy } from "./supervisor-link.ts";

/** From when on something is told, as the configuration says. */
export function processThresholds({ process: keys }: Config): ProcessThresholds {
  return { loopDelayMs: keys.loop_delay_warning_ms, memoryShare: keys.memory_warning_percent / 100 };
}

/** What the supervisor keeps to, as the configuration says. */
export function supervisionPolicy({ process: keys }: Config): SupervisionPolicy {
  return {
    hangMs: keys.hang_seconds * 1000,
    maxRestarts: keys.max_restarts,
    windowMs: keys.restart_window_seconds * 1000,
  };
}
