// The painting process: `node painter-main.ts JOB.json` does one job and ends. It has no other way in or out, and
// nothing of the server's memory: what a hostile picture or font does to Skia's native code, it does here.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { type Canvas, createCanvas, type Image, loadImage } from "@napi-rs/canvas";
import { seededRandom } from "../base/random.ts";
import { AAC_FRAME_SAMPLES } from "../media/house-format.ts";
import { ErrorVisualMode } from "../media/screen-modes.ts";
import { CanvasFonts } from "./canvas-fonts.ts";
import { setLuma, toI420 } from "./i420.ts";
import {
  MAX_FONT_BYTES,
  MAX_PICTURE_BYTES,
  MAX_PICTURE_PIXELS,
  type PaintJob,
  type PaintScreenJob,
  REFUSED,
  type SoundJob,
} from "./paint-job.ts";
import { paintScreen } from "./paint-screen.ts";
import { readPictureHeader } from "./picture-header.ts";
import { BELOW_BLACK_CODE, belowBlack } from "./smpte-bars.ts";
import { soundPeriod } from "./sound-loop.ts";

/** Imported pictures are made no larger than this. */
const MAX_IMPORT = { width: 3840, height: 2160 };

/** Noise is the same each time, so that it can be found again. */
const NOISE_SEED = 440;

class Refusal extends Error {}

async function paint(job: PaintScreenJob): Promise<Uint8Array> {
  const { view, width, height } = job;
  const fonts = openFonts(view.font);
  const [image, logo] = await Promise.all([openPicture(view.image), openPicture(view.logo)]);
  const canvas = createCanvas(width, height);
  paintScreen(canvas.getContext("2d"), fonts, job, view, { image, logo });
  if (job.as === "png") return canvas.encode("png");
  const planes = toI420(pixelsOf(canvas), width, height);
  if (view.visualMode === ErrorVisualMode.TEST_PATTERN) {
    setLuma(planes, width, belowBlack(width, height), BELOW_BLACK_CODE);
  }
  return planes;
}

async function importPicture(input: string): Promise<Uint8Array> {
  const image = (await openPicture(input))!;
  const scale = Math.min(1, MAX_IMPORT.width / image.width, MAX_IMPORT.height / image.height);
  const [width, height] = [image.width, image.height].map((size) => Math.max(1, Math.round(size * scale)));
  const canvas = createCanvas(width!, height!);
  canvas.getContext("2d").drawImage(image, 0, 0, width!, height!);
  return canvas.encode("png");
}

function computeSound({ mode, levelDbfs, leadingFrames }: SoundJob): Uint8Array {
  const period = soundPeriod(mode, levelDbfs, seededRandom(NOISE_SEED));
  const samples = new Float32Array((leadingFrames * AAC_FRAME_SAMPLES + period.length) * 2);
  for (let index = samples.length - 1, at = period.length; index >= 0; index -= 2) {
    at = (at === 0 ? period.length : at) - 1;
    samples[index] = samples[index - 1] = period[at]!;
  }
  return new Uint8Array(samples.buffer);
}

function work(job: PaintJob): Uint8Array | Promise<Uint8Array> {
  switch (job.kind) {
    case "screen":
      return paint(job);
    case "import":
      return importPicture(job.input);
    case "sound":
      return computeSound(job);
  }
}

function pixelsOf(canvas: Canvas): Uint8ClampedArray {
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
}

function openFonts(path: string | undefined): CanvasFonts {
  if (path === undefined) return new CanvasFonts();
  readBounded(path, MAX_FONT_BYTES);
  try {
    return new CanvasFonts(path);
  } catch (failure) {
    throw new Refusal((failure as Error).message);
  }
}

async function openPicture(path: string | undefined): Promise<Image | undefined> {
  if (path === undefined) return undefined;
  const bytes = readBounded(path, MAX_PICTURE_BYTES);
  const header = readPictureHeader(bytes);
  if (!header) throw new Refusal(`${path} is no PNG, JPEG, WebP or GIF picture`);
  const { type, width, height } = header;
  if (width * height > MAX_PICTURE_PIXELS) {
    throw new Refusal(
      `${path} has ${width}×${height} pixels; ${MAX_PICTURE_PIXELS / 1e6} million are the most`,
    );
  }
  try {
    const image = await loadImage(bytes);
    if (image.width * image.height <= MAX_PICTURE_PIXELS && image.width > 0) return image;
  } catch (failure) {
    throw new Refusal(`${path} is a damaged ${type.toUpperCase()} picture: ${(failure as Error).message}`);
  }
  throw new Refusal(`${path} is not what its header says`);
}

function readBounded(path: string, most: number): Buffer {
  let bytes: number;
  try {
    const facts = statSync(path);
    bytes = facts.size;
    if (!facts.isFile()) throw new Error("not a regular file");
  } catch (failure) {
    throw new Refusal(`${path} cannot be read: ${(failure as Error).message}`);
  }
  if (bytes > most) throw new Refusal(`${path} has ${bytes} bytes; ${most} are the most`);
  return readFileSync(path);
}

try {
  const job = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as PaintJob;
  writeFileSync(job.output, await work(job));
} catch (failure) {
  const isRefusal = failure instanceof Refusal;
  const { message } = failure as Error;
  process.stderr.write(`${isRefusal ? REFUSED : "failed:"} ${message.replace(/\s+/g, " ")}\n`);
  process.exitCode = isRefusal ? 3 : 1;
}
