import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseAudio } from "./choose-audio.ts";
import { type FfprobeReport, parseReport } from "./ffprobe-report.ts";
import { chooseVideo, listAudio, listSubtitles, parseRatio } from "./stream-facts.ts";

const video = (more: object = {}) => ({
  codec_type: "video",
  codec_name: "h264",
  width: 720,
  height: 576,
  ...more,
});
const audio = (more: object = {}) => ({
  codec_type: "audio",
  codec_name: "aac",
  sample_rate: "48000",
  channels: 2,
  ...more,
});

function report(...streams: object[]): FfprobeReport {
  const numbered = streams.map((stream, index) => ({ index, ...stream }));
  return parseReport(JSON.stringify({ streams: numbered, format: { format_name: "mov" } }))!;
}

describe("the stream to show", () => {
  test.each([
    ["the first", [audio(), video(), video()], 1],
    ["the default", [video(), video({ disposition: { default: 1 } })], 1],
    ["no cover", [video({ codec_name: "mjpeg", disposition: { attached_pic: 1 } }), video()], 1],
    ["no unmarked picture beside a film", [video({ codec_name: "png" }), video()], 1],
    ["no thumbnails", [video({ disposition: { timed_thumbnails: 1, default: 1 } }), video()], 1],
    ["a film of JPEG pictures", [video({ codec_name: "mjpeg" })], 0],
    ["none without a size or codec", [video({ width: 0 }), video({ codec_name: undefined })], undefined],
  ])("%s", (_, streams, index) => {
    expect(chooseVideo(report(...streams), "mov")?.index).toBe(index);
  });

  test("a picture in a sound file is none", () => {
    expect(chooseVideo(report(video({ codec_name: "png" }), audio()), "mp3")).toBeUndefined();
  });

  test.each([
    [0, 0],
    [90, 270],
    [-90, 90],
    [180, 180],
    [-180, 180],
    [-89.6, 90],
    [-450, 90],
  ])("a matrix of %s degrees anticlockwise is a turn of %s clockwise", (rotation, expected) => {
    const turned = report(video({ side_data_list: [{ side_data_type: "CPB" }, { rotation }] }));
    expect(chooseVideo(turned, "mov")?.rotationDegrees).toBe(expected);
  });

  test.each([
    ["progressive", "progressive"],
    ["tt", "interlaced"],
    ["bt", "interlaced"],
    ["unknown", "unknown"],
    [undefined, "unknown"],
  ])("field order %s is %s", (field_order, expected) => {
    expect(chooseVideo(report(video({ field_order })), "mov")?.fieldOrder).toBe(expected);
  });

  test.each([
    [{ pix_fmt: "yuv420p" }, 8],
    [{ pix_fmt: "yuv422p10le" }, 10],
    [{ pix_fmt: "p010le" }, 10],
    [{ pix_fmt: "yuv420p", bits_per_raw_sample: "8" }, 8],
    [{ pix_fmt: "nv12" }, 8],
    [{}, undefined],
  ])("%j has %s bits", (more, expected) => {
    expect(chooseVideo(report(video(more)), "mov")?.bitDepth).toBe(expected);
  });

  test("lengths come from the header or from Matroska's tag", () => {
    expect(chooseVideo(report(video({ duration: "12.5" })), "mov")?.durationSeconds).toBe(12.5);
    const tagged = report(video({ duration: "N/A", tags: { DURATION: "01:02:03.500000000" } }));
    expect(chooseVideo(tagged, "matroska")?.durationSeconds).toBe(3723.5);
    expect(chooseVideo(report(video()), "mov")?.durationSeconds).toBeUndefined();
  });
});

describe("the stream to hear", () => {
  test.each([
    ["the first", [video(), audio(), audio()], 1],
    ["the default", [audio(), audio({ disposition: { default: 1 } })], 1],
    ["no commentary", [audio({ disposition: { comment: 1, default: 1 } }), audio()], 1],
    ["no audio description", [audio({ disposition: { visual_impaired: 1 } }), audio()], 1],
    ["a commentary when there is nothing else", [audio({ disposition: { comment: 1 } })], 0],
    ["none without channels", [audio({ channels: 0 })], undefined],
  ])("%s", (_, streams, index) => {
    expect(chooseAudio(listAudio(report(...streams)))?.index).toBe(index);
  });

  test("an undetermined language is none", () => {
    const streams = [audio({ tags: { LANGUAGE: "und" } }), audio({ tags: { language: "eng" } })];
    expect(listAudio(report(...streams)).map(({ language }) => language)).toEqual([undefined, "eng"]);
  });
});

test("ratios", () => {
  expect(parseRatio("30000/1001")).toEqual({ num: 30000, den: 1001 });
  expect(parseRatio("64:45")).toEqual({ num: 64, den: 45 });
  for (const none of ["0/0", "0:1", "N/A", "", undefined]) expect(parseRatio(none)).toBeUndefined();
});

test("any JSON is either understood or refused, never thrown at", () => {
  const field = fc.constantFrom(
    ...Object.keys({ ...video(), ...audio(), disposition: 0, tags: 0, side_data_list: 0 }),
  );
  const stream = fc.dictionary(field, fc.jsonValue());
  const streams = fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.jsonValue(), stream)));
  fc.assert(
    fc.property(streams, fc.jsonValue(), (some, tags) => {
      const parsed = parseReport(JSON.stringify({ streams: some, format: { format_name: "mov", tags } }));
      chooseVideo(parsed!, "mov");
      listAudio(parsed!);
      expect(parsed!.format.format_name).toBe("mov");
    }),
  );
  for (const text of ["", "{", "[]", "null", '{"format":{}}']) expect(parseReport(text)).toBeUndefined();
});

describe("subtitles", () => {
  const subtitle = (more: object = {}) => ({ codec_type: "subtitle", codec_name: "subrip", ...more });

  test("are listed with what they are for, by disposition or by title", () => {
    const streams = [
      subtitle({ tags: { language: "ger", title: " Deutsch " }, disposition: { default: 1 } }),
      subtitle({ codec_name: "hdmv_pgs_subtitle", disposition: { forced: 1 } }),
      subtitle({
        codec_name: "dvb_teletext",
        tags: { language: "und" },
        disposition: { hearing_impaired: 1 },
      }),
      subtitle({ codec_name: "dvd_subtitle", tags: { TITLE: "English (SDH)" } }),
      subtitle({ codec_name: "ass", tags: { title: "Signs, forced" } }),
      subtitle({ codec_name: "mov_text", tags: { title: "Director's Commentary" } }),
      subtitle({ codec_name: undefined }),
    ];
    const no = { isForced: false, isDefault: false, isHearingImpaired: false, isCommentary: false };
    expect(listSubtitles(report(video(), ...streams))).toEqual([
      { ...no, index: 1, codec: "subrip", kind: "text", language: "ger", title: "Deutsch", isDefault: true },
      { ...no, index: 2, codec: "hdmv_pgs_subtitle", kind: "bitmap", isForced: true },
      { ...no, index: 3, codec: "dvb_teletext", isHearingImpaired: true },
      {
        ...no,
        index: 4,
        codec: "dvd_subtitle",
        kind: "bitmap",
        title: "English (SDH)",
        isHearingImpaired: true,
      },
      { ...no, index: 5, codec: "ass", kind: "text", title: "Signs, forced", isForced: true },
      {
        ...no,
        index: 6,
        codec: "mov_text",
        kind: "text",
        title: "Director's Commentary",
        isCommentary: true,
      },
    ]);
  });
});
