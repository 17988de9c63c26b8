import { ADTS_HEADER_BYTES, SILENT_STEREO_FRAME } from "../codec/aac.ts";
import { SILENCE, type TimedGop } from "../media/timed-gop.ts";
import { AUDIO_PES_HEADER_BYTES } from "./packet-writer.ts";

/** Audio frames that wait to be sent, over the ends of Gops, with a place to return to. */
export class AudioQueue {
  readonly #gops: TimedGop[] = [];
  /** The next frame is number `#slot` of `#gops[#gop]`. */
  #gop = 0;
  #slot = 0;
  #markedSlot = 0;

  /** Appends the audio of a Gop. */
  append(timed: TimedGop): void {
    this.#gops.push(timed);
    this.#skipFinished();
  }

  get isEmpty(): boolean {
    return this.#gop >= this.#gops.length;
  }

  /** Channel number of the next audio frame. */
  get frame(): number {
    return this.#gops[this.#gop]!.audioFrame + this.#slot;
  }

  /** Bytes of the next frame's PES packet. */
  get pesBytes(): number {
    const { audio, gop } = this.#gops[this.#gop]!;
    const index = audio[this.#slot]!;
    const bytes = index === SILENCE ? SILENT_STEREO_FRAME.length : gop.audio.sizes[index]!;
    return AUDIO_PES_HEADER_BYTES + ADTS_HEADER_BYTES + bytes;
  }

  /** The next frame without a header. */
  get data(): Uint8Array {
    const { audio, gop } = this.#gops[this.#gop]!;
    const index = audio[this.#slot]!;
    if (index === SILENCE) return SILENT_STEREO_FRAME;
    const { data, offsets, sizes } = gop.audio;
    return data.subarray(offsets[index]!, offsets[index]! + sizes[index]!);
  }

  /** AudioSpecificConfig of the next frame. */
  get config(): Uint8Array {
    return this.#gops[this.#gop]!.gop.parameters.audioConfig;
  }

  /** The next frame has been sent. */
  shift(): void {
    this.#slot += 1;
    this.#skipFinished();
  }

  /** Forgets the Gops that have been sent whole; the place reached is the one to return to. */
  mark(): void {
    this.#gops.splice(0, this.#gop);
    this.#gop = 0;
    this.#markedSlot = this.#slot;
  }

  /** Goes back to the marked place. */
  reset(): void {
    this.#gop = 0;
    this.#slot = this.#markedSlot;
    this.#skipFinished();
  }

  #skipFinished(): void {
    while (this.#gop < this.#gops.length && this.#slot >= this.#gops[this.#gop]!.audio.length) {
      this.#gop += 1;
      this.#slot = 0;
    }
  }
}
