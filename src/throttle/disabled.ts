import type { ThrottleMode } from "./throttle-mode.ts";
import type { ViewerPace } from "./viewer-pace.ts";

/**
 * No throttling: bytes leave as they are made, bounded by the lead alone. A viewer begins with what its channel's
 * schedule has on now and is handed all that is made beyond it.
 */
export const disabled: ThrottleMode = {
  name: "disabled",
  multiplex: "variable",
  horizon: () => Number.POSITIVE_INFINITY,
  pace: () => UNBOUNDED,
};

const UNBOUNDED: ViewerPace = {
  entryBehind: () => 0,
  placeAt: () => undefined,
  limit: () => Number.POSITIVE_INFINITY,
  blocked: () => undefined,
  report: { mode: "disabled", decisions: [] },
};
