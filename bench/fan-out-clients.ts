// The viewers of the fan-out bench, in a process of their own: argument 1 the port, argument 2 how many.
import { connect } from "node:net";

const [port, count] = process.argv.slice(2).map(Number);
const buffer = Buffer.alloc(1 << 20);
let bytes = 0;
for (let index = 0; index < count!; index++) {
  const onread = {
    buffer,
    callback: (length: number) => {
      bytes += length;
      return true;
    },
  };
  const socket = connect({ host: "127.0.0.1", port: port!, onread });
  socket.on("error", () => process.exit(1));
  socket.write("GET /iptv/channel/1.ts HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
}
process.on("message", () => process.send?.({ bytes }));
process.send?.({ ready: true });
