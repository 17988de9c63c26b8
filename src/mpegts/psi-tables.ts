import { decodeDvbText } from "./dvb-text.ts";

/** table_id values that the analyser reads (ISO/IEC 13818-1 table 2-31, ETSI EN 300 468 table 2). */
export const TABLE = { pat: 0x00, cat: 0x01, pmt: 0x02, sdtActual: 0x42, tdt: 0x70, st: 0x72 } as const;

/** A programme of the PAT (ISO/IEC 13818-1 2.4.4.3). */
export interface PatEntry {
  readonly programNumber: number;
  readonly pmtPid: number;
}

/** An elementary stream of a PMT (ISO/IEC 13818-1 2.4.4.8). */
export interface PmtStream {
  readonly pid: number;
  readonly streamType: number;
  /** Tags of its descriptors. */
  readonly descriptorTags: readonly number[];
}

/** What a PMT section says (ISO/IEC 13818-1 2.4.4.8). */
export interface Pmt {
  readonly programNumber: number;
  readonly pcrPid: number;
  readonly streams: readonly PmtStream[];
  /** PIDs of entitlement control messages (CA_descriptor, 2.6.16). */
  readonly caPids: readonly number[];
}

/** Name of a service (ETSI EN 300 468 6.2.33). */
export interface Service {
  readonly name: string;
  readonly provider: string;
}

/** The table_id_extension of a long section: transport_stream_id, program_number … */
export function tableIdExtension(section: Uint8Array): number {
  return read16(section, 3);
}

/** Whether a long section is valid now and not only announced (current_next_indicator). */
export function isCurrent(section: Uint8Array): boolean {
  return (section[5]! & 1) === 1;
}

/** The programmes of a PAT section whose CRC is right; the network PID is left out. */
export function readPat(section: Uint8Array): PatEntry[] {
  const entries: PatEntry[] = [];
  for (let at = 8; at + 4 <= section.length - 4; at += 4) {
    const programNumber = read16(section, at);
    if (programNumber !== 0) entries.push({ programNumber, pmtPid: read13(section, at + 2) });
  }
  return entries;
}

/** Reads a PMT section whose CRC is right; what overruns the section is left out. */
export function readPmt(section: Uint8Array): Pmt {
  const end = section.length - 4;
  const streams: PmtStream[] = [];
  const caPids: number[] = [];
  let at = 12 + read12(section, 10);
  for (const descriptor of descriptors(section, 12, Math.min(at, end))) addCaPid(descriptor, caPids);
  while (at + 5 <= end) {
    const descriptorTags: number[] = [];
    const next = at + 5 + read12(section, at + 3);
    for (const descriptor of descriptors(section, at + 5, Math.min(next, end))) {
      descriptorTags.push(descriptor[0]!);
      addCaPid(descriptor, caPids);
    }
    streams.push({ pid: read13(section, at + 1), streamType: section[at]!, descriptorTags });
    at = next;
  }
  return { programNumber: tableIdExtension(section), pcrPid: read13(section, 8), streams, caPids };
}

/** PIDs of entitlement management messages in a CAT section (ISO/IEC 13818-1 2.4.4.6). */
export function readCat(section: Uint8Array): number[] {
  const caPids: number[] = [];
  for (const descriptor of descriptors(section, 8, section.length - 4)) addCaPid(descriptor, caPids);
  return caPids;
}

/** The service `serviceId` of an SDT section whose CRC is right (ETSI EN 300 468 5.2.3). */
export function readSdtService(section: Uint8Array, serviceId: number): Service | undefined {
  const end = section.length - 4;
  for (let at = 11; at + 5 <= end; ) {
    const next = at + 5 + read12(section, at + 3);
    if (read16(section, at) === serviceId) {
      for (const descriptor of descriptors(section, at + 5, Math.min(next, end))) {
        if (descriptor[0] === 0x48) return readServiceDescriptor(descriptor);
      }
    }
    at = next;
  }
  return undefined;
}

function readServiceDescriptor(descriptor: Uint8Array): Service {
  const providerEnd = 4 + (descriptor[3] ?? 0);
  const nameStart = providerEnd + 1;
  return {
    provider: decodeDvbText(descriptor.subarray(4, providerEnd)),
    name: decodeDvbText(descriptor.subarray(nameStart, nameStart + (descriptor[providerEnd] ?? 0))),
  };
}

function* descriptors(section: Uint8Array, from: number, to: number): Generator<Uint8Array> {
  for (let at = from; at + 2 <= to; ) {
    const next = at + 2 + section[at + 1]!;
    yield section.subarray(at, Math.min(next, to));
    at = next;
  }
}

function addCaPid(descriptor: Uint8Array, caPids: number[]): void {
  if (descriptor[0] === 0x09 && descriptor.length >= 6) caPids.push(read13(descriptor, 4));
}

function read12(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 0x0f) << 8) | bytes[at + 1]!;
}

function read13(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 0x1f) << 8) | bytes[at + 1]!;
}

function read16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
