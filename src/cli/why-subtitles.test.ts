import { expect, it } from "vitest";
import type { MediaFacts, SidecarFacts } from "../ffmpeg/media-facts.ts";
import { reportSubtitles } from "./why-subtitles.ts";

const facts: MediaFacts = {
  ...{ path: "/m/a.mkv", sizeBytes: 1, mtimeMs: 1, demuxer: "matroska", durationSeconds: 2, startSeconds: 0 },
  video: {
    ...{ index: 0, codec: "h264", width: 320, height: 180, rotationDegrees: 0, fieldOrder: "progressive" },
    sampleAspectRatio: { num: 1, den: 1 },
  },
  audioStreams: [],
  subtitleStreams: [
    {
      index: 1,
      codec: "hdmv_pgs_subtitle",
      kind: "bitmap",
      language: "ger",
      isForced: true,
      title: "Schilder",
    },
    { index: 2, codec: "dvb_teletext", language: "ger", isHearingImpaired: true },
  ],
};
const sidecar: SidecarFacts = { path: "/m/a.en.srt", sizeBytes: 1, mtimeMs: 1, kind: "text", language: "en" };

it("names all subtitles and the one that would be burnt in", () => {
  const settings = { burnIn: "preferred", languages: ["fr", "en"] } as const;
  expect(reportSubtitles(facts, [sidecar], [], settings)).toEqual([
    { track: "a.en.srt, text, en", burnt_in: true },
    { track: "hdmv_pgs_subtitle, pictures, ger, forced, Schilder", burnt_in: false },
    { track: "dvb_teletext, of a kind that cannot be burnt in, ger, for the deaf", burnt_in: false },
  ]);
  expect(reportSubtitles(facts, [sidecar]).map(({ burnt_in }) => burnt_in)).toEqual([false, false, false]);
});
