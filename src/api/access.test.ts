import { describe, expect, test } from "vitest";
import { refuseAccess } from "./access.ts";

const local = { method: "GET", peer: "127.0.0.1", headers: { host: "localhost:8411" } };

function codeOf(
  request: Partial<Omit<typeof local, "headers">> & { headers?: Record<string, string | string[]> },
  configuredHost = "0.0.0.0",
): string | undefined {
  const headers = { ...local.headers, ...request.headers };
  return refuseAccess({ ...local, ...request, headers }, configuredHost)?.code;
}

test.each(["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "::FFFF:127.0.0.1"])(
  "%s is this machine",
  (peer) => expect(codeOf({ peer })).toBeUndefined(),
);

test.each(["192.168.1.5", "10.0.0.1", "::ffff:192.168.1.5", "fe80::1", "127.evil", "", "1270.0.0.1"])(
  "%s is another machine",
  (peer) => expect(codeOf({ peer })).toBe("management_local_only"),
);

test("a connection that has gone is nobody's", () => {
  expect(refuseAccess({ ...local, peer: undefined }, "0.0.0.0")?.code).toBe("management_local_only");
});

test.each(["forwarded", "x-forwarded-for", "x-real-ip", "via"])("a proxy's %s is refused", (name) => {
  expect(codeOf({ headers: { [name]: "127.0.0.1" } })).toBe("management_local_only");
});

test.each(["localhost", "LOCALHOST:1", "127.0.0.1:8411", "[::1]:8411", "[::1]", "127.1.2.3", "localhost:"])(
  "Host %s is ours",
  (host) => expect(codeOf({ headers: { host } })).toBeUndefined(),
);

test.each([
  ...["evil.example", "evil.example:8411", "localhost.evil.example", "127.0.0.1.evil.example", ""],
  ...[
    "localhost@evil.example",
    "192.168.1.5:8411",
    "0.0.0.0",
    "[::1].evil.example",
    "[::2]:80",
    "x:localhost",
  ],
])("Host %s is refused", (host) => {
  expect(codeOf({ headers: { host } })).toBe("host_refused");
});

test("a request without a Host is refused", () => {
  expect(refuseAccess({ ...local, headers: {} }, "0.0.0.0")?.code).toBe("host_refused");
});

test("the configured host is a name of ours, a wildcard is not", () => {
  expect(codeOf({ headers: { host: "tv.lan:8411" } }, "TV.lan")).toBeUndefined();
  expect(codeOf({ headers: { host: "tv.lan:8411" } }, "other.lan")).toBe("host_refused");
  expect(codeOf({ headers: { host: "[::]:8411" } }, "::")).toBe("host_refused");
});

describe("what changes something", () => {
  const changing = { method: "DELETE" };
  const withHeaders = (headers: Record<string, string>) => codeOf({ ...changing, headers });

  test("is taken from programs, and from our own pages", () => {
    expect(codeOf(changing)).toBeUndefined();
    expect(withHeaders({ origin: "http://localhost:8411", "sec-fetch-site": "same-origin" })).toBeUndefined();
    expect(withHeaders({ "sec-fetch-site": "none" })).toBeUndefined();
  });

  test.each<Record<string, string>>([
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://localhost:3000" },
    { origin: "http://localhost" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("is not taken from %j", (headers) => {
    expect(withHeaders(headers)).toBe("origin_refused");
  });

  test("reading is free: nothing that is answered can be read by a foreign page", () => {
    expect(codeOf({ headers: { origin: "http://evil.example" } })).toBeUndefined();
  });
});

test("says what to do, and shows no more of a header than is sensible", () => {
  const refused = refuseAccess({ ...local, headers: { host: "x".repeat(5000) } }, "0.0.0.0");
  expect(refused?.message).toContain("Use localhost");
  expect(refused?.message.length).toBeLessThan(300);
});
