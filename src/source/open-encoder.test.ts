import { expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { houseFormat } from "../media/house-format.ts";
import { planItem } from "./open-encoder.ts";

const format = houseFormat({
  ...{ width: 320, height: 180, fps: rational(25), gopSeconds: 1 },
  ...{ totalBps: 1_000_000, audioBps: 96_000 },
});
const sound = { codec: "aac", sampleRate: 48_000, channels: 2 };
const facts: MediaFacts = {
  ...{
    path: "/m/a.mkv",
    sizeBytes: 1,
    mtimeMs: 1,
    demuxer: "matroska",
    durationSeconds: 2.02,
    startSeconds: 0,
  },
  video: {
    ...{ index: 0, codec: "h264", width: 320, height: 180, rotationDegrees: 0, fieldOrder: "progressive" },
    sampleAspectRatio: rational(1),
  },
  audioStreams: [
    { index: 1, language: "eng", isDefault: true, ...sound },
    { index: 2, language: "ger", ...sound },
  ],
  subtitleStreams: [],
  loudness: [{ stream: 2, integratedLufs: -30, truePeakDb: -12 }],
};
const media = { id: 1, title: "A", facts };

it("plans the length, the sound that is wanted, and its gain", async () => {
  expect(planItem(media, format)).toMatchObject({
    // One picture beyond a whole number of Gops is left out.
    frames: 50,
    audioStream: 1,
    gain: undefined,
  });
  const preferences = { audioLanguages: ["de"], loudnessTargetLufs: -23 };
  expect(planItem(media, format, preferences)).toMatchObject({
    ...{ audioStream: 2, gain: { decibels: 7, limited: false } },
  });
  const unmeasured = { audioLanguages: ["en"], loudnessTargetLufs: -23 };
  expect(planItem(media, format, unmeasured)).toMatchObject({
    audioStream: 1,
    gain: undefined,
  });
});
