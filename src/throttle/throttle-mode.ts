import type { ThrottleModeName } from "../config/schema.ts";
import type { ThrottleSettings } from "./settings.ts";
import type { PaceConditions, ViewerPace } from "./viewer-pace.ts";

/**
 * How bytes leave the server, in two stages. The channel stage is the same for all viewers of a channel: how its
 * Gops are multiplexed, and when they leave the lead. The viewer stage stands behind it, one for each viewer.
 */
export interface ThrottleMode {
  readonly name: ThrottleModeName;
  /** `constant`: at the target rate, with null packets; `variable`: as many bytes as the media have. */
  readonly multiplex: "constant" | "variable";
  /** Gops that begin up to this channel position may leave the lead when the channel's clock stands at `position`. */
  horizon(position: number): number;
  /** The viewer stage of one viewer. */
  pace(settings: ThrottleSettings, conditions: PaceConditions): ViewerPace;
}
