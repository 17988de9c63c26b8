import type { Channel } from "./channel.ts";
import type { SourceRun } from "./figures.ts";

/** The figures of a channel as they stood at a moment; all but the lead only rise. Times in ms. */
interface Reading {
  readonly atMs: number;
  readonly airedFrames: number;
  readonly droppedFrames: number;
  readonly mediaBytes: number;
  readonly mediaFrames: number;
  readonly leadFrames: number;
  readonly run: SourceRun | undefined;
  readonly runFrames: number;
  readonly readMs: number;
  readonly heldMs: number;
}

/** Rates are those of so many seconds, and what was dropped is looked at over a minute. */
const RATE_MS = 10_000;
const DROPPED_MS = 60_000;
/** Readings that are kept: a minute of them, one a second, and some more. */
const MOST_READINGS = 64;
/** An encoder is held back when its Gops lie ready for longer than this share of the time. */
const HELD_SHARE = 0.02;
/** Less time than this is too little to tell a speed from, ms. */
const LEAST_READ_MS = 500;

/** What the last seconds of a channel come to. */
export interface Rates {
  /** Frames aired per second. */
  readonly fps: number;
  /** See `HealthFigures.speed`. */
  readonly speed: number;
  /** Bit/s without stuffing. */
  readonly bps: number;
  readonly leadChangeFrames: number;
  readonly droppedShare: number;
}

/** The last minute of a channel's figures, read once a second. */
export class HealthWindow {
  readonly #readings: Reading[];

  /** `startedMs`: when the channel went on air, with nothing of anything. */
  constructor(startedMs: number) {
    const nothing = { airedFrames: 0, droppedFrames: 0, mediaBytes: 0, mediaFrames: 0, leadFrames: 0 };
    this.#readings = [{ atMs: startedMs, ...nothing, run: undefined, runFrames: 0, readMs: 0, heldMs: 0 }];
  }

  /** Reads the channel's figures. */
  read(channel: Channel, nowMs: number): void {
    const { droppedFrames, mediaBytes, mediaFrames, run } = channel.figures;
    this.#readings.push({
      atMs: nowMs,
      airedFrames: channel.airedFrames,
      ...{ droppedFrames, mediaBytes, mediaFrames, run },
      leadFrames: channel.leadFrames,
      runFrames: run?.frames ?? 0,
      readMs: run?.readMs(nowMs) ?? 0,
      heldMs: run?.heldMs(nowMs) ?? 0,
    });
    if (this.#readings.length > MOST_READINGS) this.#readings.shift();
  }

  /** What they come to; `framesPerSecond`: of the house format. */
  rates(framesPerSecond: number): Rates {
    const last = this.#readings.at(-1);
    const first = this.#since(RATE_MS);
    const minute = this.#since(DROPPED_MS);
    if (!last || !first || !minute || last.atMs === first.atMs)
      return { fps: 0, speed: 1, bps: 0, leadChangeFrames: 0, droppedShare: 0 };
    const frames = last.mediaFrames - first.mediaFrames;
    const bits = 8 * (last.mediaBytes - first.mediaBytes);
    const due = (DROPPED_MS / 1000) * framesPerSecond;
    return {
      fps: (last.airedFrames - first.airedFrames) / ((last.atMs - first.atMs) / 1000),
      speed: this.#speed(last, framesPerSecond),
      bps: frames > 0 ? (bits * framesPerSecond) / frames : 0,
      leadChangeFrames: last.leadFrames - first.leadFrames,
      droppedShare: Math.min(1, (last.droppedFrames - minute.droppedFrames) / due),
    };
  }

  #speed(last: Reading, framesPerSecond: number): number {
    const { run } = last;
    if (!run || run.isEnded) return 1;
    const first = this.#readings.find(
      (reading) => reading.run === run && last.atMs - reading.atMs <= RATE_MS,
    )!;
    const readMs = last.readMs - first.readMs;
    const heldMs = last.heldMs - first.heldMs;
    if (readMs < LEAST_READ_MS) return 1;
    const speed = (1000 * (last.runFrames - first.runFrames)) / framesPerSecond / readMs;
    // What could go on faster and must not keeps pace: that it was fast before says nothing.
    return heldMs > HELD_SHARE * (last.atMs - first.atMs) && speed > 1 ? 1 : speed;
  }

  /** The oldest reading that is not older than `ms` before the last. */
  #since(ms: number): Reading | undefined {
    const last = this.#readings.at(-1);
    return last && this.#readings.find(({ atMs }) => last.atMs - atMs <= ms + 1);
  }
}
