import { ADTS_HEADER_BYTES, type AudioConfig, writeAdtsHeader } from "../codec/aac.ts";
import { NAL_LENGTH_BYTES } from "../codec/h264.ts";
import type { Gop } from "../media/gop.ts";
import {
  PACKET_BYTES,
  PACKET_PAYLOAD_BYTES,
  PCR_FIELD_BYTES,
  wrapTimestamp,
  writePcr,
  writeTimestamp,
} from "./packets.ts";
import { Pid } from "./tables.ts";

/** Longest PES header of a picture: 9 bytes, PTS and DTS. */
export const VIDEO_PES_BYTES = 19;
/** PES header of an audio frame: 9 bytes and PTS. */
export const AUDIO_PES_HEADER_BYTES = 14;

const START_CODE_BYTES = 4;
const ACCESS_UNIT_DELIMITER_BYTES = 6;
/** primary_pic_type of the access unit delimiter (ITU-T H.264 table 7-5): I only, or anything. */
const AUD_INTRA = 0x10;
const AUD_ANY = 0xf0;
/** Adaptation field of length and flags only. */
const FLAGS_FIELD_BYTES = 2;
const STREAM_ID_VIDEO = 0xe0;
const STREAM_ID_AUDIO = 0xc0;
const PAYLOAD_ONLY = 0x10;
const ADAPTATION_ONLY = 0x20;
const ADAPTATION_AND_PAYLOAD = 0x30;
const STUFFING_PACKET = new Uint8Array(PACKET_BYTES).fill(0xff);
STUFFING_PACKET.set([0x47, 0x1f, 0xff, PAYLOAD_ONLY]);
const RANDOM_ACCESS = 0x40;
const HAS_PCR = 0x10;

/** Bytes of picture `index` as an Annex B access unit: delimiter, parameter sets before the IDR, NAL units. */
export function accessUnitBytes(gop: Gop, index: number): number {
  const { sps, pps } = gop.parameters;
  const sets = index === 0 ? 2 * START_CODE_BYTES + sps.length + pps.length : 0;
  return ACCESS_UNIT_DELIMITER_BYTES + sets + gop.video.sizes[index]!;
}

/**
 * Packets that a PES packet of `bytes` fills, when the first one's adaptation field takes `field` bytes. A
 * picture's header is counted at its longest: when PTS equals DTS it is padded with PES stuffing bytes to the same
 * length, so that sizes are known before times are.
 */
export function packetsFor(bytes: number, field: number): number {
  const first = PACKET_PAYLOAD_BYTES - field;
  return bytes <= first ? 1 : 1 + Math.ceil((bytes - first) / PACKET_PAYLOAD_BYTES);
}

/** Bytes of adaptation field that the first packet of picture `index` needs. */
export function videoFieldBytes(index: number, withPcr: boolean): number {
  if (withPcr) return PCR_FIELD_BYTES;
  return index === 0 ? FLAGS_FIELD_BYTES : 0;
}

/** A PES packet on its way into transport packets. */
class PesScratch {
  readonly pid: number;
  bytes = new Uint8Array(1 << 12);
  length = 0;
  sent = 0;
  randomAccess = false;

  constructor(pid: number) {
    this.pid = pid;
  }

  /** Begins a PES packet of `length` bytes and returns where to write it. */
  begin(length: number, randomAccess: boolean): Uint8Array {
    if (this.bytes.length < length) this.bytes = new Uint8Array(2 * length);
    this.length = length;
    this.sent = 0;
    this.randomAccess = randomAccess;
    return this.bytes;
  }

  get isFinished(): boolean {
    return this.sent === this.length;
  }
}

/** Writes transport packets into one exactly sized buffer at a time; owns the continuity counters of a stream. */
export class PacketWriter {
  #target = new Uint8Array(0);
  readonly #video = new PesScratch(Pid.video);
  readonly #audio = new PesScratch(Pid.audio);
  readonly #counters = new Uint8Array(0x2000);
  /** Byte position of the next packet. */
  position = 0;

  /** Starts a new buffer of exactly `bytes`. */
  begin(bytes: number): void {
    this.#target = Buffer.allocUnsafeSlow(bytes);
    this.position = 0;
  }

  /** The finished buffer; throws RangeError when it was not filled exactly. */
  end(): Uint8Array {
    if (this.position !== this.#target.length) {
      throw new RangeError(`wrote ${this.position} of ${this.#target.length} bytes`);
    }
    return this.#target;
  }

  /** A table packet, with its continuity counter set. */
  table(pid: number, packet: Uint8Array): void {
    this.#target.set(packet, this.position);
    this.#target[this.position + 3] = PAYLOAD_ONLY | this.#nextCounter(pid);
    this.position += PACKET_BYTES;
  }

  /** A packet of the video PID that carries the PCR (27 MHz ticks) and no payload: its counter does not move. */
  clockOnly(pcr: number): void {
    const target = this.#target;
    const at = this.position;
    target.fill(0xff, at, at + PACKET_BYTES);
    this.#header(Pid.video, false, ADAPTATION_ONLY | ((this.#counters[Pid.video]! - 1) & 15));
    target[at + 4] = PACKET_PAYLOAD_BYTES - 1;
    target[at + 5] = HAS_PCR;
    writePcr(target, at + 6, pcr);
    this.position += PACKET_BYTES;
  }

  /** A packet of stuffing (2.4.1). */
  stuffing(): void {
    this.#target.set(STUFFING_PACKET, this.position);
    this.position += PACKET_BYTES;
  }

  /** Prepares picture `index` of a Gop as a PES packet of unbounded length (2.4.3.7); packets may follow. */
  beginVideo(gop: Gop, index: number, pts: number, dts: number): void {
    const length = VIDEO_PES_BYTES + accessUnitBytes(gop, index);
    const pes = this.#video.begin(length, index === 0);
    const delayed = wrapTimestamp(pts) !== wrapTimestamp(dts);
    this.#pesHeader(pes, STREAM_ID_VIDEO, 0, pts, delayed ? dts : undefined, VIDEO_PES_BYTES - 9);
    let at = VIDEO_PES_BYTES;
    at = startCode(pes, at);
    pes[at++] = 0x09;
    pes[at++] = index === 0 ? AUD_INTRA : AUD_ANY;
    if (index === 0) {
      for (const set of [gop.parameters.sps, gop.parameters.pps]) {
        at = startCode(pes, at);
        pes.set(set, at);
        at += set.length;
      }
    }
    const offset = gop.video.offsets[index]!;
    pes.set(gop.video.data.subarray(offset, offset + gop.video.sizes[index]!), at);
    lengthsToStartCodes(pes, at, length);
  }

  /** The next packet of the prepared picture, with a PCR (27 MHz ticks) if there is one; false: it was the last. */
  videoPacket(pcr?: number): boolean {
    this.#packet(this.#video, pcr);
    return !this.#video.isFinished;
  }

  /** Prepares one AAC frame as a PES packet of its own, behind an ADTS header; packets may follow. */
  beginAudio(config: AudioConfig, frame: Uint8Array, pts: number): void {
    const length = AUDIO_PES_HEADER_BYTES + ADTS_HEADER_BYTES + frame.length;
    const pes = this.#audio.begin(length, false);
    this.#pesHeader(pes, STREAM_ID_AUDIO, length - 6, pts, undefined, AUDIO_PES_HEADER_BYTES - 9);
    writeAdtsHeader(pes, AUDIO_PES_HEADER_BYTES, config, frame.length);
    pes.set(frame, AUDIO_PES_HEADER_BYTES + ADTS_HEADER_BYTES);
  }

  /** The next packet of the prepared audio frame; false: it was the last. */
  audioPacket(): boolean {
    this.#packet(this.#audio, undefined);
    return !this.#audio.isFinished;
  }

  #pesHeader(
    pes: Uint8Array,
    streamId: number,
    packetLength: number,
    pts: number,
    dts: number | undefined,
    headerBytes: number,
  ): void {
    pes.fill(0xff, 9, 9 + headerBytes);
    pes[0] = 0;
    pes[1] = 0;
    pes[2] = 1;
    pes[3] = streamId;
    pes[4] = packetLength >> 8;
    pes[5] = packetLength & 0xff;
    pes[6] = 0x84; // data_alignment_indicator: an access unit begins here
    pes[7] = dts === undefined ? 0x80 : 0xc0;
    pes[8] = headerBytes;
    writeTimestamp(pes, 9, dts === undefined ? 2 : 3, pts);
    if (dts !== undefined) writeTimestamp(pes, 14, 1, dts);
  }

  /** Cuts one transport packet off a PES packet; what the last one lacks is stuffed in its adaptation field. */
  #packet(pes: PesScratch, pcr: number | undefined): void {
    const target = this.#target;
    const at = this.position;
    const first = pes.sent === 0;
    const marksAccess = first && pes.randomAccess;
    const field = pcr !== undefined ? PCR_FIELD_BYTES : marksAccess ? FLAGS_FIELD_BYTES : 0;
    const payload = Math.min(pes.length - pes.sent, PACKET_PAYLOAD_BYTES - field);
    const adaptation = PACKET_PAYLOAD_BYTES - payload;
    const control = adaptation > 0 ? ADAPTATION_AND_PAYLOAD : PAYLOAD_ONLY;
    this.#header(pes.pid, first, control | this.#nextCounter(pes.pid));
    if (adaptation > 0) {
      target[at + 4] = adaptation - 1;
      if (adaptation > 1) {
        target[at + 5] = (marksAccess ? RANDOM_ACCESS : 0) | (pcr !== undefined ? HAS_PCR : 0);
        if (pcr !== undefined) writePcr(target, at + 6, pcr);
        target.fill(0xff, at + (pcr !== undefined ? 12 : 6), at + 4 + adaptation);
      }
    }
    target.set(pes.bytes.subarray(pes.sent, pes.sent + payload), at + 4 + adaptation);
    pes.sent += payload;
    this.position += PACKET_BYTES;
  }

  #header(pid: number, unitStart: boolean, control: number): void {
    const at = this.position;
    this.#target[at] = 0x47;
    this.#target[at + 1] = (unitStart ? 0x40 : 0) | (pid >> 8);
    this.#target[at + 2] = pid & 0xff;
    this.#target[at + 3] = control;
  }

  /** Value for the next packet with payload; counts from 0. */
  #nextCounter(pid: number): number {
    const counter = this.#counters[pid]!;
    this.#counters[pid] = (counter + 1) & 15;
    return counter;
  }
}

function startCode(target: Uint8Array, at: number): number {
  target[at] = 0;
  target[at + 1] = 0;
  target[at + 2] = 0;
  target[at + 3] = 1;
  return at + START_CODE_BYTES;
}

/** Replaces the 4-byte NAL unit lengths in `bytes[from … to)` by start codes of the same size (H.264 annex B). */
function lengthsToStartCodes(bytes: Uint8Array, from: number, to: number): void {
  let at = from;
  while (at + NAL_LENGTH_BYTES <= to) {
    const size = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    startCode(bytes, at);
    at += NAL_LENGTH_BYTES + size;
  }
}
