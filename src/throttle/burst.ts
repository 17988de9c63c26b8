import { CatchUp } from "./catch-up.ts";
import type { ThrottleSettings } from "./settings.ts";
import type { ThrottleMode } from "./throttle-mode.ts";
import {
  type Entry,
  framesBehind,
  type PaceConditions,
  type PaceReport,
  type ViewerPace,
} from "./viewer-pace.ts";

/** How many times the media's pace a viewer that is behind is served at. */
export const BURST_FACTOR = 2;

/** Variable rate; a new viewer's buffer is filled at twice the media's pace. */
export const burst: ThrottleMode = {
  name: "burst",
  multiplex: "variable",
  horizon: (position) => position,
  pace: (settings, conditions) => new BurstPace(settings, conditions),
};

class BurstPace implements ViewerPace {
  readonly report: PaceReport = { mode: "burst", factor: BURST_FACTOR, decisions: [] };
  readonly #joinBehind: number;
  readonly #catchUp: CatchUp;

  constructor({ burstSeconds }: ThrottleSettings, conditions: PaceConditions) {
    this.#joinBehind = framesBehind(burstSeconds, conditions);
    this.#catchUp = new CatchUp(conditions.framesPerSecond);
  }

  entryBehind(entry: Entry): number {
    return entry === "join" ? this.#joinBehind : 0;
  }

  placeAt(position: number, nowMs: number): void {
    this.#catchUp.placeAt(position, nowMs);
  }

  limit(live: number, nowMs: number): number {
    return this.#catchUp.limit(live, nowMs, BURST_FACTOR);
  }

  blocked(nowMs: number): void {
    this.#catchUp.blocked(nowMs);
  }
}
