// A transport stream made by hand for the tests of the analyser: nothing of the muxer is used here, so that the
// one cannot hide the faults of the other.
import { crc32Mpeg } from "./crc32.ts";

/** PIDs of the stream that `goodStream` makes. */
export const FIXTURE_PID = {
  pat: 0,
  sdt: 0x11,
  video: 0x100,
  audio: 0x101,
  pmt: 0x1000,
  null: 0x1fff,
} as const;

/** One packet and what is in it; `pcr` marks the packets that bear one. */
export interface FixturePacket {
  readonly pid: number;
  readonly bytes: Uint8Array;
  /** A table or an access unit begins here. */
  readonly start: boolean;
  readonly pcr: boolean;
}

/** What a test may bend; all of it is right by default. */
export interface FixtureOptions {
  readonly seconds?: number;
  /** First PCR in 27 MHz ticks. */
  readonly pcrStart?: number;
  /** PCR in 27 MHz ticks for the packet `index`, which leaves at `index` ms. */
  readonly mapPcr?: (ticks: number, index: number) => number;
  readonly mapDts?: (dts: number, pid: number, index: number) => number;
  /** PTS minus DTS, in ticks of 90 kHz. */
  readonly reorder?: number;
  /** NAL units (without start code) before the slice of a key access unit. */
  readonly keyPrefix?: readonly (readonly number[])[];
  readonly catSection?: readonly number[];
}

/** An AAC frame of 40 bytes at 48 kHz behind its ADTS header; small enough to be sent 0.7 s before it is heard. */
const ADTS_FRAME = [
  0xff,
  0xf1,
  0x4c,
  0x80,
  47 >> 3,
  ((47 & 7) << 5) | 0x1f,
  0xfc,
  ...new Array(40).fill(0x21),
];
const PCR_PERIOD = 20;
const FRAME_MS = 40;
const GOP_FRAMES = 25;
const TABLE_PERIOD_MS = 100;
const SDT_PERIOD_MS = 1000;
const LEAD_TICKS = 63_000;
/** Access unit delimiter, sequence and picture parameter set. */
export const KEY_PREFIX = [
  [0x09, 0xf0],
  [0x67, 0x42, 0xc0, 0x1e],
  [0x68, 0xce, 0x3c, 0x80],
] as const;

/**
 * A clean stream at a constant 1,504,000 bit/s, one packet a millisecond: 25 pictures a second, a key every
 * second, AAC frames of 1,024 samples at 48 kHz, PAT and PMT every 100 ms, PCR every 20 ms, null packets.
 */
export function goodStream(options: FixtureOptions = {}): FixturePacket[] {
  const total = (options.seconds ?? 3) * 1000;
  const pcrStart = options.pcrStart ?? 27_000_000;
  const queue: FixturePacket[] = [];
  const packets: FixturePacket[] = [];
  let frames = 0;
  let audioFrames = 0;
  for (let index = 0; index < total; index++) {
    if (index % TABLE_PERIOD_MS === 0) {
      queue.push(
        sectionPacket(0, section(0x00, 1, [0x00, 0x01, 0xf0, 0x00])),
        sectionPacket(0x1000, pmtSection()),
      );
      if (options.catSection) queue.push(sectionPacket(1, options.catSection));
    }
    if (index % SDT_PERIOD_MS === 200) queue.push(sectionPacket(0x11, sdtSection("Kanal Ä", "EXStreamTV")));
    const dtsAt = (ms: number) => Math.round(pcrStart / 300 + ms * 90) + LEAD_TICKS;
    if (index === frames * FRAME_MS) {
      const dts = options.mapDts?.(dtsAt(index), 0x100, frames) ?? dtsAt(index);
      queue.push(...videoPackets(frames, dts, options));
      frames += 1;
    }
    if (index >= (audioFrames * 1024) / 48) {
      const exact = dtsAt((audioFrames * 1024) / 48);
      const dts = options.mapDts?.(exact, 0x101, audioFrames) ?? exact;
      queue.push(...packetise(0x101, pes(0xc0, dts, dts, ADTS_FRAME), false, false));
      audioFrames += 1;
    }
    const pcrOnly = index > 0 && index % PCR_PERIOD === 0;
    const packet = pcrOnly ? pcrPacket() : (queue.shift() ?? nullPacket());
    const ticks = pcrStart + index * 27_000;
    if (packet.pcr) setPcr(packet.bytes, options.mapPcr?.(ticks, index) ?? ticks);
    packets.push(packet);
  }
  return renumber(packets);
}

/** Gives every packet the continuity_counter that it should have, after packets were taken out. */
export function renumber(packets: FixturePacket[]): FixturePacket[] {
  const counters = new Map<number, number>();
  for (const { pid, bytes } of packets) {
    const last = counters.get(pid) ?? 15;
    const counter = (bytes[3]! & 0x10) !== 0 ? (last + 1) & 15 : last;
    bytes[3] = (bytes[3]! & 0xf0) | counter;
    counters.set(pid, counter);
  }
  return packets;
}

/** The stream with null packets in the place of those that `isGone` picks; counters run on. */
export function without(
  packets: FixturePacket[],
  isGone: (packet: FixturePacket, index: number) => boolean,
): FixturePacket[] {
  return renumber(packets.map((packet, index) => (isGone(packet, index) ? nullPacket() : packet)));
}

/** The bytes of all packets, end to end. */
export function joinPackets(packets: readonly { readonly bytes: Uint8Array }[]): Uint8Array {
  const joined = new Uint8Array(packets.length * 188);
  packets.forEach((packet, index) => {
    joined.set(packet.bytes, index * 188);
  });
  return joined;
}

/** Overwrites the PCR of a packet with 27 MHz ticks. */
export function setPcr(bytes: Uint8Array, ticks: number): void {
  const base = Math.floor(ticks / 300) % 2 ** 33;
  const extension = ticks % 300;
  const high = Math.floor(base / 2);
  bytes[6] = Math.floor(high / 0x1000000);
  bytes[7] = (high >>> 16) & 0xff;
  bytes[8] = (high >>> 8) & 0xff;
  bytes[9] = high & 0xff;
  bytes[10] = ((base % 2) << 7) | 0x7e | (extension >> 8);
  bytes[11] = extension & 0xff;
}

/** A long section with its CRC_32 (ISO/IEC 13818-1 2.4.4.10). */
export function section(tableId: number, extension: number, body: readonly number[], version = 0): number[] {
  const length = body.length + 9;
  const bytes = [tableId, 0xb0 | (length >> 8), length & 0xff, extension >> 8, extension & 0xff];
  bytes.push(0xc1 | (version << 1), 0, 0, ...body);
  const crc = crc32Mpeg(Uint8Array.from(bytes));
  return [...bytes, crc >>> 24, (crc >>> 16) & 0xff, (crc >>> 8) & 0xff, crc & 0xff];
}

/** A PMT section for H.264 on 0x100 and AAC on 0x101, and whatever else is given. */
export function pmtSection(extraStreams: readonly number[] = [], version = 0): number[] {
  const streams = [0x1b, 0xe1, 0x00, 0xf0, 0x00, 0x0f, 0xe1, 0x01, 0xf0, 0x00, ...extraStreams];
  return section(0x02, 1, [0xe1, 0x00, 0xf0, 0x00, ...streams], version);
}

/** An SDT section that names service 1, in UTF-8 (ETSI EN 300 468 5.2.3). */
export function sdtSection(name: string, provider: string): number[] {
  const text = (value: string) => [0x15, ...new TextEncoder().encode(value)];
  const [nameBytes, providerBytes] = [text(name), text(provider)];
  const service = [0x01, providerBytes.length, ...providerBytes, nameBytes.length, ...nameBytes];
  const descriptor = [0x48, service.length, ...service];
  return section(0x42, 1, [0xff, 0x01, 0xff, 0x00, 0x01, 0xfc, 0x80, descriptor.length, ...descriptor]);
}

/** A packet that carries one section from its beginning. */
export function sectionPacket(pid: number, bytes: readonly number[]): FixturePacket {
  const packet = header(pid, true, 0x10);
  packet.fill(0xff, 4);
  packet.set([0, ...bytes], 4);
  return { pid, bytes: packet, start: true, pcr: false };
}

/** A packet of stuffing (ISO/IEC 13818-1 2.4.1). */
export function nullPacket(): FixturePacket {
  return { pid: 0x1fff, bytes: header(0x1fff, false, 0x10), start: false, pcr: false };
}

function pcrPacket(): FixturePacket {
  const bytes = header(0x100, false, 0x20);
  bytes.fill(0xff, 4);
  bytes.set([183, 0x10], 4);
  return { pid: 0x100, bytes, start: false, pcr: true };
}

function header(pid: number, start: boolean, control: number): Uint8Array {
  const bytes = new Uint8Array(188);
  bytes.set([0x47, (start ? 0x40 : 0) | (pid >> 8), pid & 0xff, control]);
  return bytes;
}

function videoPackets(frame: number, dts: number, options: FixtureOptions): FixturePacket[] {
  const isKey = frame % GOP_FRAMES === 0;
  const prefix = isKey ? (options.keyPrefix ?? KEY_PREFIX) : [[0x09, 0xf0]];
  const slice = [isKey ? 0x65 : 0x41, ...new Array(isKey ? 1500 : 700).fill(0x5a)];
  const unit = [...prefix, slice].flatMap((nal) => [0, 0, 0, 1, ...nal]);
  return packetise(0x100, pes(0xe0, dts + (options.reorder ?? 0), dts, unit), isKey, frame === 0);
}

/** A PES packet with PTS and, where it differs, DTS, in ticks of 90 kHz. */
export function pes(streamId: number, pts: number, dts: number, payload: readonly number[]): number[] {
  const stamps = pts === dts ? stamp(2, pts) : [...stamp(3, pts), ...stamp(1, dts)];
  return [0, 0, 1, streamId, 0, 0, 0x80, pts === dts ? 0x80 : 0xc0, stamps.length, ...stamps, ...payload];
}

function stamp(prefix: number, ticks: number): number[] {
  const wrapped = ((ticks % 2 ** 33) + 2 ** 33) % 2 ** 33;
  const top = Math.floor(wrapped / 2 ** 30);
  const middle = Math.floor(wrapped / 2 ** 15) % 2 ** 15;
  const low = wrapped % 2 ** 15;
  return [
    (prefix << 4) | (top << 1) | 1,
    middle >> 7,
    ((middle << 1) & 0xff) | 1,
    low >> 7,
    ((low << 1) & 0xff) | 1,
  ];
}

/** Spreads a PES packet over transport packets; the last one is filled up by its adaptation field. */
export function packetise(
  pid: number,
  bytes: readonly number[],
  randomAccess: boolean,
  pcr: boolean,
): FixturePacket[] {
  const packets: FixturePacket[] = [];
  for (let from = 0; from < bytes.length; ) {
    const isFirst = from === 0;
    const flags = isFirst ? (randomAccess ? 0x40 : 0) | (pcr ? 0x10 : 0) : 0;
    const wanted = (flags & 0x10) !== 0 ? 8 : flags !== 0 ? 2 : 0;
    const take = Math.min(bytes.length - from, 184 - wanted);
    const field = 184 - take;
    const packet = header(pid, isFirst, field > 0 ? 0x30 : 0x10);
    packet.fill(0xff, 4, 4 + field);
    if (field > 0) packet[4] = field - 1;
    if (field > 1) packet[5] = flags;
    packet.set(bytes.slice(from, from + take), 4 + field);
    packets.push({ pid, bytes: packet, start: isFirst, pcr: (flags & 0x10) !== 0 });
    from += take;
  }
  return packets;
}
