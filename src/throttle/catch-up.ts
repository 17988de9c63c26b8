/**
 * Leads a viewer that is behind live up to it at a multiple of the media's pace, and then along with it. Time in
 * which its socket takes nothing brings it no further, so that what it missed is not made up for in a rush.
 */
export class CatchUp {
  readonly #framesPerMs: number;
  /** Where it may have been served up to; Infinity while it goes along with live. */
  #position = Number.POSITIVE_INFINITY;
  #live = Number.POSITIVE_INFINITY;
  #atMs = 0;

  constructor(framesPerSecond: number) {
    this.#framesPerMs = framesPerSecond / 1000;
  }

  /** It goes on from `position` (channel frames). */
  placeAt(position: number, nowMs: number): void {
    this.#position = position;
    this.#atMs = nowMs;
  }

  /** See `ViewerPace.limit`; `factor` is the multiple of the media's pace since the last call. */
  limit(live: number, nowMs: number, factor: number): number {
    this.#live = live;
    if (this.#position === Number.POSITIVE_INFINITY) return live;
    this.#position += (nowMs - this.#atMs) * this.#framesPerMs * factor;
    this.#atMs = nowMs;
    if (this.#position < live) return this.#position;
    this.#position = Number.POSITIVE_INFINITY;
    return live;
  }

  /** See `ViewerPace.blocked`. */
  blocked(nowMs: number): void {
    this.#position = Math.min(this.#position, this.#live);
    this.#atMs = nowMs;
  }
}
