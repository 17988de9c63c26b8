import { type Clock, SystemClock } from "../base/clock.ts";
import { PACKET_BYTES } from "../mpegts/packets.ts";
import { ConstantRate, type RateNews } from "./ts-constant-rate.ts";
import { Pace } from "./ts-pace.ts";
import { type Segment, type SegmentNews, SegmentReader, SYSTEM_CLOCK_HZ } from "./ts-segments.ts";

export type { Clock, Timer } from "../base/clock.ts";

const MODES = ["realtime", "burst", "adaptive", "disabled"] as const;
const OPTIONS = ["targetBitrateBps", "mode", "burstSeconds", "enabled", "clock", "onEvent", "signal"];
const LEAST_BPS = 10_000;
const MOST_BPS = 1_000_000_000;
const MOST_BURST_SECONDS = 3600;
/** Bytes leave in pieces of this much media. */
const PIECE_TICKS = SYSTEM_CLOCK_HZ / 50;
/** So much of a large chunk is looked at at once. */
const BITE_BYTES = 64 * 1024;
/** Waits shorter than this are left out: no timer is finer. */
const LEAST_WAIT_MS = 1;

/** One of the throttle modes. */
type Mode = (typeof MODES)[number];

/** What a throttler has to tell of a stream. Times of PIDs and clocks: ISO/IEC 13818-1 2.4.2. */
export type ThrottleEvent =
  /** The PCR of this PID is the stream's clock. */
  | Extract<SegmentNews, { type: "clock_found" }>
  /** There was no PCR in so many bytes: they are paced by their number, at the target's rate. */
  | Extract<SegmentNews, { type: "clock_missing" }>
  /** The PCR took a step; the pace goes on as before. */
  | Extract<SegmentNews, { type: "clock_discontinuity" }>
  /** So many bytes belonged to no packet and were left out. */
  | Extract<SegmentNews, { type: "resynchronised" }>
  /** realtime: the stream's own rate is above the target; it is sent at its own rate, not starved. */
  | Extract<RateNews, { type: "rate_over_target" }>
  /** realtime: the target holds again. */
  | Extract<RateNews, { type: "rate_within_target" }>
  /** adaptive: media may now leave at up to `factor` times its own speed. */
  | { readonly type: "pace_changed"; readonly factor: number };

/** How a `StreamThrottler` works; the names are those of the configuration's section `stream_throttler`. */
export interface StreamThrottlerOptions {
  /** Bit rate of the whole stream in bit/s; default 4,000,000. */
  readonly targetBitrateBps?: number;
  /** Default "realtime". */
  readonly mode?: Mode;
  /** How far burst and adaptive may be ahead of the media's own clock, in seconds; default 5. */
  readonly burstSeconds?: number;
  /** False is the same as mode "disabled"; default true. */
  readonly enabled?: boolean;
  /** Default the machine's. */
  readonly clock?: Clock;
  /** Must not throw. */
  readonly onEvent?: (event: ThrottleEvent) => void;
  /** Ends every stream of this throttler; it is thrown as its reason. */
  readonly signal?: AbortSignal;
}

/** Bytes that may leave when the media's clock stands at `ticks` (27 MHz). */
interface Piece {
  readonly bytes: Uint8Array;
  readonly ticks: number;
}

/**
 * Lets the bytes of an MPEG transport stream go at the pace of a mode:
 *
 * - realtime: exactly `targetBitrateBps`, filled up with null packets, PCR restamped from the byte position;
 * - burst: at up to twice the media's own speed until `burstSeconds` ahead of it, then at its speed;
 * - adaptive: the same, at a speed between 1 and 2 that follows how promptly the consumer asks;
 * - disabled: as it comes.
 */
export class StreamThrottler {
  readonly #targetBps: number;
  readonly #mode: Mode;
  readonly #burstMs: number;
  readonly #clock: Clock;
  readonly #onEvent: (event: ThrottleEvent) => void;
  readonly #signal: AbortSignal | undefined;

  /** Throws RangeError for a value out of bounds and TypeError for an option that there is not. */
  constructor(options: StreamThrottlerOptions = {}) {
    const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
    if (unknown) throw new TypeError(`unknown option "${unknown}"; there are ${OPTIONS.join(", ")}`);
    const { targetBitrateBps = 4_000_000, mode = "realtime", burstSeconds = 5, enabled = true } = options;
    this.#targetBps = within("targetBitrateBps", targetBitrateBps, LEAST_BPS, MOST_BPS);
    this.#burstMs = within("burstSeconds", burstSeconds, 0, MOST_BURST_SECONDS) * 1000;
    if (!MODES.includes(mode)) throw new RangeError(`mode is one of ${MODES.join(", ")}; it was ${mode}`);
    this.#mode = enabled ? mode : "disabled";
    this.#clock = options.clock ?? new SystemClock();
    this.#onEvent = options.onEvent ?? (() => {});
    this.#signal = options.signal;
  }

  /**
   * The throttled bytes of `source`, which may come in chunks of any size. They are read no further ahead than the
   * next PCR, and not at all while the consumer asks for nothing. Throws what the source throws, the signal's
   * reason, and AppError("transport_stream_unreadable"); whoever stops early closes the source.
   */
  throttle(source: AsyncIterable<Uint8Array>): AsyncIterableIterator<Uint8Array> {
    const stop = new AbortController();
    const signal = this.#signal ? AbortSignal.any([this.#signal, stop.signal]) : stop.signal;
    const generator = this.#run(source, signal);
    return {
      next: () => generator.next(),
      return: () => {
        // A wait, also one for the source, is broken off: it may be a long one.
        stop.abort(STOPPED);
        return generator.return();
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async *#run(
    iterable: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, void> {
    const cutter =
      this.#mode === "disabled" ? undefined : new Cutter(this.#mode, this.#targetBps, this.#onEvent);
    const pace = new Pace({
      catchUp: this.#mode === "realtime" ? "never" : this.#mode === "adaptive" ? "adaptive" : "always",
      aheadMs: this.#mode === "realtime" ? 0 : this.#burstMs,
    });
    const source = iterable[Symbol.asyncIterator]();
    let isOver = false;
    try {
      for (;;) {
        const { done, value } = await untilAborted(source.next(), signal);
        isOver = done === true;
        if (!cutter) {
          if (isOver) return;
          yield value;
          continue;
        }
        for (const piece of isOver ? cutter.end() : cutter.cut(value)) {
          await this.#wait(piece, pace, signal);
          yield piece.bytes;
        }
        if (isOver) return;
      }
    } catch (failure) {
      if (failure !== STOPPED) throw failure;
    } finally {
      // Not waited for: a source that hangs must not hold its consumer.
      if (!isOver) void source.return?.().catch(() => undefined);
    }
  }

  async #wait({ ticks }: Piece, pace: Pace, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { factor } = pace;
    const nowMs = this.#clock.now();
    const waitMs = pace.due((ticks * 1000) / SYSTEM_CLOCK_HZ, nowMs) - nowMs;
    if (pace.factor !== factor) this.#onEvent({ type: "pace_changed", factor: pace.factor });
    if (waitMs >= LEAST_WAIT_MS) await this.#clock.sleep(waitMs, signal);
  }
}

const STOPPED = new Error("the consumer stopped");

/** Bytes in, pieces with their time out. */
class Cutter {
  readonly #reader: SegmentReader;
  readonly #constantRate: ConstantRate | undefined;

  constructor(mode: Mode, targetBps: number, onEvent: (event: ThrottleEvent) => void) {
    this.#reader = new SegmentReader(targetBps, onEvent);
    if (mode === "realtime") this.#constantRate = new ConstantRate(targetBps, onEvent);
  }

  *cut(chunk: Uint8Array): Generator<Piece> {
    if (!(chunk instanceof Uint8Array))
      throw new TypeError("the source yields something that is no Uint8Array");
    for (let from = 0; from < chunk.length; from += BITE_BYTES) {
      for (const segment of this.#reader.push(chunk.subarray(from, from + BITE_BYTES)))
        yield* this.#pieces(segment);
    }
  }

  *end(): Generator<Piece> {
    for (const segment of this.#reader.end()) yield* this.#pieces(segment);
  }

  *#pieces(segment: Segment): Generator<Piece> {
    const run = this.#constantRate?.push(segment) ?? {
      bytes: segment.bytes,
      start: segment.start,
      end: segment.start + segment.ticks,
    };
    const packets = run.bytes.length / PACKET_BYTES;
    const count = Math.min(packets, Math.max(1, Math.ceil((run.end - run.start) / PIECE_TICKS)));
    for (let index = 0; index < count; index++) {
      const from = Math.floor((index * packets) / count);
      const to = Math.floor(((index + 1) * packets) / count);
      const ticks = run.start + ((run.end - run.start) * from) / packets;
      yield { bytes: run.bytes.subarray(from * PACKET_BYTES, to * PACKET_BYTES), ticks };
    }
  }
}

/** `promise`, unless `signal` aborts first: then its reason is thrown. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function within(name: string, value: number, least: number, most: number): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw new RangeError(`${name} is a number from ${least} to ${most}; it was ${value}`);
}
