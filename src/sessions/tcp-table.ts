import { createReadStream } from "node:fs";
import { isIPv4 } from "node:net";
import { endianness } from "node:os";

/** A connection as the kernel lists it in /proc/net/tcp and tcp6 (Linux, net/ipv4/tcp_ipv4.c get_tcp4_sock). */
export interface TcpEntry {
  /** Both ends, in the kernel's own form. */
  readonly key: string;
  /** What it waits for: 1 that sent data is acknowledged, 4 that the other end has room again. */
  readonly timer: number;
  /** How often it has sent the same data again without an answer. */
  readonly retransmits: number;
  /** How often it has asked for room without an answer. */
  readonly probes: number;
}

/** The two ends of a connection. */
export interface TcpEnds {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];
/** Read at a time: some 400 connections, so that none of the steps takes long. */
const CHUNK_BYTES = 64 * 1024;
/** A table with more connections than some hundred thousand is read only so far. */
const MAX_BYTES = 32 * 1024 * 1024;

/** The words of a line in which we look: number, local, remote, state, queues, timer, retransmits, uid, probes. */
const LINE =
  /^ *\d+: ([0-9A-F]+:[0-9A-F]{4}) ([0-9A-F]+:[0-9A-F]{4}) 01 \S+ (\d\d):\S+ ([0-9A-F]+) +\d+ +(\d+)/;

/** An established connection that waits for its other end; undefined for any other line of the table. */
export function parseTcpLine(line: string): TcpEntry | undefined {
  const [, local, remote, timer, retransmits, probes] = LINE.exec(line) ?? [];
  if (timer !== "01" && timer !== "04") return undefined;
  return {
    key: `${local} ${remote}`,
    timer: Number(timer),
    retransmits: Number.parseInt(retransmits!, 16),
    probes: Number(probes),
  };
}

/** What `TcpEntry.key` is for a connection. */
export function tcpKey({ localAddress, localPort, remoteAddress, remotePort }: TcpEnds): string {
  return `${hexEnd(localAddress, localPort)} ${hexEnd(remoteAddress, remotePort)}`;
}

/** Reads the tables of all connections, in small steps. Throws the file system's error. */
export async function readTcpTables(onEntry: (entry: TcpEntry) => void): Promise<void> {
  for (const path of TABLES) {
    let rest = "";
    let bytes = 0;
    const chunks: AsyncIterable<string> = createReadStream(path, {
      encoding: "latin1",
      highWaterMark: CHUNK_BYTES,
    });
    for await (const chunk of chunks) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const entry = parseTcpLine(line);
        if (entry) onEntry(entry);
      }
      bytes += chunk.length;
      if (bytes >= MAX_BYTES) break;
    }
  }
}

function hexEnd(address: string, port: number): string {
  return `${hexAddress(address)}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The kernel prints addresses as 32-bit words in the machine's own byte order. */
function hexAddress(address: string): string {
  const plain = address.replace(/%.*$/, "");
  const bytes = isIPv4(plain) ? Buffer.from(plain.split(".").map(Number)) : ipv6Bytes(plain);
  if (endianness() === "LE") bytes.swap32();
  return bytes.toString("hex").toUpperCase();
}

function ipv6Bytes(address: string): Buffer {
  // An IPv4 address in the last 32 bits, as in ::ffff:192.168.1.5.
  const text = address.replace(/\d+\.\d+\.\d+\.\d+$/, (ipv4) => {
    const [a = 0, b = 0, c = 0, d = 0] = ipv4.split(".").map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = "", tail] = text.split("::");
  const groups = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const bytes = Buffer.alloc(16);
  for (const [index, group] of before.entries()) bytes.writeUInt16BE(group, index * 2);
  for (const [index, group] of after.entries()) bytes.writeUInt16BE(group, (8 - after.length + index) * 2);
  return bytes;
}
