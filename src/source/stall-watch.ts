import type { Progress } from "../ffmpeg/progress.ts";
import type { HouseFormat } from "../media/house-format.ts";

/** An encoder that is being read and neither writes nor gets on for so long is stalled, in ms. */
export const STALL_MS = 2_000;
/** The same before its first fragment: opening, seeking and the encoder's own delay may take longer. */
const STARTUP_MS = 8_000;
/** However busy an encoder is, a Gop of a second that takes so long to come will never keep a channel on air. */
const GOP_MS = 15_000;
/** What it reports beyond so many Gops while nothing comes out is no getting on: it must be written by then. */
const GOPS_IN_HAND = 3;
/** How often `look` is to be called, in ms. */
export const LOOK_PERIOD_MS = 250;

/**
 * Judges whether an encoder is stalled: whether media come out while it is being read. Between calls of `begin` and
 * the Gop that was waited for nobody else may look: an encoder that the lead holds back is never judged.
 */
export class StallWatch {
  readonly #progress: Progress;
  readonly #inHand: { readonly frames: number; readonly microseconds: number };
  #reported = { outTimeUs: 0, frame: 0 };
  #hasStarted = false;
  #quietSinceMs = 0;
  #deadlineMs = 0;

  constructor({ gopFrames, fps }: Pick<HouseFormat, "gopFrames" | "fps">, progress: Progress) {
    this.#progress = progress;
    const frames = GOPS_IN_HAND * gopFrames;
    this.#inHand = { frames, microseconds: (frames * fps.den * 1_000_000) / fps.num };
  }

  /** A Gop is waited for from now on. */
  begin(nowMs: number): void {
    this.#quietSinceMs = nowMs;
    this.#deadlineMs = nowMs + GOP_MS;
  }

  /** Bytes have come. */
  onBytes(nowMs: number): void {
    const { outTimeUs, frame } = this.#progress;
    this.#reported = { outTimeUs, frame };
    this.#quietSinceMs = nowMs;
  }

  /** A fragment of media has come: the start is over. */
  onMedia(): void {
    this.#hasStarted = true;
  }

  /** Why it is stalled, undefined while it is not. `lateMs`: how late the caller was to look. */
  look(nowMs: number, lateMs: number): string | undefined {
    const { quietMs, hasStarted } = this.signs(nowMs, lateMs);
    if (quietMs >= (hasStarted ? STALL_MS : STARTUP_MS)) {
      return `nothing came out of the encoder for ${Math.round(quietMs)} ms`;
    }
    return nowMs >= this.#deadlineMs ? "no Gop came in time" : undefined;
  }

  /** The same for others to judge: for how long nothing has come out, and whether anything ever has. */
  signs(nowMs: number, lateMs: number): { readonly quietMs: number; readonly hasStarted: boolean } {
    // While we were held up ourselves nobody was reading: what has come meanwhile is looked at first.
    if (lateMs > LOOK_PERIOD_MS) this.begin(nowMs);
    const advancedAtMs = this.#isOnItsWay() ? this.#progress.advancedAtMs : this.#quietSinceMs;
    return { quietMs: nowMs - Math.max(this.#quietSinceMs, advancedAtMs), hasStarted: this.#hasStarted };
  }

  /** Whether what it reports can still be in its hands, as part of the next fragment. */
  #isOnItsWay(): boolean {
    const { outTimeUs, frame } = this.#progress;
    const { frames, microseconds } = this.#inHand;
    return frame - this.#reported.frame <= frames && outTimeUs - this.#reported.outTimeUs <= microseconds;
  }
}
