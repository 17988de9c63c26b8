import { describe, expect, it } from "vitest";
import {
  addressArguments,
  isAddress,
  parseAddress,
  type SourceAddress,
  withoutSecrets,
} from "./source-address.ts";

describe("addresses", () => {
  it.each([
    ["http://h/live.ts", "http", "http://h/live.ts"],
    [
      "https://user:pw@h:8443/a/b.ts?token=x#y",
      "http",
      expect.stringMatching(/^https:\/\/h:8443\/…\/b\.ts~[0-9a-f]{8}$/),
    ],
    ["HTTP://h/list.M3U8?x=1", "hls", expect.stringMatching(/^http:\/\/h\/list\.M3U8~/)],
    ["rtsp://cam/1", "rtsp", "rtsp://cam/1"],
    ["srt://h:9000?passphrase=secretsecret", "srt", expect.stringMatching(/^srt:\/\/h:9000\/~/)],
    ["udp://@239.1.1.1:1234?localport=3", "udp", expect.stringMatching(/^udp:\/\/239\.1\.1\.1:1234\/~/)],
    ["rtp://239.1.1.1:5004", "rtp", "rtp://239.1.1.1:5004"],
    ["rtmps://h/app/key", "rtmp", expect.stringMatching(/^rtmps:\/\/h\/…\/~[0-9a-f]{8}$/)],
    ["http://h/live/user/pass/1.ts", "http", expect.stringMatching(/^http:\/\/h\/…\/1\.ts~/)],
  ])("%s", (url, scheme, label) => {
    expect(parseAddress(url)).toEqual({ scheme, url, label });
  });

  it.each([
    ["concat:a|b", /"concat:" are not played/],
    ["file:///etc/passwd", /"file:" are not played/],
    ["plugin://x", /"plugin:"/],
    ["http://", /not a valid URL/],
    ["http://h/a b", /blanks/],
    ["http://h/\u0007", /control/],
    [`http://h/${"x".repeat(5000)}`, /longer/],
    ["nonsense", /not a valid URL/],
  ])("%s is refused", (text, reason) => {
    expect(parseAddress(text)).toMatch(reason);
  });

  it("tell what they hide from each other, and keep it out of what ffmpeg says", () => {
    const [one, other] = ["a", "b"].map((key) => parseAddress(`https://u:${key}@h/x.ts?key=${key}`));
    expect(one).not.toMatchObject({ label: (other as SourceAddress).label });
    const lines = [
      "https://u:a@h/x.ts?key=a: Server returned 403 Forbidden",
      "[hls @ 0x1] Opening 'https://u:a@h/7.ts?sig=geheim' for reading",
    ].map((line) => withoutSecrets(line, one as SourceAddress));
    expect(lines.join()).not.toMatch(/u:a|key=|geheim/);
    expect(lines[0]).toContain("https://h/x.ts");
  });

  it("a path is no address", () => {
    expect(["C:\\film.mp4", "../a.mp4", "/a.mp4", "a b.mp4"].map(isAddress)).toEqual(Array(4).fill(false));
    expect(isAddress("subfile,,start,0,end,1,,:/etc/passwd")).toBe(false);
    expect(isAddress("concat:a|b")).toBe(true);
  });
});

describe("arguments", () => {
  const of = (text: string, use = { isFilm: false }) =>
    addressArguments(parseAddress(text) as SourceAddress, use).join(" ");

  it("never let a stream open files, whatever its scheme", () => {
    for (const url of [
      "http://h/a",
      "http://h/a.m3u8",
      "rtsp://h/a",
      "srt://h:1",
      "udp://h:1",
      "rtp://h:1",
    ]) {
      expect(of(url)).toMatch(/^-protocol_whitelist (?!.*\bfile\b)\S+ -format_whitelist (?!.*concat)\S+ /);
    }
  });

  it("read a film on where it broke off, and leave what is live to the restart policy", () => {
    expect(of("http://h/a.mp4", { isFilm: true })).toContain("-reconnect 1");
    expect(of("http://h/a.ts")).not.toContain("reconnect");
  });

  it("hold to the demuxer that was found, if it belongs there", () => {
    const address = parseAddress("http://h/a.ts") as SourceAddress;
    expect(addressArguments(address, { isFilm: false, demuxer: "mpegts" }).slice(-4)).toEqual([
      ...["-f", "mpegts", "-i", "http://h/a.ts"],
    ]);
    expect(() => addressArguments(address, { isFilm: false, demuxer: "hls" })).toThrow(RangeError);
  });
});
