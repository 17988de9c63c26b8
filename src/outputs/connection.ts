import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { StreamSession } from "../sessions/session.ts";
import type { EndReason } from "../sessions/state.ts";
import { tcpKey } from "../sessions/tcp-table.ts";

/** How long the last bytes may take to leave when a stream is ended from our side. */
const CLOSE_MS = 1_000;

/** Connections that carry a stream, and nothing else until their end. */
const dedicated = new WeakSet<Socket>();

/**
 * Whether a request came behind another one, on a connection whose answer has no end; the connection is closed then.
 */
export function isTaken(socket: Socket): boolean {
  if (!dedicated.has(socket)) return false;
  socket.destroy();
  return true;
}

/** Gives a connection over to a stream for the rest of its life. */
export function dedicate(socket: Socket): void {
  dedicated.add(socket);
  // A client may close its sending side after the request. The http module takes that for its leave; whether it
  // has really gone shows when it is written to.
  socket.removeAllListeners("end");
  socket.setTimeout(0);
  socket.setNoDelay(true);
}

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

/** Closes the connection of a session that ended. What it has taken still arrives, unless nobody is there to take it. */
export function letGo(socket: Socket, reason: EndReason, clock: Clock): void {
  if (socket.destroyed) return;
  if (reason === "idle_timeout" || reason === "connection_lost") {
    // Without the reset the kernel would keep on trying to deliver what it holds.
    socket.resetAndDestroy();
    return;
  }
  socket.destroySoon();
  const patience = clock.after(CLOSE_MS, () => socket.destroy());
  socket.once("close", () => patience.cancel());
}

/** Players leave with a reset, since they do not read on; anything else is a network that broke. */
function lose(session: StreamSession, failure: NodeJS.ErrnoException): void {
  if (failure.code === "ECONNRESET" || failure.code === "EPIPE") return;
  session.failed("write_failed", `The connection broke (${failure.code ?? failure.message}).`);
  session.end("connection_lost");
}
