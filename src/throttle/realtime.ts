import type { ThrottleMode } from "./throttle-mode.ts";
import type { ViewerPace } from "./viewer-pace.ts";

/** Constant rate: every viewer begins at the newest keyframe and is from then on where the channel's clock is. */
export const realtime: ThrottleMode = {
  name: "realtime",
  multiplex: "constant",
  horizon: (position) => position,
  pace: () => WITH_LIVE,
};

const WITH_LIVE: ViewerPace = {
  entryBehind: () => 0,
  placeAt: () => undefined,
  limit: (live) => live,
  blocked: () => undefined,
  report: { mode: "realtime", decisions: [] },
};
