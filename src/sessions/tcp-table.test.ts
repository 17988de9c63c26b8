import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { endianness } from "node:os";
import { expect, test } from "vitest";
import { parseTcpLine, readTcpTables, type TcpEntry, tcpKey } from "./tcp-table.ts";

test.each([
  [
    "sent again five times",
    "   3: 0100007F:20DB 0200000A:C350 01 0004A3B8:00000000 01:00000A12 00000005     0        0 812345 3 0000000000000000 1600 40 0 10 20",
    { key: "0100007F:20DB 0200000A:C350", timer: 1, retransmits: 5, probes: 0 },
  ],
  [
    "asking for room, twelve times without an answer",
    "  17: 0100007F:20DB 0100007F:C351 01 00280000:00000000 04:00001770 00000000     0       12 99 2 0000000000000000",
    { key: "0100007F:20DB 0100007F:C351", timer: 4, retransmits: 0, probes: 12 },
  ],
  [
    "of IPv6",
    "   0: 0000000000000000FFFF00000100007F:20DB 0000000000000000FFFF00000200000A:C350 01 00000010:00000000 01:00000014 0000000B  1000        0 5 4 0",
    {
      key: "0000000000000000FFFF00000100007F:20DB 0000000000000000FFFF00000200000A:C350",
      ...{ timer: 1, retransmits: 11, probes: 0 },
    },
  ],
])("a connection %s", (_, line, entry) => {
  expect(parseTcpLine(line)).toEqual(entry);
});

test.each([
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
  "   0: 0100007F:20DB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0",
  "   1: 0100007F:20DB 0100007F:C351 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0",
  "   1: 0100007F:20DB 0100007F:C351 01 00000000:00000000 02:00000AF5 00000000     0        0 1 1 0",
  "   1: 0100007F:20DB 0100007F:C351 06 00000000:00000000 03:00000AF5 00000000     0        0 1 1 0",
  "",
])("is of no interest: %s", (line) => {
  expect(parseTcpLine(line)).toBeUndefined();
});

test.runIf(endianness() === "LE")("keys are what the kernel writes", () => {
  const ports = { localPort: 8411, remotePort: 50_000 };
  expect(tcpKey({ localAddress: "127.0.0.1", remoteAddress: "10.0.0.2", ...ports })).toBe(
    "0100007F:20DB 0200000A:C350",
  );
  expect(tcpKey({ localAddress: "::ffff:127.0.0.1", remoteAddress: "::ffff:10.0.0.2", ...ports })).toBe(
    "0000000000000000FFFF00000100007F:20DB 0000000000000000FFFF00000200000A:C350",
  );
  expect(tcpKey({ localAddress: "::1", remoteAddress: "fe80::1:2%eth0", ...ports })).toBe(
    "00000000000000000000000001000000:20DB 000080FE000000000000000002000100:C350",
  );
});

// The table is Linux's: elsewhere there is none to be read.
test.runIf(process.platform === "linux").each(["127.0.0.1", "::1"])(
  "a connection over %s is found",
  async (host) => {
    const held: Socket[] = [];
    const server = createServer((socket) => void held.push(socket.pause())).listen(0, host);
    await once(server, "listening");
    const address = server.address() as { port: number };
    const client = connect(address.port, host);
    await once(client, "connect");
    // More than the other end takes: it is asked for room until it has some.
    client.write(Buffer.alloc(64 * 1024 * 1024));
    const { localAddress, localPort, remoteAddress, remotePort } = client;
    const key = tcpKey({
      localAddress: localAddress!,
      localPort: localPort!,
      remoteAddress: remoteAddress!,
      remotePort: remotePort!,
    });
    let found: TcpEntry | undefined;
    // Each look is a turn of the event loop, which the kernel needs to fill its buffers; no time is waited for.
    for (let looks = 0; looks < 2000 && !found; looks++) {
      await readTcpTables((entry) => {
        if (entry.key === key) found = entry;
      });
    }
    expect(found).toMatchObject({ key });
    client.destroy();
    for (const socket of held) socket.destroy();
    server.close();
  },
);
