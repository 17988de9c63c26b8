import type { ThrottleModeName } from "../config/schema.ts";

/**
 * Why a viewer is given a place in its channel: it has just come, it was too slow and has fallen out of what is
 * kept, or it goes on after a pause.
 */
export type Entry = "join" | "jump" | "resume";

/**
 * The viewer stage of a throttle mode: where one viewer begins, and how far it may have been served at any time.
 * Pure: positions are channel frames (real numbers), times monotonic ms, both handed in.
 */
export interface ViewerPace {
  /** How far behind live it is placed, in frames; 0 is the newest keyframe. Called once per entry. */
  entryBehind(entry: Entry, nowMs: number): number;
  /** It stands at `position`, and goes on from there. */
  placeAt(position: number, nowMs: number): void;
  /**
   * The position up to which it may have been served at `nowMs`, when the channel's clock stands at `live`: at
   * most `live`, or Infinity for everything that there is.
   */
  limit(live: number, nowMs: number): number;
  /** Its socket is full. Called at each tick while that lasts, in place of `limit`. */
  blocked(nowMs: number): void;
  /** What is to be shown of it. */
  readonly report: PaceReport;
}

/** How a viewer is being served, as plain data. */
export interface PaceReport {
  readonly mode: ThrottleModeName;
  /** Pace at which it is served while it is behind live, as a multiple of the media's own; absent when unbounded. */
  readonly factor?: number;
  /** The newest decisions of adaptive mode, the oldest first. */
  readonly decisions: readonly PaceDecision[];
}

/** One decision of adaptive mode. */
export interface PaceDecision {
  /** Monotonic time in ms. */
  readonly atMs: number;
  /** `clear`: it took everything for a window; `blocked`: it did not; the others as in `Entry`. */
  readonly reason: Entry | "clear" | "blocked";
  /** The pace from then on. */
  readonly factor: number;
  /** How far behind live it was placed, in seconds; on entries. */
  readonly behindSeconds?: number;
}

/** What a viewer's pace is made from. */
export interface PaceConditions {
  readonly framesPerSecond: number;
  /** How much of the channel is kept behind live, in frames. */
  readonly ringFrames: number;
}

/** Nobody is placed further back than this share of what is kept: there must be room to be slow in. */
const DEEPEST = 0.75;

/** `seconds` as frames behind live, as far back as a viewer may be placed. */
export function framesBehind(seconds: number, { framesPerSecond, ringFrames }: PaceConditions): number {
  return Math.min(seconds * framesPerSecond, ringFrames * DEEPEST);
}
