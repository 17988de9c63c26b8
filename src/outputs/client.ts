import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import type { SessionClient } from "../sessions/session.ts";

/** Characters of a user agent that are kept: it is the client's own text. */
const MAX_USER_AGENT = 256;

/** Who asks: the address, of which proxies only say the truth that `server.trusted_proxies` names, and the player. */
export function clientOf(request: FastifyRequest): SessionClient {
  const userAgent = request.headers["user-agent"] ?? "";
  // What a proxy forwards may be any text.
  const address = isIP(request.ip) > 0 ? request.ip : (request.raw.socket.remoteAddress ?? "");
  return {
    ip: address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, ""),
    userAgent: userAgent.replace(/\p{Cc}/gu, " ").slice(0, MAX_USER_AGENT),
  };
}
