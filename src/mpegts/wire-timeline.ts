import { FrameGrid, type HouseFormat } from "../media/house-format.ts";
import { PCR_TICKS } from "./packets.ts";
import { SYSTEM_CLOCK_HZ } from "./wire-clock.ts";

/** How far the PCR runs behind the decoding times: what a decoder may hold, in 90 kHz ticks (0.7 s). */
export const DECODER_DELAY_TICKS = 63_000;

/** Channel frames as the times of a stream: 90 kHz for PTS and DTS, 27 MHz for the clock; none of them wraps. */
export class WireTimeline {
  readonly grid: FrameGrid;
  /** 27 MHz ticks of a frame, a real number. */
  readonly clockPerFrame: number;
  readonly #startTicks: number;
  readonly #reorderFrames: number;

  /** `startTicks`: decoding time of channel frame 0. */
  constructor(format: HouseFormat, startTicks: number) {
    this.grid = new FrameGrid(format);
    this.clockPerFrame = (SYSTEM_CLOCK_HZ * format.fps.den) / format.fps.num;
    this.#startTicks = startTicks;
    this.#reorderFrames = format.reorderFrames;
  }

  dts(frame: number): number {
    return this.#startTicks + this.grid.ticks(frame - this.#reorderFrames);
  }

  pts(frame: number): number {
    return this.#startTicks + this.grid.ticks(frame);
  }

  audioPts(audioFrame: number): number {
    return this.#startTicks + this.grid.audioTicks(audioFrame);
  }

  /** The clock at channel position `frame`: before that, nothing of this frame is sent. */
  clock(frame: number): number {
    return (this.dts(frame) - DECODER_DELAY_TICKS) * PCR_TICKS;
  }
}
