const FIRST_BYTES = 256;
/** What a NAL unit must not hold: two zero bytes and then one of 0 … 3 (ITU-T H.264 7.4.1). */
const EMULATED_MAX = 3;

/** Writes bits, the highest first, into a buffer that grows: the syntax elements of ITU-T H.264. */
export class BitWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #pending = 0;
  #pendingBits = 0;

  /** The lowest `count` (0 … 32) bits of `value`: u(n). */
  bits(count: number, value: number): void {
    if (count > 16) {
      this.bits(count - 16, value >>> 16);
      this.bits(16, value & 0xffff);
      return;
    }
    this.#pending = (this.#pending << count) | (value & ((1 << count) - 1));
    this.#pendingBits += count;
    while (this.#pendingBits >= 8) {
      this.#pendingBits -= 8;
      this.#byte(this.#pending >>> this.#pendingBits);
    }
    this.#pending &= 0xff;
  }

  /** One bit: u(1). */
  flag(value: boolean): void {
    this.bits(1, value ? 1 : 0);
  }

  /** An unsigned number, 0 … 2^32 − 2, in the Exp-Golomb code ue(v) (9.1). */
  ue(value: number): void {
    const code = value + 1;
    const length = 32 - Math.clz32(code);
    this.bits(length - 1, 0);
    this.bits(length, code);
  }

  /** A signed number in the Exp-Golomb code se(v) (9.1.1). */
  se(value: number): void {
    this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** A one and zeros up to the next byte (7.3.2.11), and everything so far: the payload of a NAL unit. */
  finish(): Uint8Array {
    this.flag(true);
    if (this.#pendingBits > 0) this.bits(8 - this.#pendingBits, 0);
    return this.#bytes.subarray(0, this.#length);
  }

  #byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = value;
  }
}

/**
 * A NAL unit without start code: its header byte, and the payload with an emulation prevention byte wherever a
 * start code would seem to begin (ITU-T H.264 7.3.1).
 */
export function nalUnit(refIdc: number, type: number, payload: Uint8Array): Uint8Array {
  const unit = new Uint8Array(1 + payload.length + Math.floor(payload.length / 2));
  unit[0] = (refIdc << 5) | type;
  let at = 1;
  let zeros = 0;
  for (const byte of payload) {
    if (zeros === 2 && byte <= EMULATED_MAX) {
      unit[at++] = EMULATED_MAX;
      zeros = 0;
    }
    unit[at++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return unit.slice(0, at);
}
