import type { FastifyRequest } from "fastify";

/** Host names, IPv4 and bracketed IPv6 addresses, with a port or without. */
const AUTHORITY = /^(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * Scheme and authority under which the asker reached us, for URLs in playlists. A missing or odd Host header
 * (HTTP/1.0 has none) is replaced by the address of the connection.
 */
export function baseUrl(request: FastifyRequest): string {
  const host = request.headers.host;
  if (host !== undefined && AUTHORITY.test(host)) return `http://${host}`;
  const { localAddress = "127.0.0.1", localPort } = request.raw.socket;
  const address = localAddress.replace(/^::ffff:/, "");
  return `http://${address.includes(":") ? `[${address}]` : address}:${localPort}`;
}
