import fc from "fast-check";
import { expect, it } from "vitest";
import { channelsM3u } from "./m3u.ts";

it("lists channels by number, with the attributes that players read", () => {
  const channels = [
    { id: 7, number: 12, name: "Späte Filme" },
    { id: 3, number: 2, name: 'A "B", C' },
  ];
  expect(channelsM3u(channels, "http://tv.local:8411")).toBe(
    [
      "#EXTM3U",
      '#EXTINF:-1 channel-id="3" tvg-id="exstreamtv.3" tvg-name="A ”B”‚ C" tvg-chno="2" group-title="EXStreamTV",A "B"‚ C',
      "http://tv.local:8411/iptv/channel/2.ts",
      '#EXTINF:-1 channel-id="7" tvg-id="exstreamtv.7" tvg-name="Späte Filme" tvg-chno="12" group-title="EXStreamTV",Späte Filme',
      "http://tv.local:8411/iptv/channel/12.ts",
      "",
    ].join("\n"),
  );
});

it("stays a playlist of two lines a channel whatever the names are", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 5 }), (names) => {
      const channels = names.map((name, index) => ({ id: index, number: index, name }));
      const lines = channelsM3u(channels, "http://h")
        .trimEnd()
        .split(/\r\n|[\n\r\u2028\u2029]/);
      expect(lines.length).toBe(1 + 2 * names.length);
      for (const line of lines.filter((text) => text.startsWith("#EXTINF"))) {
        expect(line.match(/"/g)!.length).toBeGreaterThanOrEqual(10);
        expect(line.split(",").length).toBe(2);
      }
    }),
  );
});
