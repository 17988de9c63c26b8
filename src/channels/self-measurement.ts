import type { Clock } from "../base/clock.ts";
import type { Gop } from "../media/gop.ts";
import { Analyser } from "../mpegts/analyser.ts";
import { BUFFER_CHECKS } from "../mpegts/buffer-checks.ts";
import { CHECKS, type CheckName } from "../mpegts/checks.ts";
import { PACKET_BYTES } from "../mpegts/packets.ts";
import type { WireGop } from "../mpegts/wire-gop.ts";

/** What is judged at constant rate only, which a sample across a change of the rate is not. */
const RATE_CHECKS: readonly CheckName[] = ["pcr_accuracy", "constant_rate", ...BUFFER_CHECKS];
/** Most time that is spent in one go, and what is examined between two looks at the clock. */
const BUDGET_MS = 1;
const SLICE_BYTES = 64 * PACKET_BYTES;
/** Pieces of a sample: enough for the rate to show; and the most when changes come one upon the other. */
const USUAL_PIECES = 3;
const MOST_PIECES = 6;
/** What may wait to be examined, in bytes: beyond that samples are left out. */
const MOST_BYTES = 32 * 2 ** 20;

/** A stretch of a channel's stream that was examined. */
export interface StreamSample {
  /** Channel frame with which it begins, and its length in frames. */
  readonly frame: number;
  readonly frames: number;
  /** What was found, a sentence each. */
  readonly findings: readonly { readonly check: CheckName; readonly sentence: string }[];
}

/** What becomes of a channel's samples. */
export interface SampleSink {
  onSample(sample: StreamSample): void;
  samplesSkipped: number;
}

/** What is examined and when: it may change at any time. */
export interface MeasurementSettings {
  readonly enabled: boolean;
  /** Time between two samples of a channel that have no other occasion, ms. */
  readonly intervalMs: number;
}

interface Job {
  readonly sink: SampleSink;
  readonly pieces: readonly WireGop[];
  readonly bytes: number;
}

/** The one job that is being examined, and how far. */
interface Progress {
  readonly job: Job;
  readonly analyser: Analyser;
  piece: number;
  offset: number;
}

/**
 * Examines samples of what the channels send, as a measuring instrument would, in the time that is left over: one
 * sample after the other, for all channels together. Each sample is judged by itself, from PAT, PMT and IDR on, as
 * by a viewer who joins there.
 */
export class SelfMeasurement {
  /** Asked whenever it matters. */
  readonly settings: () => MeasurementSettings;
  readonly #clock: Pick<Clock, "now">;
  readonly #jobs: Job[] = [];
  #waitingBytes = 0;
  #progress: Progress | undefined;

  constructor(clock: Pick<Clock, "now">, settings: () => MeasurementSettings) {
    this.#clock = clock;
    this.settings = settings;
  }

  /** Takes samples of one channel's stream. */
  sampler(sink: SampleSink): StreamSampler {
    return new StreamSampler(this, this.#clock, sink);
  }

  /** Puts a sample in the queue; there is a bound to it. */
  add(sink: SampleSink, pieces: readonly WireGop[]): void {
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
    if (this.#waitingBytes + bytes > MOST_BYTES && this.#jobs.length > 0) {
      sink.samplesSkipped++;
      return;
    }
    this.#waitingBytes += bytes;
    this.#jobs.push({ sink, pieces, bytes });
  }

  /** Gets on with it, at the longest until monotonic time `untilMs`. */
  work(untilMs: number): void {
    const clock = this.#clock;
    const endMs = Math.min(untilMs, clock.now() + BUDGET_MS);
    while ((this.#progress || this.#jobs.length > 0) && clock.now() < endMs) this.#step();
  }

  #step(): void {
    const progress = this.#progress ?? this.#begin();
    const { job, analyser } = progress;
    const piece = job.pieces[progress.piece];
    if (!piece) {
      this.#finish(progress);
      return;
    }
    const end = progress.offset + SLICE_BYTES;
    analyser.push(piece.bytes.subarray(progress.offset, end));
    progress.offset = end;
    if (end < piece.bytes.length) return;
    progress.piece++;
    progress.offset = 0;
  }

  #begin(): Progress {
    const job = this.#jobs.shift()!;
    this.#waitingBytes -= job.bytes;
    this.#progress = { job, analyser: new Analyser(), piece: 0, offset: 0 };
    return this.#progress;
  }

  #finish({ job, analyser }: Progress): void {
    this.#progress = undefined;
    const first = job.pieces[0]!;
    const last = job.pieces.at(-1)!;
    const { checks, findings } = analyser.report();
    const sentences = new Map(findings.map(({ check, message }) => [check, message]));
    const isConstant = first.bps !== undefined && job.pieces.every(({ bps }) => bps === first.bps);
    const failed = checks.filter(
      ({ check, status, group }) =>
        // What is only our own aim is promised all the same.
        status === "fail" && group !== "priority_3" && (isConstant || !RATE_CHECKS.includes(check)),
    );
    job.sink.onSample({
      frame: first.frame,
      frames: last.frame + last.frames - first.frame,
      findings: failed.map(({ check, detail, errors }) => ({
        check,
        sentence: sentences.get(check) ?? `${CHECKS[check].title}: ${errors} times, ${detail}.`,
      })),
    });
  }
}

/** Chooses which pieces of one channel's stream are examined: those around each change of source, and some others. */
export class StreamSampler {
  readonly #measurement: SelfMeasurement;
  readonly #clock: Pick<Clock, "now">;
  readonly #sink: SampleSink;
  #previous: { readonly gop: Gop; readonly wire: WireGop } | undefined;
  #pieces: WireGop[] | undefined;
  #wanted = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(measurement: SelfMeasurement, clock: Pick<Clock, "now">, sink: SampleSink) {
    this.#measurement = measurement;
    this.#clock = clock;
    this.#sink = sink;
  }

  /** The next piece of the stream, and the Gop that it was made of. */
  look(gop: Gop, wire: WireGop): void {
    const { enabled, intervalMs } = this.#measurement.settings();
    const previous = this.#previous;
    this.#previous = { gop, wire };
    if (!enabled) {
      this.#pieces = undefined;
      return;
    }
    const isSeam = previous !== undefined && isChange(previous, gop, wire);
    if (this.#pieces) {
      this.#pieces.push(wire);
      if (isSeam) this.#wanted = Math.min(MOST_PIECES, this.#pieces.length + USUAL_PIECES - 2);
    } else if (isSeam) this.#begin([previous.wire, wire]);
    else if (this.#clock.now() - this.#lastMs >= intervalMs) this.#begin([wire]);
    if (!this.#pieces || this.#pieces.length < this.#wanted) return;
    this.#measurement.add(this.#sink, this.#pieces);
    this.#pieces = undefined;
  }

  #begin(pieces: WireGop[]): void {
    this.#pieces = pieces;
    this.#wanted = USUAL_PIECES;
    this.#lastMs = this.#clock.now();
  }
}

/** Each run of an encoder, and each screen, has parameter sets of its own: another object is another source. */
function isChange(previous: { readonly gop: Gop; readonly wire: WireGop }, gop: Gop, wire: WireGop): boolean {
  const isOther = previous.gop.parameters !== gop.parameters;
  return isOther || (previous.wire.bps === undefined) !== (wire.bps === undefined);
}
