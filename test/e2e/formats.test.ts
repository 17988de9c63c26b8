import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { AppError } from "../../src/base/errors.ts";
import { rational } from "../../src/base/rational.ts";
import type { MediaFacts } from "../../src/ffmpeg/media-facts.ts";
import { houseFormat } from "../../src/media/house-format.ts";
import { EncodingStudio, totalFrames } from "../support/encode.ts";
import { FORMATS, type FormatSketch } from "../support/format-recipes.ts";
import { makeFormat } from "../support/formats.ts";
import { ffmpegDecode } from "../support/judges.ts";

const DOCUMENT = fileURLToPath(new URL("../../docs/formats.md", import.meta.url));
const HEADING = `# Formats

Made by \`test/e2e/formats.test.ts\`, which fails when this list is no longer true (\`UPDATE_FORMATS=1\` writes it anew). Each file was made with Debian's ffmpeg, then probed, planned, encoded into a house format, multiplexed and decoded again. “Plays” means: with exactly the planned number of pictures, with the same parameter sets as all others, and decoded without a word of complaint.

| file | what is unusual | container | picture | sound | result |
|---|---|---|---|---|---|
`;

const format = houseFormat({
  ...{ width: 192, height: 108, fps: rational(25), gopSeconds: 1 },
  ...{ totalBps: 1_000_000, audioBps: 96_000 },
});
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-formats-"));
const parameterSets = new Set<string>();

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Plays a file through the whole path; returns its row of the table. */
async function rowOf(sketch: FormatSketch, studio: EncodingStudio): Promise<string> {
  const path = await makeFormat(sketch, folder);
  const name = basename(path);
  let facts: MediaFacts | undefined;
  let result: string;
  try {
    const item = await studio.plan(path);
    facts = item.facts;
    const gops = await studio.encode(item);
    expect(totalFrames(gops), name).toBe(item.frames);
    for (const { parameters } of gops) {
      parameterSets.add(Buffer.concat([parameters.sps, parameters.pps]).toString("hex"));
    }
    expect(await ffmpegDecode(await studio.write(name, gops)), name).toEqual([]);
    result = "plays";
  } catch (failure) {
    if (!(failure instanceof AppError)) throw failure;
    result = `refused: \`${failure.code}\``;
  }
  const { video, audioStreams } = facts ?? {};
  const picture = video ? `${video.codec}, ${video.pixelFormat ?? ""}, ${video.width}×${video.height}` : "–";
  const sound = audioStreams?.map(({ codec }) => codec).join(", ") || "–";
  return `| ${name} | ${sketch.oddity ?? ""} | ${facts?.demuxer ?? "–"} | ${picture} | ${sound} | ${result} |\n`;
}

it("each format plays with its exact length, or is refused with its code", async () => {
  await using studio = await EncodingStudio.open(format);
  const rows = new Map<string, string>();
  const queue = [...FORMATS];
  const work = async () => {
    for (let sketch = queue.shift(); sketch; sketch = queue.shift()) {
      rows.set(sketch.name, await rowOf(sketch, studio));
    }
  };
  await Promise.all([work(), work()]);
  expect(parameterSets.size).toBe(1);
  const document = HEADING + FORMATS.map(({ name }) => rows.get(name)).join("");
  if (process.env.UPDATE_FORMATS) writeFileSync(DOCUMENT, document);
  expect(readFileSync(DOCUMENT, "utf8")).toBe(document);
});
