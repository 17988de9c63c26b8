// What the tests of the constant-rate multiplex share.
import { seededRandom } from "../base/random.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { frameCount, type Gop } from "../media/gop.ts";
import { type HouseFormat, houseFormat } from "../media/house-format.ts";
import type { TimedGop } from "../media/timed-gop.ts";
import { Muxer } from "./muxer.ts";
import type { WireGop } from "./wire-gop.ts";

/** A house format for a channel of `totalBps`. */
export function formatFor(
  fps: HouseFormat["fps"],
  totalBps: number,
  audioBps: number,
  gopSeconds = 1,
): HouseFormat {
  return houseFormat({ width: 1280, height: 720, fps, gopSeconds, totalBps, audioBps });
}

/** Puts a Gop into its place on the timeline, as the Splicer does. */
export interface Placer {
  place(gop: Gop, frame: number): TimedGop;
}

/** A channel's stream: Gops go in one by one, each at the rate that is asked for. */
export class TestStream {
  readonly format: HouseFormat;
  readonly pieces: WireGop[] = [];
  /** Audio frames that have been put in. */
  audioFrames = 0;
  frame: number;
  readonly #muxer: Muxer;
  readonly #placer: Placer;

  constructor(format: HouseFormat, placer: Placer, startTicks = 0, frame = 0) {
    this.format = format;
    this.frame = frame;
    this.#placer = placer;
    this.#muxer = new Muxer({ format, serviceName: "Films, 24/7", startTicks });
  }

  add(gop: Gop, constantBps?: number): WireGop {
    const timed = this.#placer.place(gop, this.frame);
    const piece = this.#muxer.mux(timed, constantBps);
    this.frame += frameCount(gop);
    this.audioFrames += timed.audio.length;
    this.pieces.push(piece);
    return piece;
  }
}

/** How pictures of an encoder's Gop are spread over it. */
export type Shape = "even" | "big_key" | "big_end" | "noise";

/**
 * An encoder with our settings that is fed the most demanding pictures: peak rate, and a VBV buffer of half a second
 * that is a third full at the start. Its Gops have as many bits as the buffer allows, where the shape puts them.
 */
export class SaturatedEncoder {
  readonly #format: HouseFormat;
  readonly #buffer: number;
  readonly #perFrame: number;
  #fullness: number;

  constructor(format: HouseFormat) {
    this.#format = format;
    this.#perFrame = (format.videoPeakBps * format.fps.den) / format.fps.num / 8;
    this.#buffer = format.videoPeakBps / 2 / 8;
    this.#fullness = this.#buffer / 3;
  }

  gop(frames: number, seed: number, shape: Shape): Gop {
    const format = this.#format;
    const random = seededRandom(seed);
    const unitBytes = Array.from({ length: frames }, (_, index) => {
      const isEnd = index >= frames - Math.ceil(frames / 4);
      const share = { even: 0.2, noise: random(), big_key: index === 0 ? 1 : 0.3, big_end: isEnd ? 0.9 : 0 };
      const bytes = Math.max(8, Math.floor(this.#fullness * share[shape]));
      this.#fullness = Math.min(this.#buffer, this.#fullness - bytes + this.#perFrame);
      return bytes;
    });
    const audioBytes = format.audioBps / 8 / (48_000 / 1024);
    return syntheticGop({
      ...{ format, frames, seed, unitBytes, firstFrame: 1000 * format.gopFrames },
      minAudioBytes: Math.floor(0.8 * audioBytes),
      maxAudioBytes: Math.floor(1.2 * audioBytes),
      level: 41,
    });
  }
}

/** PID of the packet at `offset`. */
export function pidAt(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset + 1]! & 0x1f) << 8) | bytes[offset + 2]!;
}
