/** Ticks that are remembered: half a minute of fifty channels. */
const REMEMBERED = 37_500;

/** How late recent ticks came, in ms. */
export class Lateness {
  readonly #samples = new Float32Array(REMEMBERED);
  #count = 0;

  /** Timers may come a fraction of a millisecond early: that is not late. */
  add(ms: number): void {
    this.#samples[this.#count++ % REMEMBERED] = Math.max(0, ms);
  }

  /** The lateness that a share (0…1) of the recent ticks did not exceed; undefined before the first one. */
  percentile(share: number): number | undefined {
    const known = this.#samples.slice(0, this.#count).sort();
    return known[Math.min(known.length - 1, Math.floor(known.length * share))];
  }
}
