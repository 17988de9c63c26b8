import { CatchUp } from "./catch-up.ts";
import type { AdaptiveSettings, ThrottleSettings } from "./settings.ts";
import type { ThrottleMode } from "./throttle-mode.ts";
import {
  type Entry,
  framesBehind,
  type PaceConditions,
  type PaceDecision,
  type PaceReport,
  type ViewerPace,
} from "./viewer-pace.ts";

/** How much further behind live a viewer is placed at each jump. */
const JUMP_SECONDS = 2;
/** Decisions that are kept per viewer. */
const MAX_DECISIONS = 50;

/**
 * Like burst, for each viewer by itself: the pace of catching up follows what its socket takes (additive increase,
 * multiplicative decrease), and one that has fallen out of the ring goes on further behind live each time, so
 * that it has more in hand when its connection is slow again.
 */
export const adaptive: ThrottleMode = {
  name: "adaptive",
  multiplex: "variable",
  horizon: (position) => position,
  pace: (settings, conditions) => new AdaptivePace(settings, conditions),
};

class AdaptivePace implements ViewerPace {
  readonly #settings: AdaptiveSettings;
  readonly #conditions: PaceConditions;
  readonly #catchUp: CatchUp;
  readonly #decisions: PaceDecision[] = [];
  readonly #burstSeconds: number;
  #jumps = 0;
  #factor: number;
  #windowBeganMs: number | undefined;
  #isWindowBlocked = false;

  constructor({ burstSeconds, adaptive }: ThrottleSettings, conditions: PaceConditions) {
    this.#settings = adaptive;
    this.#conditions = conditions;
    this.#catchUp = new CatchUp(conditions.framesPerSecond);
    this.#burstSeconds = burstSeconds;
    this.#factor = adaptive.maxFactor;
  }

  get report(): PaceReport {
    return { mode: "adaptive", factor: this.#factor, decisions: [...this.#decisions] };
  }

  entryBehind(entry: Entry, nowMs: number): number {
    if (entry === "jump") this.#jumps++;
    const seconds = entry === "resume" ? 0 : this.#burstSeconds + this.#jumps * JUMP_SECONDS;
    const frames = framesBehind(seconds, this.#conditions);
    this.#decide(nowMs, entry, frames / this.#conditions.framesPerSecond);
    return frames;
  }

  placeAt(position: number, nowMs: number): void {
    this.#catchUp.placeAt(position, nowMs);
  }

  limit(live: number, nowMs: number): number {
    this.#look(nowMs);
    return this.#catchUp.limit(live, nowMs, this.#factor);
  }

  blocked(nowMs: number): void {
    this.#isWindowBlocked = true;
    this.#look(nowMs);
    this.#catchUp.blocked(nowMs);
  }

  /** Changes the pace at the end of a window. */
  #look(nowMs: number): void {
    this.#windowBeganMs ??= nowMs;
    const { minFactor, maxFactor, step, backoff, windowSeconds } = this.#settings;
    if (nowMs - this.#windowBeganMs < windowSeconds * 1000) return;
    const isBlocked = this.#isWindowBlocked;
    const wished = isBlocked ? this.#factor * backoff : this.#factor + step;
    const factor = Math.min(maxFactor, Math.max(minFactor, Math.round(wished * 1000) / 1000));
    this.#windowBeganMs = nowMs;
    this.#isWindowBlocked = false;
    if (factor === this.#factor) return;
    this.#factor = factor;
    this.#decide(nowMs, isBlocked ? "blocked" : "clear");
  }

  #decide(atMs: number, reason: PaceDecision["reason"], behindSeconds?: number): void {
    this.#decisions.push({ atMs, reason, factor: this.#factor, behindSeconds });
    if (this.#decisions.length > MAX_DECISIONS) this.#decisions.shift();
  }
}
