import type { BufferLimits } from "../codec/h264-level.ts";
import { AudioQueue } from "./audio-queue.ts";
import { MainBuffer, TransportBuffer } from "./decoder-buffers.ts";
import { SYSTEM_CLOCK_HZ, WireClock } from "./wire-clock.ts";

/** Main buffer B of AAC with one or two channels, and the leak of its transport buffer (13818-1 2.4.2.3). */
const AUDIO_BUFFER_BYTES = 3584;
const AUDIO_LEAK_BPS = 2_000_000;

/**
 * What a stream carries over from piece to piece, whatever the mode: its clock, the audio that waits, and what a
 * decoder holds. Times in 27 MHz ticks. `reset` takes everything back to `mark`, so that a piece can be tried.
 */
export class MultiplexState {
  readonly clock = new WireClock();
  readonly audio = new AudioQueue();
  readonly audioTransport = new TransportBuffer();
  readonly audioMain = new MainBuffer(AUDIO_BUFFER_BYTES);
  readonly videoTransport = new TransportBuffer();
  readonly videoMain = new MainBuffer(Number.POSITIVE_INFINITY);
  /** The latest PCR. */
  lastPcr = Number.NEGATIVE_INFINITY;
  /** When an audio frame was last begun. */
  lastAudio = Number.NEGATIVE_INFINITY;
  #markedPcr = 0;
  #markedAudio = 0;

  constructor() {
    this.audioTransport.setLeak(AUDIO_LEAK_BPS / 8 / SYSTEM_CLOCK_HZ);
  }

  /**
   * What a decoder of the stream's level holds. The transport buffer is taken to leak no faster than the buffer
   * behind it fills (the standard has 1.2 times as much), so that nothing can pile up between the two.
   */
  setVideoLimits(limits: BufferLimits | undefined): void {
    this.videoTransport.setLeak(limits ? limits.maxBps / 8 / SYSTEM_CLOCK_HZ : Number.POSITIVE_INFINITY);
    this.videoMain.size = limits ? Math.floor(limits.maxCpbBits / 8) : Number.POSITIVE_INFINITY;
  }

  /** Takes out of the buffers what has been decoded by `now`. */
  advance(now: number): void {
    this.audioMain.advance(now);
    this.videoMain.advance(now);
  }

  mark(): void {
    for (const part of this.#parts()) part.mark();
    this.#markedPcr = this.lastPcr;
    this.#markedAudio = this.lastAudio;
  }

  reset(): void {
    for (const part of this.#parts()) part.reset();
    this.lastPcr = this.#markedPcr;
    this.lastAudio = this.#markedAudio;
  }

  #parts() {
    const { clock, audio, audioTransport, audioMain, videoTransport, videoMain } = this;
    return [clock, audio, audioTransport, audioMain, videoTransport, videoMain];
  }
}
