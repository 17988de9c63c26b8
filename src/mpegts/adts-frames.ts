const HEADER_BYTES = 7;
const SAMPLE_RATES = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];
const FRAME_SAMPLES = 1024;
const TIMESTAMP_HZ = 90_000;

/** Finds the frames of an ADTS stream (ISO/IEC 14496-3 1.A.2) in payload that comes in pieces. */
export class AdtsFrames {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #taken = 0;
  #left = 0;
  /** Ticks of 90 kHz that a frame lasts, known from its header. */
  frameTicks = 0;
  /** False once a header was none: the rest cannot be found. */
  isSound = true;

  /** Whether what is pushed next begins a frame. */
  get isBetween(): boolean {
    return this.isSound && this.#taken === 0;
  }

  /** A frame begins here. */
  begin(): void {
    this.#taken = 0;
    this.#left = 0;
    this.isSound = true;
  }

  /**
   * Takes `bytes[from … to)` up to the end of a frame and returns that place, or `to`.
   */
  push(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && this.isSound && this.#taken < HEADER_BYTES) {
      this.#header[this.#taken++] = bytes[at++]!;
      if (this.#taken === HEADER_BYTES) this.#readHeader();
    }
    if (!this.isSound) return to;
    const skipped = Math.min(this.#left, to - at);
    this.#left -= skipped;
    at += skipped;
    if (this.#taken === HEADER_BYTES && this.#left === 0) this.#taken = 0;
    return at;
  }

  #readHeader(): void {
    const header = this.#header;
    const rate = SAMPLE_RATES[(header[2]! >> 2) & 15];
    const length = ((header[3]! & 3) << 11) | (header[4]! << 3) | (header[5]! >> 5);
    this.isSound = header[0] === 0xff && (header[1]! & 0xf6) === 0xf0 && length >= HEADER_BYTES && !!rate;
    this.#left = length - HEADER_BYTES;
    if (rate) this.frameTicks = (FRAME_SAMPLES * TIMESTAMP_HZ) / rate;
  }
}
