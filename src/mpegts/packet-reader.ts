/** Bytes of a transport stream packet (ISO/IEC 13818-1 2.4.3.2). */
export const PACKET_BYTES = 188;

/** First byte of every packet (ISO/IEC 13818-1 2.4.3.3). */
export const SYNC_BYTE = 0x47;

/** Receives what a `PacketReader` finds; positions count from the first byte that was pushed. */
export interface PacketSink {
  /** A packet at `bytes[at … at + 188)`. The buffer is used again: copy what must outlive the call. */
  onPacket(bytes: Uint8Array, at: number, position: number): void;
  /** A packet whose first byte is wrong (ETSI TR 101 290 1.2); it is left out. */
  onSyncByteError(position: number): void;
  /** Two wrong sync bytes in a row (ETSI TR 101 290 1.1). */
  onSyncLoss(position: number): void;
}

const BUFFER_BYTES = PACKET_BYTES * 512;
const GOOD_SYNCS = 5;
const LOOKAHEAD_BYTES = (GOOD_SYNCS - 1) * PACKET_BYTES + 1;

/**
 * Cuts chunks of any size into packets, with the hysteresis of ETSI TR 101 290 1.1: five good sync bytes at
 * packet distance find the sync, two bad ones in a row lose it. The outcome does not depend on the chunks.
 */
export class PacketReader {
  /** Bytes that belong to no packet: before the sync, after its loss, packets with a wrong sync byte. */
  skippedBytes = 0;
  readonly #sink: PacketSink;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #filled = 0;
  #position = 0;
  #inSync = false;

  constructor(sink: PacketSink) {
    this.#sink = sink;
  }

  /** Bytes that wait for the rest of their packet. */
  get pendingBytes(): number {
    return this.#filled;
  }

  push(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const take = Math.min(bytes.length - from, BUFFER_BYTES - this.#filled);
      this.#buffer.set(bytes.subarray(from, from + take), this.#filled);
      this.#filled += take;
      from += take;
      this.#drop(this.#read());
    }
  }

  #drop(count: number): void {
    this.#buffer.copyWithin(0, count, this.#filled);
    this.#filled -= count;
    this.#position += count;
  }

  /** Reads as far as the bytes allow and returns how many are done with. */
  #read(): number {
    let at = 0;
    for (;;) {
      const wasInSync = this.#inSync;
      at = wasInSync ? this.#readPackets(at) : this.#findSync(at);
      if (this.#inSync === wasInSync) return at;
    }
  }

  #readPackets(from: number): number {
    const buffer = this.#buffer;
    const filled = this.#filled;
    let at = from;
    while (filled - at >= PACKET_BYTES) {
      if (buffer[at] === SYNC_BYTE) {
        this.#sink.onPacket(buffer, at, this.#position + at);
        at += PACKET_BYTES;
        continue;
      }
      const next = at + PACKET_BYTES;
      if (next >= filled) break; // the next sync byte decides whether the sync is lost
      this.#sink.onSyncByteError(this.#position + at);
      if (buffer[next] !== SYNC_BYTE) {
        this.#sink.onSyncByteError(this.#position + next);
        this.#sink.onSyncLoss(this.#position + at);
        this.#inSync = false;
        this.skippedBytes += 1;
        return at + 1;
      }
      this.skippedBytes += PACKET_BYTES;
      at = next;
    }
    return at;
  }

  #findSync(from: number): number {
    let at = from;
    for (;;) {
      const found = this.#buffer.indexOf(SYNC_BYTE, at);
      const candidate = found < 0 || found > this.#filled ? this.#filled : found;
      this.skippedBytes += candidate - at;
      at = candidate;
      if (this.#filled - at < LOOKAHEAD_BYTES) return at;
      if (this.#isSyncAt(at)) {
        this.#inSync = true;
        return at;
      }
      this.skippedBytes += 1;
      at += 1;
    }
  }

  #isSyncAt(at: number): boolean {
    for (let packet = 1; packet < GOOD_SYNCS; packet++) {
      if (this.#buffer[at + packet * PACKET_BYTES] !== SYNC_BYTE) return false;
    }
    return true;
  }
}
