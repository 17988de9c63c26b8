import { PACKET_BYTES } from "./packet-reader.ts";

const WINDOW = 64;
const FEWEST = 16;
const TICKS_PER_NS = 0.027;
/** ±500 ns (ISO/IEC 13818-1 2.4.2.1), in ticks of 27 MHz. */
const LIMIT_TICKS = 500 * TICKS_PER_NS;
const CONSTANT_SHARE = 0.9;
const RATE_SPREAD = 0.001;
/** Coarser errors than this part of a packet's duration cannot be told from a varying rate. */
const TOLERANCE_BYTES = PACKET_BYTES / 20;

/** What the byte positions say of the PCRs; `constantRate` is undefined when there were too few to tell. */
export interface PcrAccuracyResult {
  readonly constantRate: boolean | undefined;
  /** PCRs off by more than 500 ns, and the largest error; meaningful at constant rate only. */
  readonly errors: number;
  readonly worstNs: number;
}

interface Line {
  readonly ticksPerByte: number;
  readonly originTicks: number;
}

interface Tally {
  windows: number;
  constant: number;
  errors: number;
  worstTicks: number;
  slowest: number;
  fastest: number;
}

/**
 * PCR accuracy from byte positions (ETSI TR 101 290 2.4). Windows of 64 PCRs are laid against a straight line.
 * A window counts as constant rate when half of its PCRs lie within a twentieth of a packet of the line.
 */
export class PcrAccuracy {
  readonly #positions = new Float64Array(WINDOW);
  readonly #ticks = new Float64Array(WINDOW);
  readonly #tally: Tally = {
    windows: 0,
    constant: 0,
    errors: 0,
    worstTicks: 0,
    slowest: Number.POSITIVE_INFINITY,
    fastest: 0,
  };
  #count = 0;

  /** A PCR in ticks that run on without wrap, and the byte position of its packet. */
  push(position: number, ticks: number): void {
    this.#positions[this.#count] = position;
    this.#ticks[this.#count] = ticks;
    this.#count += 1;
    if (this.#count < WINDOW) return;
    this.#judge(this.#tally);
    this.#count = 0;
  }

  /** The time base or the byte count has a break here: begin a new window. */
  restart(): void {
    this.#count = 0;
  }

  /** The outcome up to now; more may be pushed afterwards. */
  result(): PcrAccuracyResult {
    const tally = { ...this.#tally };
    if (this.#count >= FEWEST) this.#judge(tally);
    if (tally.windows === 0) return { constantRate: undefined, errors: 0, worstNs: 0 };
    const constantRate =
      tally.constant >= tally.windows * CONSTANT_SHARE && tally.fastest <= tally.slowest * (1 + RATE_SPREAD);
    return { constantRate, errors: tally.errors, worstNs: tally.worstTicks / TICKS_PER_NS };
  }

  #judge(tally: Tally): void {
    tally.windows += 1;
    const rough = this.#robustLine();
    const tolerance = TOLERANCE_BYTES * rough.ticksPerByte;
    if (!(this.#medianError(rough) <= tolerance)) return;
    const line = this.#fit(rough, tolerance);
    tally.constant += 1;
    tally.slowest = Math.min(tally.slowest, 1 / line.ticksPerByte);
    tally.fastest = Math.max(tally.fastest, 1 / line.ticksPerByte);
    for (let index = 0; index < this.#count; index++) {
      const error = Math.abs(this.#error(index, line));
      tally.worstTicks = Math.max(tally.worstTicks, error);
      if (error > LIMIT_TICKS) tally.errors += 1;
    }
  }

  #error(index: number, line: Line): number {
    return this.#ticks[index]! - line.originTicks - this.#positions[index]! * line.ticksPerByte;
  }

  /** A line that single wrong PCRs do not pull: median slope over half the window, median offset. */
  #robustLine(): Line {
    const half = this.#count >> 1;
    const slopes = new Float64Array(half);
    for (let index = 0; index < half; index++) {
      const bytes = this.#positions[index + half]! - this.#positions[index]!;
      slopes[index] = (this.#ticks[index + half]! - this.#ticks[index]!) / bytes;
    }
    const ticksPerByte = median(slopes);
    const offsets = new Float64Array(this.#count);
    for (let index = 0; index < this.#count; index++) {
      offsets[index] = this.#ticks[index]! - this.#positions[index]! * ticksPerByte;
    }
    return { ticksPerByte, originTicks: median(offsets) };
  }

  #medianError(line: Line): number {
    const errors = new Float64Array(this.#count);
    for (let index = 0; index < this.#count; index++) errors[index] = Math.abs(this.#error(index, line));
    return median(errors);
  }

  /** Least squares over the PCRs that lie within `tolerance` of `line`. */
  #fit(line: Line, tolerance: number): Line {
    let count = 0;
    let meanX = 0;
    let meanY = 0;
    let covariance = 0;
    let variance = 0;
    for (let index = 0; index < this.#count; index++) {
      const y = this.#error(index, line);
      if (Math.abs(y) > tolerance) continue;
      const x = this.#positions[index]! - this.#positions[0]!;
      count += 1;
      const stepX = x - meanX;
      meanX += stepX / count;
      meanY += (y - meanY) / count;
      covariance += stepX * (y - meanY);
      variance += stepX * (x - meanX);
    }
    const tilt = variance > 0 ? covariance / variance : 0;
    return {
      ticksPerByte: line.ticksPerByte + tilt,
      originTicks: line.originTicks + meanY - tilt * (meanX + this.#positions[0]!),
    };
  }
}

function median(values: Float64Array): number {
  values.sort();
  return values[values.length >> 1]!;
}
