import { isIP } from "node:net";
import { AppError } from "../base/errors.ts";

/** What access to the management routes is judged by. */
export interface AccessRequest {
  readonly method: string;
  /** Address of the other end of the connection; undefined when it has gone. */
  readonly peer: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Headers that a proxy adds: behind one, a loopback peer may be anybody. */
const FORWARDING = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/** Methods that change nothing (RFC 9110 9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses a management request that does not come from this machine, that was sent to a foreign name (DNS
 * rebinding: a web page whose name was pointed at us), or that a foreign web page makes a browser send.
 * `configuredHost` is `server.host`. Returns what is wrong, or undefined.
 */
export function refuseAccess(request: AccessRequest, configuredHost: string): AppError | undefined {
  const { peer, headers, method } = request;
  if (peer === undefined || !isLoopback(peer)) {
    const from = peer === undefined ? "" : ` (this request came from ${peer})`;
    return new AppError(
      "management_local_only",
      `Management answers only the machine that the server runs on${from}. Ask there, or through an SSH tunnel: ssh -L 8411:127.0.0.1:8411 SERVER.`,
    );
  }
  const forwarding = FORWARDING.find((name) => headers[name] !== undefined);
  if (forwarding) {
    return new AppError(
      "management_local_only",
      `The request came through a proxy (header ${forwarding}), which may speak for anybody. Ask the server itself, at 127.0.0.1.`,
    );
  }
  const host = only(headers.host);
  if (host === undefined || !isOwnName(hostName(host), configuredHost)) {
    return new AppError(
      "host_refused",
      `Management does not answer to the name ${host === undefined ? "(none)" : JSON.stringify(host.slice(0, 100))}. Use localhost, 127.0.0.1, [::1] or what server.host says.`,
    );
  }
  if (SAFE.has(method)) return undefined;
  const origin = only(headers.origin);
  const site = only(headers["sec-fetch-site"]);
  const isForeign = origin !== undefined && originHost(origin) !== host.toLowerCase();
  if (!isForeign && (site === undefined || site === "same-origin" || site === "none")) return undefined;
  return new AppError(
    "origin_refused",
    `A web page of ${JSON.stringify((origin ?? "another site").slice(0, 100))} may not change anything here. Programs leave the header Origin out.`,
  );
}

/** Whether an address is this machine's own: 127.0.0.0/8, ::1, and the former written as IPv6. */
function isLoopback(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, "");
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

function isOwnName(name: string, configuredHost: string): boolean {
  if (name === "localhost" || isLoopback(name)) return true;
  const isWildcard = configuredHost === "0.0.0.0" || configuredHost === "::";
  return !isWildcard && name === configuredHost.toLowerCase();
}

/** The host of a Host header, without port and brackets, in lower case. */
function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(host);
  return (bracketed?.[1] ?? host.replace(/:\d*$/, "")).toLowerCase();
}

function originHost(origin: string): string | undefined {
  return URL.parse(origin)?.host.toLowerCase();
}

function only(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
