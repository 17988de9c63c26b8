import { expect, it } from "vitest";
import { leftOut, progressLine, reachableAddresses, welcome, withoutFfmpeg } from "./terminal.ts";

const channel = { number: 1, name: "Films", now: "Metropolis", next: "Nosferatu", leftMs: 754_000 };

it("says what is on and how to watch it", () => {
  const text = welcome(
    [channel, { ...channel, number: 12, name: "Music", leftMs: 9_400 }],
    "192.0.2.7",
    8411,
  );
  expect(text).toContain("   1  Films  Metropolis  (12:34 min left, then Nosferatu)");
  expect(text).toContain("  12  Music  Metropolis  (9 s left, then Nosferatu)");
  expect(text).toContain("http://192.0.2.7:8411/iptv/channels.m3u");
  expect(text).toContain("vlc http://192.0.2.7:8411/iptv/channel/1.ts");
});

it("says that there is no ffmpeg, and what to expect", () => {
  expect(withoutFfmpeg(undefined)).toBe("");
  expect(withoutFfmpeg("/x does not exist. Install it.")).toMatch(
    /^\n {2}There is no usable ffmpeg: \/x does not exist\. Install it\.\n {2}Until there is, .* by themselves\.\n$/,
  );
});

it("lets no name command the terminal", () => {
  const text = welcome([{ ...channel, name: "\x1b[2JGone", now: "a\u202eb" }], "h", 1);
  expect(text).toContain("�[2JGone");
  expect(text).toContain("a�b");
});

it("names the address that others reach, not the one that is listened on", () => {
  const address = (value: string, internal: boolean) => ({
    ...{ address: value, internal, family: "IPv4" as const },
    ...{ netmask: "255.255.255.0", mac: "", cidr: null },
  });
  const interfaces = { lo: [address("127.0.0.1", true)], eth0: [address("192.0.2.9", false)] };
  expect(reachableAddresses("0.0.0.0", interfaces)).toEqual(["192.0.2.9"]);
  expect(reachableAddresses("0.0.0.0", {})).toEqual(["127.0.0.1"]);
  expect(reachableAddresses("127.0.0.1", interfaces)).toEqual(["127.0.0.1"]);
  expect(welcome([channel], "::1", 80)).toContain("http://[::1]:80/");
});

it("names what was left out, the first twenty by name", () => {
  expect(leftOut([])).toBe("");
  const rejected = Array.from({ length: 25 }, (_, index) => ({ path: `/m/${index}.mp4`, reason: "empty" }));
  expect(leftOut(rejected)).toContain("    19.mp4: empty\n    … and 5 more");
});

it("tells what it does while it starts", () => {
  expect(progressLine({ step: "scan", done: 3, total: 9, current: "/media/Films/x.mkv" })).toContain(
    "3 of 9  x.mkv",
  );
});
