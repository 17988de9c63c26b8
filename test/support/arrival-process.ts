// The client behind arrival-client.ts, in a process of its own so that what else a test does has no part in the
// times that it notes. Argument 1: its orders as JSON. It answers over the IPC channel and ends.
import { createWriteStream } from "node:fs";
import { connect } from "node:net";
import { finished } from "node:stream/promises";
import { SystemClock } from "../../src/base/clock.ts";
import type { Arrivals, WatchOptions } from "./arrival-client.ts";
import { clockOf } from "./capture.ts";

const PACKET_BYTES = 188;

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
socket.on("data", take);
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
    const seconds = clockOf(packets);
    if (seconds !== undefined) arrivals.clocks.push({ atMs, position, seconds });
  }
  rest = Buffer.from(packets);
}

let finishing = false;
async function finish(): Promise<void> {
  if (finishing) return;
  finishing = true;
  socket.destroy();
  if (file) await finished(file.end());
  process.send!(arrivals, () => process.exit(0));
}
