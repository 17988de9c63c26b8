import type { Socket } from "node:net";
import type { StreamSession } from "../sessions/session.ts";
import { tcpKey } from "../sessions/tcp-table.ts";

/** Ties a session to the connection that carries nothing but its stream: when one ends, it is known why. */
export function followConnection(session: StreamSession, socket: Socket): void {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress && localPort && remoteAddress && remotePort) {
    session.tcpKey = tcpKey({ localAddress, localPort, remoteAddress, remotePort });
  }
  socket.once("error", (failure) => lose(session, failure));
  if (socket.destroyed) session.end("client_gone");
  else socket.once("close", () => session.end("client_gone"));
}

/** Players leave with a reset, since they do not read on; anything else is a network that broke. */
function lose(session: StreamSession, failure: NodeJS.ErrnoException): void {
  if (failure.code === "ECONNRESET" || failure.code === "EPIPE") return;
  session.failed("write_failed", `The connection broke (${failure.code ?? failure.message}).`);
  session.end("connection_lost");
}
