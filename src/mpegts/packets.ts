/** Bytes of a transport packet (ISO/IEC 13818-1 2.4.3.2). */
export const PACKET_BYTES = 188;
/** Bytes of a transport packet behind its 4-byte header. */
export const PACKET_PAYLOAD_BYTES = 184;
/** Adaptation field with flags and PCR: length byte, flags, 6 bytes PCR. */
export const PCR_FIELD_BYTES = 8;

/** PCR values wrap after 2^33 ticks of 90 kHz (ISO/IEC 13818-1 2.4.2.2), as do PTS and DTS. */
export const TIMESTAMP_WRAP = 2 ** 33;
/** Ticks of the 27 MHz system clock in one of 90 kHz. */
export const PCR_TICKS = 300;

/** `ticks` brought into [0, 2^33). */
export function wrapTimestamp(ticks: number): number {
  const wrapped = ticks % TIMESTAMP_WRAP;
  return wrapped < 0 ? wrapped + TIMESTAMP_WRAP : wrapped;
}

/** Writes a PTS or DTS field (2.4.3.7) of 5 bytes; `prefix` is its leading 4-bit code. */
export function writeTimestamp(target: Uint8Array, offset: number, prefix: number, ticks: number): void {
  const wrapped = wrapTimestamp(ticks);
  const top = Math.floor(wrapped / 0x40000000);
  const low = wrapped % 0x40000000;
  target[offset] = (prefix << 4) | (top << 1) | 1;
  target[offset + 1] = low >>> 22;
  target[offset + 2] = ((low >>> 14) & 0xfe) | 1;
  target[offset + 3] = (low >>> 7) & 0xff;
  target[offset + 4] = ((low << 1) & 0xfe) | 1;
}

/** Writes the 6 bytes of a PCR field (2.4.3.5) from a time in 27 MHz ticks, which may be negative. */
export function writePcr(target: Uint8Array, offset: number, ticks27MHz: number): void {
  const base = Math.floor(ticks27MHz / PCR_TICKS);
  const extension = ticks27MHz - base * PCR_TICKS;
  const wrapped = wrapTimestamp(base);
  const high = Math.floor(wrapped / 2);
  target[offset] = Math.floor(high / 0x1000000);
  target[offset + 1] = (high >>> 16) & 0xff;
  target[offset + 2] = (high >>> 8) & 0xff;
  target[offset + 3] = high & 0xff;
  target[offset + 4] = ((wrapped % 2) << 7) | 0x7e | (extension >>> 8);
  target[offset + 5] = extension & 0xff;
}
