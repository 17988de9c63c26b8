// Opens many streams from where it is started, reads them, and says how many it has: for `cut-off-network.ts`.
// Arguments: how many, the stream's URL, and "paused" for clients that read nothing after the first bytes.
import { connect } from "node:net";
import { SystemClock } from "../../src/base/clock.ts";

const [count, address, mode] = process.argv.slice(2);
const { hostname, port, host, pathname } = new URL(address!);
let streaming = 0;
// Sockets that do not read would not keep this process alive.
new SystemClock().every(60_000, () => undefined);
for (let client = 0; client < Number(count); client++) {
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: cut-off/1\r\n\r\n`);
  socket.on("error", () => undefined);
  socket.once("data", () => {
    streaming++;
    if (streaming === Number(count)) process.stdout.write("streaming\n");
    if (mode === "paused") socket.pause();
    else socket.resume();
  });
}
