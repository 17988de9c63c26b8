import type { Clock } from "../base/clock.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import { SOFTWARE_ENCODER, type VideoEncoderName } from "../media/video-encoders.ts";
import type { Cue, Source } from "./source.ts";

/** How long hardware is left alone after it has failed where software did not: doubled each time. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 30 * 60_000;
/** Failures that may be the encoder's; a file that is too short (`encoder_short`) is not. */
const MAY_BE_THE_ENCODER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "encoder_failed",
  "encoder_stalled",
  "fragment_malformed",
  "gop_contract",
]);

/** Hardware has failed where software did not; new runs use software for so long. */
export interface HardwarePaused {
  readonly encoder: VideoEncoderName;
  readonly pauseMs: number;
  readonly reason: string;
}

/**
 * Which encoder a run uses: the chosen one, and software where that fails. A run of hardware that fails makes its
 * item a suspect case, which is tried again in software. When that delivers, the hardware was to blame: new runs
 * leave it alone for a while (those that work go on). When it fails as well, the file is.
 *
 * A channel may so change its encoder at any Gop: every Gop carries its own parameter sets, which the Muxer
 * writes in front of its IDR picture, where H.264 lets new ones begin (ITU-T H.264 7.4.1.2.1).
 */
export class EncoderChoice {
  #preferred: VideoEncoderName;
  readonly #clock: Clock;
  readonly #onPaused: (news: HardwarePaused) => void;
  readonly #cases = new WeakMap<object, "suspect" | "software">();
  readonly #reasons = new WeakMap<object, string>();
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #pauses = 0;

  constructor(
    preferred: VideoEncoderName,
    clock: Clock,
    onPaused: (news: HardwarePaused) => void = () => undefined,
  ) {
    this.#preferred = preferred;
    this.#clock = clock;
    this.#onPaused = onPaused;
  }

  /** The encoder that is used while it works. */
  get preferred(): VideoEncoderName {
    return this.#preferred;
  }

  /** New runs use this encoder, while it works. */
  prefer(encoder: VideoEncoderName): void {
    this.#preferred = encoder;
  }

  /** Opens a run of an item by the encoder whose turn it is, and watches how it fares. */
  open(
    item: object,
    { startFrame, profile = "usual" }: Pick<Cue, "startFrame" | "profile">,
    run: (encoder: VideoEncoderName) => Source,
  ): Source {
    if (this.#preferred === SOFTWARE_ENCODER) return run(SOFTWARE_ENCODER);
    // Each airing begins with a clean slate.
    if (startFrame === 0 && this.#cases.get(item) === "software") this.#cases.delete(item);
    const isPaused = this.#clock.now() < this.#pausedUntilMs;
    const isSoftware = isPaused || profile !== "usual" || this.#cases.has(item);
    const encoder = isSoftware ? SOFTWARE_ENCODER : this.#preferred;
    return this.#watch(item, encoder, run(encoder));
  }

  #watch(item: object, encoder: VideoEncoderName, source: Source): Source {
    let delivered = false;
    const next = async () => {
      try {
        const gop = await source.next();
        if (gop && !delivered) this.#delivered(item, encoder);
        else if (!gop) this.#ended(encoder);
        delivered = true;
        return gop;
      } catch (failure) {
        this.#failed(item, encoder, failure);
        throw failure;
      }
    };
    return { next, close: () => source.close() };
  }

  #delivered(item: object, encoder: VideoEncoderName): void {
    if (encoder !== SOFTWARE_ENCODER || this.#cases.get(item) !== "suspect") return;
    this.#cases.delete(item);
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#pauses++);
    this.#pausedUntilMs = this.#clock.now() + pauseMs;
    this.#onPaused({ encoder: this.#preferred, pauseMs, reason: this.#reasons.get(item) ?? "" });
  }

  #ended(encoder: VideoEncoderName): void {
    if (encoder !== SOFTWARE_ENCODER) this.#pauses = 0;
  }

  #failed(item: object, encoder: VideoEncoderName, failure: unknown): void {
    if (!(failure instanceof AppError) || !MAY_BE_THE_ENCODER.has(failure.code)) return;
    if (encoder === SOFTWARE_ENCODER) {
      if (this.#cases.has(item)) this.#cases.set(item, "software");
    } else {
      this.#cases.set(item, "suspect");
      this.#reasons.set(item, failure.message);
    }
  }
}
