import type { HouseFormat } from "../media/house-format.ts";
import type { TimedGop } from "../media/timed-gop.ts";
import { ConstantMultiplex } from "./constant-multiplex.ts";
import { MultiplexState } from "./multiplex-state.ts";
import { ProgrammeWriter } from "./programme-writer.ts";
import { VariableMultiplex } from "./variable-multiplex.ts";
import type { WireGop } from "./wire-gop.ts";
import { WireTimeline } from "./wire-timeline.ts";

/** What a channel's Muxer needs to know beside the house format. */
export interface MuxerOptions {
  readonly format: HouseFormat;
  /** The channel's name, shown by players. */
  readonly serviceName: string;
  /** Decoding time of channel frame 0 in 90 kHz ticks; only the low 33 bits count. */
  readonly startTicks?: number;
}

/**
 * The one transport stream multiplexer of a channel, for its whole time on air (ISO/IEC 13818-1). Continuity
 * counters, PCR, PTS and DTS are functions of the channel's frame numbers and of the packets written before:
 * continuous by construction, whatever the sources did and however often the rate was changed.
 */
export class Muxer {
  readonly #variable: VariableMultiplex;
  readonly #constant: ConstantMultiplex;
  readonly #writer: ProgrammeWriter;
  #wasConstant = false;

  constructor({ format, serviceName, startTicks = 0 }: MuxerOptions) {
    const timeline = new WireTimeline(format, startTicks);
    const state = new MultiplexState();
    this.#writer = new ProgrammeWriter(timeline, serviceName);
    this.#variable = new VariableMultiplex(timeline, state, this.#writer);
    this.#constant = new ConstantMultiplex(timeline, state, this.#writer);
  }

  /**
   * Writes one Gop as packets: at the media's own pace, or at a constant rate of `constantBps` bit/s, a positive
   * whole number (else RangeError). Gops must come in the order of the timeline, each where the last one ended.
   * Throws AppError `gop_contract`, with nothing written, when the audio is not AAC-LC.
   */
  mux(timed: TimedGop, constantBps?: number): WireGop {
    if (constantBps !== undefined && !(Number.isSafeInteger(constantBps) && constantBps > 0)) {
      throw new RangeError(`not a bit rate: ${constantBps}`);
    }
    this.#writer.check(timed);
    const wasConstant = this.#wasConstant;
    this.#wasConstant = constantBps !== undefined;
    return constantBps === undefined
      ? this.#variable.mux(timed, wasConstant)
      : this.#constant.mux(timed, constantBps);
  }
}
