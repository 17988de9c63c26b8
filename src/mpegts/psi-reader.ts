/** Longest section there can be: 3 bytes and a 12-bit length (ISO/IEC 13818-1 2.4.4.10). */
const MAX_SECTION_BYTES = 3 + 4095;

/** Puts the sections of one PID together from its packets (ISO/IEC 13818-1 2.4.4: pointer_field, stuffing). */
export class SectionReader {
  readonly #onSection: (section: Uint8Array) => void;
  readonly #onBroken: () => void;
  readonly #buffer = new Uint8Array(MAX_SECTION_BYTES);
  #filled = 0;

  /** `onSection` borrows the bytes of a whole section; `onBroken` hears of one that was cut short. */
  constructor(onSection: (section: Uint8Array) => void, onBroken: () => void) {
    this.#onSection = onSection;
    this.#onBroken = onBroken;
  }

  /** Forgets an unfinished section, after packets were lost. */
  reset(): void {
    this.#filled = 0;
  }

  /** Takes the payload `bytes[from … to)`; `start` is the packet's payload_unit_start_indicator. */
  push(bytes: Uint8Array, from: number, to: number, start: boolean): void {
    if (!start) {
      if (this.#filled > 0) this.#append(bytes, from, to);
      return;
    }
    const first = from + 1 + bytes[from]!;
    if (first >= to) {
      this.#break();
      return;
    }
    if (this.#filled > 0) {
      this.#append(bytes, from + 1, first);
      if (this.#filled > 0) this.#break();
    }
    for (let at = first; at < to && bytes[at] !== 0xff; ) at = this.#append(bytes, at, to);
  }

  #break(): void {
    this.#filled = 0;
    this.#onBroken();
  }

  /** Appends up to the end of the section, hands it over when it is whole, returns where it ended. */
  #append(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (this.#filled < 3 && at < to) this.#buffer[this.#filled++] = bytes[at++]!;
    if (this.#filled < 3) return at;
    const length = 3 + (((this.#buffer[1]! & 0x0f) << 8) | this.#buffer[2]!);
    const take = Math.min(length - this.#filled, to - at);
    this.#buffer.set(bytes.subarray(at, at + take), this.#filled);
    this.#filled += take;
    if (this.#filled === length) {
      this.#filled = 0;
      this.#onSection(this.#buffer.subarray(0, length));
    }
    return at + take;
  }
}
