/**
 * Reads the NAL unit types at the start of an H.264 access unit up to its first slice (ITU-T H.264 7.4.1.2.3,
 * byte stream format of Annex B), from bytes that arrive in pieces.
 */
export class AccessUnitStart {
  /** Whether the first NAL unit is an access unit delimiter, and which parameter sets stand before the slice. */
  aud = false;
  sps = false;
  pps = false;
  /** nal_unit_type of the first slice (5 = IDR), 0 until it has come. */
  sliceType = 0;
  /** The three bytes behind the header of the sequence parameter set: profile_idc, constraint flags, level_idc. */
  readonly level = new Uint8Array(3);
  #levelBytes = 3;
  #nalUnits = 0;
  #zeros = 0;
  #headerNext = false;

  /** Whether this is a place to begin decoding: delimiter, both parameter sets, then an IDR picture. */
  get isRandomAccess(): boolean {
    return this.aud && this.sps && this.pps && this.sliceType === 5;
  }

  begin(): void {
    this.aud = false;
    this.sps = false;
    this.pps = false;
    this.sliceType = 0;
    this.#nalUnits = 0;
    this.#zeros = 0;
    this.#headerNext = false;
    this.#levelBytes = 3;
  }

  /** Takes `bytes[from … to)`; returns true once the first slice is reached. */
  push(bytes: Uint8Array, from: number, to: number): boolean {
    for (let at = from; at < to && this.sliceType === 0; at++) {
      const byte = bytes[at]!;
      if (this.#levelBytes < 3) this.level[this.#levelBytes++] = byte;
      if (this.#headerNext) this.#readNalHeader(byte);
      else if (byte === 0) this.#zeros += 1;
      else {
        this.#headerNext = byte === 1 && this.#zeros >= 2;
        this.#zeros = 0;
      }
    }
    return this.sliceType !== 0;
  }

  #readNalHeader(byte: number): void {
    const type = byte & 31;
    if (type === 9 && this.#nalUnits === 0) this.aud = true;
    else if (type === 7) {
      this.sps = true;
      this.#levelBytes = 0;
    }
    if (type === 8) this.pps = true;
    else if (type >= 1 && type <= 5) this.sliceType = type;
    this.#nalUnits += 1;
    this.#headerNext = false;
    this.#zeros = byte === 0 ? 1 : 0;
  }

  /** What was seen, in words, such as "AUD, SPS, IDR slice". */
  describe(): string {
    const seen = [this.aud && "AUD", this.sps && "SPS", this.pps && "PPS"].filter(Boolean);
    const slice = this.sliceType === 5 ? "IDR slice" : this.sliceType > 0 ? "non-IDR slice" : "no slice";
    return [...seen, slice].join(", ");
  }
}
