import { crc32Mpeg } from "./crc32.ts";
import { PACKET_BYTES } from "./packets.ts";

/** Packet identifiers of every stream that this server makes. */
export const Pid = { pat: 0x0000, sdt: 0x0011, video: 0x0100, audio: 0x0101, pmt: 0x1000 } as const;

/** Stream types of ISO/IEC 13818-1 table 2-34. */
export const StreamType = { adtsAac: 0x0f, h264: 0x1b } as const;

const TRANSPORT_STREAM_ID = 1;
const ORIGINAL_NETWORK_ID = 0xff01;
const PROGRAMME = 1;
const CURRENT = 0x01;
const SERVICE_DESCRIPTOR = 0x48;
const SERVICE_TYPE_TV = 0x01;
const RUNNING = 4;
/** First byte of a DVB string in UTF-8 (ETSI EN 300 468 table A.3). */
const DVB_UTF8 = 0x15;
/** Longest names that keep the SDT within one packet. */
const MAX_NAME_BYTES = 100;

/** The programme association table (ISO/IEC 13818-1 2.4.4.3) as a packet; its continuity counter is 0. */
export function patPacket(): Uint8Array {
  const body = [...u16(PROGRAMME), ...u16(0xe000 | Pid.pmt)];
  return sectionPacket(Pid.pat, section(0x00, TRANSPORT_STREAM_ID, 0, body, 0xb000));
}

/** The programme map table (2.4.4.8) for H.264 video and ADTS AAC audio; `version` counts its changes. */
export function pmtPacket(version: number): Uint8Array {
  const stream = (type: number, pid: number) => [type, ...u16(0xe000 | pid), ...u16(0xf000)];
  const body = [
    ...u16(0xe000 | Pid.video),
    ...u16(0xf000),
    ...stream(StreamType.h264, Pid.video),
    ...stream(StreamType.adtsAac, Pid.audio),
  ];
  return sectionPacket(Pid.pmt, section(0x02, PROGRAMME, version, body, 0xb000));
}

/** The service description table (ETSI EN 300 468 5.2.3) that carries the channel's name. */
export function sdtPacket(service: string, provider: string): Uint8Array {
  const providerBytes = dvbText(provider, 24);
  const serviceBytes = dvbText(service, MAX_NAME_BYTES);
  const descriptor = [
    SERVICE_TYPE_TV,
    providerBytes.length,
    ...providerBytes,
    serviceBytes.length,
    ...serviceBytes,
  ];
  const loop = [SERVICE_DESCRIPTOR, descriptor.length, ...descriptor];
  const body = [
    ...u16(ORIGINAL_NETWORK_ID),
    0xff,
    ...u16(PROGRAMME),
    0xfc,
    ...u16((RUNNING << 13) | loop.length),
  ];
  return sectionPacket(Pid.sdt, section(0x42, TRANSPORT_STREAM_ID, 0, [...body, ...loop], 0xf000));
}

/** A section with its CRC: `flags` holds section_syntax_indicator and the reserved bits before the length. */
function section(
  tableId: number,
  idExtension: number,
  version: number,
  body: number[],
  flags: number,
): Uint8Array {
  const rest = [...u16(idExtension), 0xc0 | ((version & 31) << 1) | CURRENT, 0, 0, ...body];
  const bytes = [tableId, ...u16(flags | (rest.length + 4)), ...rest];
  const crc = crc32Mpeg(Uint8Array.from(bytes));
  return Uint8Array.from([...bytes, crc >>> 24, (crc >>> 16) & 0xff, (crc >>> 8) & 0xff, crc & 0xff]);
}

function sectionPacket(pid: number, content: Uint8Array): Uint8Array {
  const packet = new Uint8Array(PACKET_BYTES).fill(0xff);
  packet.set([0x47, 0x40 | (pid >> 8), pid & 0xff, 0x10, 0x00]);
  packet.set(content, 5);
  return packet;
}

/** A DVB string: UTF-8 marker and at most `maxBytes` of text, cut between characters, controls left out. */
function dvbText(text: string, maxBytes: number): number[] {
  const bytes: number[] = [];
  for (const character of text.replace(/\p{Cc}/gu, " ")) {
    const encoded = Buffer.from(character, "utf8");
    if (bytes.length + encoded.length > maxBytes) break;
    bytes.push(...encoded);
  }
  return [DVB_UTF8, ...bytes];
}

function u16(value: number): [number, number] {
  return [(value >> 8) & 0xff, value & 0xff];
}
