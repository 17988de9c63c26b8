import type { MemorySample } from "./gauges.ts";

/** Samples that one point of the trend stands for. */
const SAMPLES_PER_POINT = 6;
/** Points that are kept, and that a trend needs. */
const MOST_POINTS = 60;
const LEAST_POINTS = 20;
/** Growth is told when the limit would be met within so many points from now. */
const HORIZON_POINTS = 60;
/** What has been told is over when its share is so far below; growth, when it has slowed down so much. */
const HYSTERESIS = 0.1;
const GROWTH_OVER = 0.3;

/** What is wrong with the memory of the process. `share` is of the limit, 0…1. */
export type MemoryFinding =
  | {
      readonly type: "high";
      readonly of: "heap" | "rss";
      readonly bytes: number;
      readonly limitBytes: number;
    }
  | {
      readonly type: "growing";
      readonly bytes: number;
      readonly limitBytes: number;
      readonly bytesPerHour: number;
      /** Until the limit, as it looks now. */
      readonly hoursLeft: number;
    };

/**
 * Looks for memory that runs out: pure but for what it remembers. Asked every ten seconds, it takes the least of
 * each minute (what is used right after garbage was collected) as the truth about the heap, and its trend over
 * up to an hour.
 */
export class MemoryWatch {
  readonly #told = new Set<string>();
  readonly #minima: number[] = [];
  #recent: number[] = [];

  /** What is new at this sample; `highShare` is the share of a limit from which on it is told. */
  add(sample: MemorySample, highShare: number): MemoryFinding[] {
    const { heapUsed, heapLimit, rss, available } = sample;
    this.#recent.push(heapUsed);
    const least = Math.min(...this.#recent);
    const findings: MemoryFinding[] = [];
    const high = (of: "heap" | "rss", bytes: number, limitBytes: number) => {
      if (this.#isNews(of, bytes / limitBytes, highShare, highShare - HYSTERESIS))
        findings.push({ type: "high", of, bytes, limitBytes });
    };
    // The last sample alone may be garbage; less than three say nothing of the least.
    if (this.#recent.length >= 3) high("heap", least, heapLimit);
    high("rss", rss, available);
    if (this.#recent.length < SAMPLES_PER_POINT) return findings;
    this.#recent = [];
    this.#minima.push(least);
    if (this.#minima.length > MOST_POINTS) this.#minima.shift();
    const growth = this.#growth(least, heapLimit);
    if (growth) findings.push(growth);
    return findings;
  }

  #growth(bytes: number, limitBytes: number): MemoryFinding | undefined {
    if (this.#minima.length < LEAST_POINTS) return undefined;
    const perPoint = steadySlope(this.#minima);
    const pointsLeft = perPoint > 0 ? (limitBytes - bytes) / perPoint : Number.POSITIVE_INFINITY;
    // Early growth of a small heap is nothing: caches fill.
    const nearness = bytes < limitBytes / 4 ? 0 : HORIZON_POINTS / pointsLeft;
    if (!this.#isNews("growing", nearness, 1, GROWTH_OVER)) return undefined;
    const hour = 60;
    return {
      ...{ type: "growing", bytes, limitBytes },
      bytesPerHour: perPoint * hour,
      hoursLeft: pointsLeft / hour,
    };
  }

  /** Told once, and again only after it was over. */
  #isNews(name: string, share: number, threshold: number, over: number): boolean {
    if (share < over) this.#told.delete(name);
    if (share < threshold || this.#told.has(name)) return false;
    this.#told.add(name);
    return true;
  }
}

/**
 * Growth per point: the median of the slopes between points half of the series apart (after Theil and Sen), so that
 * neither a single peak nor a fall makes a trend.
 */
function steadySlope(points: readonly number[]): number {
  const distance = Math.floor(points.length / 2);
  const slopes = points.slice(distance).map((later, index) => (later - points[index]!) / distance);
  slopes.sort((a, b) => a - b);
  return slopes[Math.floor(slopes.length / 2)]!;
}
