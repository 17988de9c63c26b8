import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSecretName, MASK, redactText, redactValue } from "./redact.ts";

describe("names", () => {
  test.each([
    ...[
      "password",
      "Passwd",
      "db_password",
      "token",
      "accessToken",
      "X-Plex-Token",
      "authorization",
      "Cookie",
    ],
    ...[
      "set-cookie",
      "api_key",
      "apiKey",
      "X-API-Key",
      "secret",
      "client_secret",
      "privateKey",
      "auth",
      "pwd",
    ],
  ])("%s is secret", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  test.each(["channel", "path", "keyframe", "key", "author", "bytes", "pass_through", "code"])(
    "%s is not",
    (name) => expect(isSecretName(name)).toBe(false),
  );
});

describe("texts", () => {
  test.each([
    ["rtsp://user:pass@cam.lan/1", "rtsp://***@cam.lan/1"],
    ["rtsp://user@cam.lan/1", "rtsp://***@cam.lan/1"],
    ["http://u:p%40ss:w@host:80/a?b=c", "http://***@host:80/a?b=c"],
    [
      "cannot open 'HTTP+TS://a:b@h' (twice http://c:d@h)",
      "cannot open 'HTTP+TS://***@h' (twice http://***@h)",
    ],
    ["http://host/path/user@example.org", "http://host/path/user@example.org"],
    ["http://h/x?token=abc&n=1", "http://h/x?token=***&n=1"],
    [
      "http://h/x?n=1&password=p&api_key=k;auth=z&key=q",
      "http://h/x?n=1&password=***&api_key=***;auth=***&key=***",
    ],
    ["http://h/get.php?username=u&Password=p'", "http://h/get.php?username=u&Password=***'"],
    ["http://h/?X-Plex-Token=t#f", "http://h/?X-Plex-Token=***#f"],
    ["http://h/?token=&n=1", "http://h/?token=&n=1"],
    ['-headers "Authorization: Bearer abc.def" -i x', '-headers "Authorization: ***" -i x'],
    ["tokens: 12, monkey=3", "tokens: 12, monkey=3"],
  ])("%s", (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  test("a user's password never survives in a URL", () => {
    const word = fc
      .stringMatching(/^[\w!$&'()*+,;=.~%-]{1,20}$/)
      .map((text) => text.replaceAll(/["'<>]/g, ""));
    fc.assert(
      fc.property(word, word, (user, password) => {
        expect(redactText(`open https://${user}:${password}@host.example/file: refused`)).toBe(
          "open https://***@host.example/file: refused",
        );
      }),
    );
  });

  test("masking twice is masking once", () => {
    const part = fc.constantFrom(
      "http://",
      "a:b@",
      "?token=",
      "&key=x",
      "Cookie: ",
      "host",
      "/",
      " ",
      "'",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const once = redactText(parts.join(""));
        expect(redactText(once)).toBe(once);
      }),
    );
  });

  test.each(["a".repeat(200_000), "a://".repeat(50_000), "?a".repeat(100_000), "cookie".repeat(30_000)])(
    "hostile text %#: linear time",
    (text) => {
      expect(redactText(text)).toBe(text);
    },
    2000,
  );
});

test("values: secrets at any depth, in lists too; yes, no and nothing stay readable", () => {
  const held = {
    url: "http://a:b@h",
    token: 12,
    auth: { user: "u" },
    password: null,
    has_token: true,
    nested: { list: [{ api_key: "k", n: 1 }, "rtmp://s:t@h/live"] },
  };
  expect(redactValue(held)).toEqual({
    url: "http://***@h",
    token: MASK,
    auth: MASK,
    password: null,
    has_token: true,
    nested: { list: [{ api_key: MASK, n: 1 }, "rtmp://***@h/live"] },
  });
  expect(held.token).toBe(12);
});

test("values: what is nested too deeply is left out rather than let through", () => {
  let value: object = { password: "p" };
  for (let level = 0; level < 50; level++) value = { inner: value };
  expect(JSON.stringify(redactValue(value))).not.toContain('"p"');
});
