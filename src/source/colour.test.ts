import { describe, expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import type { VideoFacts } from "../ffmpeg/media-facts.ts";
import { colourOf, scaleColours, toBt709 } from "./colour.ts";

function video(more: Partial<VideoFacts>): VideoFacts {
  return {
    ...{ index: 0, codec: "h264", width: 1920, height: 1080, pixelFormat: "yuv420p", rotationDegrees: 0 },
    ...{ sampleAspectRatio: rational(1), fieldOrder: "progressive" },
    ...more,
  };
}

describe("what a source says about its colours, and what is assumed", () => {
  it.each([
    ["HD that is silent", {}, "bt709", "tv", "sdr"],
    ["PAL that is silent", { width: 720, height: 576 }, "bt601", "tv", "sdr"],
    ["a web film of 480 lines", { width: 854, height: 480 }, "bt601", "tv", "sdr"],
    ["cropped HD", { width: 1280, height: 534 }, "bt709", "tv", "sdr"],
    ["SD that says BT.709", { width: 720, height: 576, colorSpace: "bt709" }, "bt709", "tv", "sdr"],
    ["HD that says BT.601", { colorSpace: "smpte170m" }, "bt601", "tv", "sdr"],
    ["full range by its tag", { colorRange: "pc" }, "bt709", "pc", "sdr"],
    ["full range by its format", { codec: "mjpeg", pixelFormat: "yuvj422p" }, "bt709", "pc", "sdr"],
    ["HDR10", { colorTransfer: "smpte2084", colorSpace: "bt2020nc" }, "bt2020", "tv", "pq"],
    ["HLG that keeps its matrix to itself", { colorTransfer: "arib-std-b67" }, "bt2020", "tv", "hlg"],
    ["RGB", { pixelFormat: "gbrp" }, "rgb", "tv", "sdr"],
    ["a grey picture", { codec: "ffv1", pixelFormat: "gray" }, "bt709", "pc", "sdr"],
    ["luma alone", { codec: "hevc", pixelFormat: "gray10le" }, "bt709", "tv", "sdr"],
  ] as const)("%s", (_, facts, matrix, range, transfer) => {
    expect(colourOf(video(facts))).toMatchObject({ matrix, range, transfer });
  });
});

it("goes by way of linear light only where it must, and only where this ffmpeg can", () => {
  const plain = colourOf(video({}));
  expect(toBt709(plain, true)).toEqual([]);
  const hdr = colourOf(video({ colorTransfer: "smpte2084", peakNits: 4000 }));
  expect(toBt709(hdr, true).join(",")).toMatch(/tin=smpte2084.*peak=19\.704/);
  expect(toBt709(hdr, false)).toEqual([]);
  expect(scaleColours(hdr, false)).toBe(
    ":in_color_matrix=bt2020:in_range=tv:out_color_matrix=bt709:out_range=tv",
  );
});
