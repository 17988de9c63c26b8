import fc from "fast-check";
import { expect, it } from "vitest";
import { parseStrm, type Strm } from "./strm.ts";

const urls = (text: string) =>
  (parseStrm(text) as Strm).places.map((place) => (place.scheme === "file" ? place.path : place.url));

it.each([
  ["one address", "http://h/a.ts", ["http://h/a.ts"], {}],
  ["alternates in order", "http://h/a.ts\nhttps://g/b.m3u8\n", ["http://h/a.ts", "https://g/b.m3u8"], {}],
  ["Windows", "\uFEFF#EXTM3U\r\n#EXTINF:-1,News\r\nhttp://h/a\r\n", ["http://h/a"], { title: "News" }],
  [
    "a film",
    "#EXTINF:5400.5,The Film\nhttp://h/f.mp4",
    ["http://h/f.mp4"],
    { title: "The Film", seconds: 5400.5 },
  ],
  [
    "attributes",
    '#EXTINF:-1 tvg-id="x",Two, and more\nhttp://h/a',
    ["http://h/a"],
    { title: "Two, and more" },
  ],
  ["comments and blanks", "# mine\n\n  http://h/a  \n#KODIPROP:x=y", ["http://h/a"], {}],
  ["a file", "../Films/a b.mkv", ["../Films/a b.mkv"], {}],
])("%s", (_, text, places, more) => {
  expect(urls(text)).toEqual(places);
  const { places: __, ...rest } = parseStrm(text) as Strm;
  expect(rest).toEqual(more);
});

it.each([
  ["nothing", "#EXTM3U\n", /no address/],
  ["an add-on", "plugin://plugin.video.x/?id=geheim", /"plugin:" are not played/],
  ["a script", "concat:/etc/passwd|x", /"concat:"/],
  ["a local URL", "file:///etc/passwd", /"file:"/],
  ["too many", "http://h/a\n".repeat(17), /more than 16/],
  ["too long", "#EXTINF:999999,x\nhttp://h/a", /36 hours/],
  ["one bad line", "http://h/a\nhttp://h/ b?token=geheim", /blanks/],
])("%s is refused, without a secret in the reason", (_, text, reason) => {
  const told = parseStrm(text);
  expect(told).toMatch(reason);
  expect(told).not.toContain("geheim");
});

it("takes any text", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseStrm(text)));
});
