// The client behind arrival-client.ts, in a process of its own so that what else a test does has no part in the
// times that it notes. Argument 1: its orders as JSON. It answers over the IPC channel and ends.
import { createWriteStream } from "node:fs";
import { connect } from "node:net";
import { finished } from "node:stream/promises";
import { SystemClock } from "../../src/base/clock.ts";
import type { Arrivals, WatchOptions } from "./arrival-client.ts";

const PACKET_BYTES = 188;
const PCR_PID = 0x100;
const READ_EVERY_MS = 40;
/** ISO/IEC 13818-1 2.4.3.5. */
const SYSTEM_CLOCK_HZ = 27_000_000;

const clock = new SystemClock();
const options = JSON.parse(process.argv[2]!) as WatchOptions & { readonly url: string };
const { hostname, port, pathname } = new URL(options.url);
const file = options.save === undefined ? undefined : createWriteStream(options.save);
const arrivals: { [Key in keyof Arrivals]: Arrivals[Key][number][] } = { reads: [], clocks: [] };
let head: Buffer | undefined = Buffer.alloc(0);
let bytes = 0;
let rest = Buffer.alloc(0);

const socket = connect({ host: hostname, port: Number(port) });
socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
const { bytesPerSecond } = options;
if (bytesPerSecond === undefined) socket.on("data", take);
else {
  // Reads so much and no more: what it leaves fills the buffers, then the server feels it.
  const startedMs = clock.now();
  let had = 0;
  clock.every(READ_EVERY_MS, () => {
    const allowed = Math.floor(((clock.now() - startedMs) / 1000) * bytesPerSecond) - had;
    const chunk =
      allowed > 0 ? (socket.read(Math.min(allowed, socket.readableLength)) as Buffer | null) : null;
    if (!chunk) return;
    had += chunk.length;
    take(chunk);
  });
}
clock.after(options.seconds * 1000, () => void finish());
socket.on("close", () => void finish());
socket.on("error", () => undefined);

function take(chunk: Buffer): void {
  const atMs = clock.now();
  if (head) {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const body = head.subarray(end + 4);
    head = undefined;
    if (body.length > 0) note(body, atMs);
  } else note(chunk, atMs);
}

function note(body: Buffer, atMs: number): void {
  file?.write(body);
  let packets = rest.length > 0 ? Buffer.concat([rest, body]) : body;
  let position = bytes - rest.length;
  bytes += body.length;
  arrivals.reads.push({ atMs, bytes });
  for (; packets.length >= PACKET_BYTES; packets = packets.subarray(PACKET_BYTES), position += PACKET_BYTES) {
    const pcr = pcrOf(packets);
    if (pcr !== undefined) arrivals.clocks.push({ atMs, position, seconds: pcr / SYSTEM_CLOCK_HZ });
  }
  rest = Buffer.from(packets);
}

/** The PCR of the packet at the start, in ticks of 27 MHz. */
function pcrOf(packet: Buffer): number | undefined {
  const pid = packet.readUInt16BE(1) & 0x1fff;
  if (pid !== PCR_PID || (packet[3]! & 0x20) === 0 || packet[4]! < 7 || (packet[5]! & 0x10) === 0) return;
  const base = packet.readUInt32BE(6) * 2 + (packet[10]! >> 7);
  return base * 300 + (((packet[10]! & 1) << 8) | packet[11]!);
}

let finishing = false;
async function finish(): Promise<void> {
  if (finishing) return;
  finishing = true;
  socket.destroy();
  if (file) await finished(file.end());
  process.send!(arrivals, () => process.exit(0));
}
