import { AdtsFrames } from "./adts-frames.ts";
import { ArrivalTimes } from "./arrival-times.ts";
import { AAC_BUFFERS, h264Buffers } from "./level-limits.ts";
import { TargetDecoder } from "./target-decoder.ts";

const PCR_TICKS_PER_TIMESTAMP = 300;

/** What brings an elementary stream of a programme to its decoder in the system target decoder: H.264 or ADTS AAC. */
export class DecoderInput {
  readonly decoder = new TargetDecoder();
  readonly arrivals = new ArrivalTimes(this.decoder);
  readonly #adts = new AdtsFrames();
  #isAudio = false;
  #frameDts = Number.NaN;

  /** The stream that comes from now on is of this kind. */
  begin(kind: "h264" | "aac"): void {
    this.#isAudio = kind === "aac";
    this.arrivals.restart();
    if (this.#isAudio) this.decoder.setSizes(AAC_BUFFERS);
  }

  /** The level of an H.264 stream has come (profile_idc, constraint flags, level_idc). */
  setLevel(profile: number, constraints: number, level: number): void {
    const sizes = h264Buffers(profile, constraints, level);
    if (sizes) this.decoder.setSizes(sizes);
  }

  /**
   * Payload `bytes[from … to)` of the packet at `position`, of which the PES header ends at `data`. `dts` (27 MHz
   * ticks) is given when the PES packet begins here, else NaN. A packet without payload has none of it.
   */
  push(position: number, bytes: Uint8Array, from: number, data: number, to: number, dts: number): void {
    if (!this.#isAudio || data >= to) {
      this.arrivals.push(position, to - from, dts);
      return;
    }
    const adts = this.#adts;
    const beginsPes = !Number.isNaN(dts);
    if (beginsPes) adts.begin();
    let begun = from;
    for (let at = data; at < to; begun = at) {
      // A PES packet has one PTS, for the first of its frames.
      const begins = adts.isBetween;
      if (begins) this.#frameDts = at === data && beginsPes ? dts : this.#frameDts + this.#frameTicks();
      at = adts.push(bytes, at, to);
      this.arrivals.push(position, at - begun, begins ? this.#frameDts : Number.NaN);
    }
  }

  #frameTicks(): number {
    return this.#adts.frameTicks * PCR_TICKS_PER_TIMESTAMP;
  }
}
