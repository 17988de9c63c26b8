import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rational } from "../../src/base/rational.ts";
import { houseFormat } from "../../src/media/house-format.ts";
import { BARS, barsGraph, bt709Codes, type Codes, makeClip, measureColumns } from "../support/colour-bars.ts";
import { EncodingStudio } from "../support/encode.ts";
import { runOrThrow } from "../support/process.ts";

const format = houseFormat({
  ...{ width: 640, height: 360, fps: rational(25), gopSeconds: 1 },
  ...{ totalBps: 4_000_000, audioBps: 96_000 },
});

let media: string;
let studio: EncodingStudio;
const parameterSets = new Set<string>();

beforeAll(async () => {
  media = mkdtempSync(join(tmpdir(), "exstreamtv-colour-"));
  studio = await EncodingStudio.open(format);
});

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
  rmSync(media, { recursive: true, force: true });
});

/** The whole path: probe, plan, encode, splice, mux; then decoded and measured. */
async function throughThePath(path: string, columns: number): Promise<Codes[]> {
  const gops = await studio.encode(await studio.plan(path));
  for (const { parameters } of gops) {
    parameterSets.add(Buffer.concat([parameters.sps, parameters.pps]).toString("hex"));
  }
  const file = await studio.write("bars", gops);
  const entries = "stream=color_range,color_space,color_transfer,color_primaries,chroma_location";
  const args = [
    "-v",
    "error",
    "-select_streams",
    "v",
    "-show_entries",
    entries,
    "-of",
    "default=nk=1:nw=1",
    file,
  ];
  const { stdout } = await runOrThrow("ffprobe", args, { seconds: 30 });
  expect(new Set(stdout.trim().split("\n").slice(0, 5))).toEqual(new Set(["tv", "bt709", "left"]));
  return measureColumns(file, columns);
}

const MATRICES = { bt601: "smpte170m", bt709: "bt709", bt2020: "bt2020nc" } as const;

interface BarsCase {
  readonly matrix: keyof typeof MATRICES;
  readonly range: "tv" | "pc";
  readonly tagged: boolean;
  readonly size: readonly [number, number];
  readonly codec?: readonly string[];
  readonly name?: string;
}

const HD = [1280, 720] as const;
const X264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "2", "-pix_fmt", "yuv420p"];

const BARS_CASES: BarsCase[] = [
  ...(["bt601", "bt709", "bt2020"] as const).flatMap((matrix) =>
    (["tv", "pc"] as const).map((range) => ({ matrix, range, tagged: true, size: HD })),
  ),
  { matrix: "bt601", range: "tv", tagged: true, size: [720, 576] },
  { matrix: "bt709", range: "pc", tagged: true, size: [720, 480] },
  { matrix: "bt601", range: "tv", tagged: false, size: [720, 576] },
  { matrix: "bt601", range: "tv", tagged: false, size: [720, 480] },
  { matrix: "bt709", range: "tv", tagged: false, size: HD },
  { matrix: "bt709", range: "tv", tagged: false, size: [1920, 1080] },
  {
    ...{ matrix: "bt601", range: "pc", tagged: false, size: [640, 360], name: "motion.avi" },
    codec: ["-c:v", "mjpeg", "-q:v", "1", "-pix_fmt", "yuvj420p"],
  },
  {
    ...{ matrix: "bt601", range: "tv", tagged: false, size: [720, 480], name: "dvd.vob" },
    codec: ["-c:v", "mpeg2video", "-q:v", "1", "-f", "vob"],
  },
  {
    ...{ matrix: "bt2020", range: "tv", tagged: true, size: HD, name: "ten-bit.mkv" },
    codec: [
      ..."-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le".split(" "),
      "-x265-params",
      "log-level=error:qp=2",
    ],
  },
];

function expectBars(measured: readonly Codes[], tolerance = 3): void {
  const wrong = measured.flatMap((codes, bar) => {
    const right = bt709Codes(BARS[bar]!);
    return codes.every((code, index) => Math.abs(code - right[index]!) <= tolerance)
      ? []
      : [{ bar, codes, right }];
  });
  expect(wrong).toEqual([]);
}

describe("75 % bars after the whole path are within 3 codes of their BT.709 values", () => {
  it.each(BARS_CASES)("$matrix, $range, tagged: $tagged, $size", async (sketch) => {
    const { matrix, range, tagged, size, codec = X264, name = "bars.mp4" } = sketch;
    const fill = `setsar=${16 * size[1]}/${9 * size[0]}`;
    const graph = `${barsGraph(...size)},${fill},scale=out_color_matrix=${matrix}:out_range=${range}:flags=accurate_rnd`;
    const tags = tagged ? ["-colorspace", MATRICES[matrix], "-color_range", range] : [];
    const pixels = codec[codec.indexOf("-pix_fmt") + 1]!;
    const kept = `${graph},format=${codec.includes("-pix_fmt") ? pixels : "yuv420p"}${tagged ? "" : ",setparams=colorspace=unknown:range=unspecified"}`;
    const path = await makeClip(
      media,
      `${matrix}-${range}-${tagged}-${size[1]}-${name}`,
      kept,
      ...codec,
      ...tags,
    );
    expectBars(await throughThePath(path, BARS.length));
  });

  it("RGB, which has no matrix", async () => {
    const path = await makeClip(
      media,
      "rgb.mkv",
      barsGraph(...HD),
      "-c:v",
      "libx264rgb",
      "-preset",
      "veryfast",
      "-crf",
      "2",
    );
    expectBars(await throughThePath(path, BARS.length));
  });

  it("wide gamut of BT.2020 that holds the colours of BT.709", async () => {
    const wide = "zscale=min=709:m=2020_ncl:pin=709:p=2020:tin=709:t=709:r=tv,format=yuv420p10le";
    const path = await makeClip(
      media,
      "gamut.mkv",
      `${barsGraph(...HD)},zscale=m=709:r=tv,format=yuv444p10le,${wide}`,
      ..."-c:v libx265 -preset ultrafast -x265-params log-level=error:qp=2".split(" "),
      ..."-colorspace bt2020nc -color_primaries bt2020 -color_trc bt709 -color_range tv".split(" "),
    );
    // Half a code of ten bits in a colour that has no red becomes several of eight: the curve of BT.1886 is
    // infinitely steep at black.
    expectBars(await throughThePath(path, BARS.length), 8);
  });
});

const RAMP = 16;

/** Grey columns whose luma codes of 10 bits rise evenly from black to white. */
function rampGraph(pixels: string, low: number, high: number): string {
  const code = `${low}+${high - low}*X/${RAMP - 1}`;
  const chroma = pixels.startsWith("gray")
    ? ""
    : `:cb=${pixels.includes("10") ? 512 : 128}:cr=${pixels.includes("10") ? 512 : 128}`;
  const full = pixels.replace("yuv420p", "yuv444p");
  return `nullsrc=s=${RAMP}x2:r=25,format=${full},geq=lum='${code}'${chroma},scale=640:360:flags=neighbor,format=${pixels},setsar=1`;
}

describe("HDR", () => {
  it.each([
    ["hlg", "arib-std-b67"],
    ["pq", "smpte2084"],
  ])(
    "%s is bent to BT.709: black is black, nothing below its peak is clipped, nothing is grey",
    async (name, transfer) => {
      const path = await makeClip(
        media,
        `${name}.mkv`,
        rampGraph("yuv420p10le", 64, 940),
        ..."-c:v libx265 -preset ultrafast -x265-params log-level=error:qp=2".split(" "),
        ..."-colorspace bt2020nc -color_primaries bt2020 -color_range tv -color_trc".split(" "),
        transfer,
      );
      const ramp = await throughThePath(path, RAMP);
      const luma = ramp.map(([y]) => y);
      for (const [, cb, cr] of ramp) expect(Math.abs(cb - 128) + Math.abs(cr - 128)).toBeLessThanOrEqual(2);
      expect(luma[0]).toBeLessThanOrEqual(17);
      expect(luma.at(-1)).toBeGreaterThanOrEqual(232);
      // PQ reaches 10,000 cd/m²; up to 1,000 (three quarters of the codes) every step is seen.
      const seen = name === "hlg" ? luma : luma.slice(0, 12);
      for (const [column, code] of seen.entries()) {
        if (column > 0) expect(code, `column ${column} of ${luma}`).toBeGreaterThan(seen[column - 1]! + 1);
      }
      // White of 203 cd/m² (75 % of HLG, 58 % of PQ) is bright, as ITU-R BT.2408 has it.
      const white = luma[Math.round((name === "hlg" ? 0.75 : 0.58) * (RAMP - 1))]!;
      expect(white).toBeGreaterThan(185);
      expect(white).toBeLessThan(225);
    },
  );
});

it.each([
  ["wide.mkv", "gray", 0, 255, ["-c:v", "ffv1"]],
  [
    "narrow.mkv",
    "gray",
    16,
    235,
    "-c:v libx265 -x265-params log-level=error:qp=2 -color_range tv".split(" "),
  ],
] as const)("grey is neither stretched nor pressed: %s", async (name, pixels, low, high, codec) => {
  const path = await makeClip(media, name, rampGraph(pixels, low, high), ...codec);
  const ramp = await throughThePath(path, RAMP);
  for (const [column, codes] of ramp.entries()) {
    const right = 16 + (219 * column) / (RAMP - 1);
    expect(Math.abs(codes[0] - right), `column ${column}: ${codes}`).toBeLessThanOrEqual(3);
  }
});

it("none of this can be told from the parameter sets", () => {
  expect(parameterSets.size).toBe(1);
});
