import fastify from "fastify";
import { expect, test } from "vitest";
import type { SessionClient } from "../sessions/session.ts";
import { clientOf } from "./client.ts";

async function clientBehind(
  trustProxy: string[] | false,
  remoteAddress: string,
  headers: Record<string, string> = {},
): Promise<SessionClient> {
  const app = fastify({ trustProxy });
  app.get("/", async (request) => clientOf(request));
  return (await app.inject({ url: "/", remoteAddress, headers })).json();
}

const forwarded = (addresses: string) => ({ "x-forwarded-for": addresses });

test.each([
  ["the connection's own address", false, "192.168.1.5", {}, "192.168.1.5"],
  ["written as IPv4", false, "::ffff:192.168.1.5", {}, "192.168.1.5"],
  ["IPv6 as it is", false, "FD00::5", {}, "fd00::5"],
  ["nobody's word when no proxy is trusted", false, "192.168.1.5", forwarded("8.8.8.8"), "192.168.1.5"],
  ["not the word of a stranger", ["10.0.0.0/8"], "192.168.1.5", forwarded("8.8.8.8"), "192.168.1.5"],
  ["the word of a trusted proxy", ["10.0.0.0/8"], "10.0.0.1", forwarded("8.8.8.8"), "8.8.8.8"],
  ["not what the client told the proxy", ["10.0.0.1"], "10.0.0.1", forwarded("1.1.1.1, 8.8.8.8"), "8.8.8.8"],
  ["through two proxies", ["10.0.0.1", "10.0.0.2"], "10.0.0.1", forwarded("8.8.8.8, 10.0.0.2"), "8.8.8.8"],
  ["no text that is no address", ["10.0.0.1"], "10.0.0.1", forwarded("<script>"), "10.0.0.1"],
] as const)("the address: %s", async (_, trusted, peer, headers, ip) => {
  expect((await clientBehind(trusted && [...trusted], peer, headers)).ip).toBe(ip);
});

test("the user agent is bounded and cannot steer a terminal", async () => {
  const { userAgent } = await clientBehind(false, "::1", {
    "user-agent": `VLC\u0007\u009b${"x".repeat(5000)}`,
  });
  expect(userAgent).toMatch(/^VLC {2}x+$/);
  expect(userAgent.length).toBe(256);
});
