import { readFile, writeFile } from "node:fs/promises";

const PACKET_BYTES = 188;
const NULL_PID = 0x1fff;

/** PID of the transport packet that begins at `offset` (ISO/IEC 13818-1 2.4.3.2). */
export function packetPid(stream: Uint8Array, offset: number): number {
  return ((stream[offset + 1]! & 0x1f) << 8) | stream[offset + 2]!;
}

/**
 * The PCR of the transport packet at the start of `packet`, in seconds (ISO/IEC 13818-1 2.4.3.5); undefined when it
 * has none.
 */
export function clockOf(packet: Buffer): number | undefined {
  const hasClock = (packet[3]! & 0x20) !== 0 && packet[4]! >= 7 && (packet[5]! & 0x10) !== 0;
  if (!hasClock) return undefined;
  const base = packet.readUInt32BE(6) * 2 + (packet[10]! >> 7);
  return (base * 300 + (((packet[10]! & 1) << 8) | packet[11]!)) / 27_000_000;
}

/** Where each PCR of a captured stream stands, and what it says, in seconds. */
export function clocksIn(stream: Buffer): { readonly position: number; readonly seconds: number }[] {
  const clocks: { position: number; seconds: number }[] = [];
  for (let position = 0; position + PACKET_BYTES <= stream.length; position += PACKET_BYTES) {
    const seconds = clockOf(stream.subarray(position, position + PACKET_BYTES));
    if (seconds !== undefined) clocks.push({ position, seconds });
  }
  return clocks;
}

/**
 * Takes the unfinished end off a captured transport stream, in place: from each PID everything from its last
 * payload start on. What is left ends with whole pictures and whole sound frames, so that no decoder has a reason
 * to complain of a cut that the capturing made. Throws when the file does not consist of packets.
 */
export async function trimCapture(file: string): Promise<void> {
  const stream = await readFile(file);
  const count = Math.floor(stream.length / PACKET_BYTES);
  const finished = new Set<number>([NULL_PID]);
  const kept: Buffer[] = [];
  for (let index = count - 1; index >= 0; index--) {
    const offset = index * PACKET_BYTES;
    if (stream[offset] !== 0x47) throw new Error(`${file}: no sync byte at ${offset}`);
    const pid = packetPid(stream, offset);
    if (finished.has(pid)) kept.push(stream.subarray(offset, offset + PACKET_BYTES));
    else if (stream[offset + 1]! & 0x40) finished.add(pid);
  }
  await writeFile(file, Buffer.concat(kept.reverse()));
}
