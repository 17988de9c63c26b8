/** Compares when bytes arrived with what the stream's clock says of them. Milliseconds throughout. */
export class ArrivalMonitor {
  /** Longest time between two arrivals. */
  maxSilenceMs = 0;
  #lastMs = Number.NaN;
  #earliest = Number.POSITIVE_INFINITY;
  #latest = Number.NEGATIVE_INFINITY;

  /** Spread of arrival against the PCR, or undefined before the first PCR with a known arrival. */
  get jitterMs(): number | undefined {
    return this.#latest >= this.#earliest ? this.#latest - this.#earliest : undefined;
  }

  /** Whether times of arrival are known at all. */
  get isKnown(): boolean {
    return !Number.isNaN(this.#lastMs);
  }

  /** Bytes have arrived. */
  push(arrivalMs: number): void {
    if (this.isKnown) this.maxSilenceMs = Math.max(this.maxSilenceMs, arrivalMs - this.#lastMs);
    this.#lastMs = arrivalMs;
  }

  /** Among them a PCR, when the stream's clock stood at `streamMs`. */
  onPcr(streamMs: number): void {
    if (!this.isKnown) return;
    this.#earliest = Math.min(this.#earliest, this.#lastMs - streamMs);
    this.#latest = Math.max(this.#latest, this.#lastMs - streamMs);
  }
}
