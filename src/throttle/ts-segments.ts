import { AppError } from "../base/errors.ts";
import { PacketReader, type PacketSink } from "../mpegts/packet-reader.ts";
import { PACKET_BYTES, PCR_TICKS, TIMESTAMP_WRAP } from "../mpegts/packets.ts";
import { readPcr } from "../mpegts/pcr-monitor.ts";
import { wrappedDelta } from "../mpegts/pes-header.ts";

/** Ticks per second of the system clock (ISO/IEC 13818-1 2.4.2.1). */
export const SYSTEM_CLOCK_HZ = 27_000_000;
/** PCR values wrap after so many ticks of 27 MHz. */
export const PCR_WRAP = TIMESTAMP_WRAP * PCR_TICKS;

/** A PCR that is further behind the last one than this belongs to another time base. */
const LONGEST_STEP = SYSTEM_CLOCK_HZ;
/** Bytes without a packet in them that are passed over in a row before the stream is given up. */
const MOST_GARBAGE_BYTES = 256 * 1024;
/** Fewest bytes in which a PCR is waited for. */
const CLOCK_WINDOW_BYTES = 512 * 1024;
/** Without a clock, bytes are handed on in pieces of this share of a second. */
const UNCLOCKED_SHARE = 0.1;
/** Packet sizes of relatives of the transport stream: M2TS, and DVB and ATSC with parity bytes. */
const FOREIGN_PACKET_BYTES = [192, 204, 208];

/**
 * The packets from one PCR up to the next. Their bytes are spread evenly over its time: that is what a PCR says
 * of them (ISO/IEC 13818-1 2.4.2.2).
 */
export interface Segment {
  /** Whole packets. */
  readonly bytes: Uint8Array;
  /** Time from the start of the stream, in ticks of 27 MHz; runs on over discontinuities of the PCR. */
  readonly start: number;
  readonly ticks: number;
  /** The PCR that its first packet carries, and on which PID; undefined where the stream has no clock. */
  readonly clock?: { readonly pid: number; readonly pcr: number };
}

/** What a `SegmentReader` notices beside the segments. */
export type SegmentNews =
  | { readonly type: "clock_found"; readonly pid: number }
  | { readonly type: "clock_missing"; readonly bytes: number }
  | { readonly type: "clock_discontinuity"; readonly pid: number }
  | { readonly type: "resynchronised"; readonly skippedBytes: number };

/** Cuts bytes of an MPEG transport stream, in chunks of any size, into segments. */
export class SegmentReader implements PacketSink {
  readonly #reader = new PacketReader(this);
  readonly #onNews: (news: SegmentNews) => void;
  readonly #windowBytes: number;
  readonly #unclockedBytes: number;
  readonly #finished: Segment[] = [];
  #ticksPerByte: number;
  #buffer = new Uint8Array(64 * PACKET_BYTES);
  #filled = 0;
  #start = 0;
  #pid: number | undefined;
  #pcr: number | undefined;
  #clockMissing = false;
  #hadPackets = false;
  #skippedBytes = 0;

  /** `fallbackBps`: rate that is assumed of a stream, or a part of one, that has no clock. */
  constructor(fallbackBps: number, onNews: (news: SegmentNews) => void) {
    this.#onNews = onNews;
    this.#ticksPerByte = (8 * SYSTEM_CLOCK_HZ) / fallbackBps;
    this.#windowBytes = Math.max(CLOCK_WINDOW_BYTES, fallbackBps / 8);
    this.#unclockedBytes = (fallbackBps / 8) * UNCLOCKED_SHARE;
  }

  /** The segments that `bytes` completes. Throws AppError("transport_stream_unreadable") when no packets come. */
  push(bytes: Uint8Array): Segment[] {
    this.#reader.push(bytes);
    const garbage = this.#reader.skippedBytes - this.#skippedBytes;
    if (garbage > MOST_GARBAGE_BYTES) throw unreadable(`in ${garbage} bytes there is no packet`, bytes);
    return this.#finished.splice(0);
  }

  /** What is left at the end of the stream. Throws AppError("transport_stream_unreadable") when it had no packet. */
  end(): Segment[] {
    const bytes = this.#reader.skippedBytes + this.#reader.pendingBytes;
    if (!this.#hadPackets && bytes > 0) throw unreadable(`it ends after ${bytes} bytes without a packet`);
    this.#close();
    this.#tellSkipped(this.#reader.pendingBytes);
    return this.#finished.splice(0);
  }

  onPacket(bytes: Uint8Array, at: number): void {
    this.#hadPackets = true;
    this.#tellSkipped(0);
    const hasPcr = (bytes[at + 3]! & 0x20) !== 0 && bytes[at + 4]! >= 7 && (bytes[at + 5]! & 0x10) !== 0;
    if (hasPcr) this.#onPcr(pidOf(bytes, at), readPcr(bytes, at + 6), (bytes[at + 5]! & 0x80) !== 0);
    else if (this.#filled >= (this.#clockMissing ? this.#unclockedBytes : this.#windowBytes)) this.#giveUp();
    this.#append(bytes, at);
  }

  onSyncByteError(): void {}

  onSyncLoss(): void {}

  #onPcr(pid: number, pcr: number, isMarked: boolean): void {
    if (this.#pid !== undefined && pid !== this.#pid) return;
    const step = this.#pcr === undefined ? undefined : wrappedDelta(pcr, this.#pcr, PCR_WRAP);
    // A packet that is sent twice (2.4.3.3) is no news.
    if (step === 0) return;
    if (step === undefined) this.#close();
    else if (step > 0 && step <= LONGEST_STEP && !isMarked) this.#close(step);
    else {
      this.#close();
      this.#onNews({ type: "clock_discontinuity", pid });
    }
    if (this.#pid === undefined) this.#onNews({ type: "clock_found", pid });
    this.#pid = pid;
    this.#pcr = pcr;
    this.#clockMissing = false;
  }

  /** No PCR for too long: go on by bytes, until any PID has one. */
  #giveUp(): void {
    if (!this.#clockMissing) this.#onNews({ type: "clock_missing", bytes: this.#filled });
    this.#clockMissing = true;
    this.#close();
    this.#pid = undefined;
    this.#pcr = undefined;
  }

  /** Ends the segment: it lasted `ticks`, or as long as its bytes would have at the last known rate. */
  #close(ticks?: number): void {
    if (this.#filled === 0) return;
    if (ticks !== undefined) this.#ticksPerByte = ticks / this.#filled;
    const lasted = ticks ?? Math.round(this.#filled * this.#ticksPerByte);
    const bytes = this.#buffer.slice(0, this.#filled);
    const clock =
      this.#pid === undefined || this.#pcr === undefined ? undefined : { pid: this.#pid, pcr: this.#pcr };
    this.#finished.push({ bytes, start: this.#start, ticks: lasted, clock });
    this.#start += lasted;
    this.#filled = 0;
  }

  #append(bytes: Uint8Array, at: number): void {
    if (this.#filled === this.#buffer.length) {
      const larger = new Uint8Array(2 * this.#buffer.length);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    const to = this.#filled;
    for (let index = 0; index < PACKET_BYTES; index++) this.#buffer[to + index] = bytes[at + index]!;
    this.#filled = to + PACKET_BYTES;
  }

  #tellSkipped(unfinished: number): void {
    const skippedBytes = this.#reader.skippedBytes + unfinished - this.#skippedBytes;
    if (skippedBytes === 0) return;
    this.#skippedBytes += skippedBytes;
    this.#onNews({ type: "resynchronised", skippedBytes });
  }
}

/** PID of the packet that begins at `bytes[at]`. */
export function pidOf(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
}

function unreadable(what: string, sample?: Uint8Array): AppError {
  const size = sample && foreignPacketSize(sample);
  const hint = size
    ? ` Its packets have ${size} bytes: repack it first (ffmpeg -i … -c copy -f mpegts …).`
    : "";
  return new AppError("transport_stream_unreadable", `It is no MPEG transport stream: ${what}.${hint}`);
}

/** The size of packets that are no 188 bytes long, if `bytes` consist of such. */
function foreignPacketSize(bytes: Uint8Array): number | undefined {
  return FOREIGN_PACKET_BYTES.find((size) => {
    if (bytes.length < 6 * size) return false;
    const offsets = Array.from({ length: size }, (_, offset) => offset);
    return offsets.some((offset) => [0, 1, 2, 3, 4].every((nth) => bytes[offset + nth * size] === 0x47));
  });
}
