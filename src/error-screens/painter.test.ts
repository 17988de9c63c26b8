import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { BARS, bt709Codes } from "../../test/support/colour-bars.ts";
import { likeness, thumbnail } from "../../test/support/similar-pictures.ts";
import { SystemClock } from "../base/clock.ts";
import { VISUAL_MODES } from "../media/screen-modes.ts";
import { ENGLISH } from "./catalogue.ts";
import type { ErrorScreenConfig } from "./message.ts";
import { parseMessage } from "./message.ts";
import type { PaintJob } from "./paint-job.ts";
import { runPainter } from "./painter.ts";
import { viewOf } from "./view-of.ts";

/** Written anew with UPDATE_PICTURES=1; look at them before they are committed. */
const REFERENCES = fileURLToPath(new URL("../../test/references/error-screens/", import.meta.url));
const isUpdate = process.env.UPDATE_PICTURES === "1";
const clock = new SystemClock();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "exstreamtv-painter-"));
  mkdirSync(REFERENCES, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MESSAGE = {
  title: "We’ll be right back",
  subtitle: "This programme cannot be shown at the moment",
  channelName: "Movie Channel",
  channelNumber: 5,
  timestamp: new Date("2026-05-01T19:38:00Z"),
  estimatedReturn: new Date("2026-05-01T19:45:00Z"),
  errorCode: "encoder_failed",
};

async function paint(
  message: object,
  config: ErrorScreenConfig = {},
  { width = 640, height = 360, as = "png" as "png" | "i420" } = {},
): Promise<Buffer> {
  const context = { atMs: 0, catalogue: ENGLISH, timeZone: "Europe/Vienna" };
  const view = viewOf(parseMessage({ title: "", ...message }), config, context);
  const output = join(folder, "picture");
  await runPainter({ kind: "screen", view, width, height, as, output }, { folder, clock });
  return readFileSync(output);
}

/** A photograph of sorts: hills before an evening sky. */
function landscape(width: number, height: number): Buffer {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  const sky = context.createLinearGradient(0, 0, 0, height);
  for (const [place, colour] of [
    [0, "#27407a"],
    [0.55, "#e88d67"],
    [0.7, "#f9dc9b"],
  ] as const) {
    sky.addColorStop(place, colour);
  }
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  for (const [depth, colour] of [
    [0.62, "#6b4a5e"],
    [0.72, "#46344f"],
    [0.84, "#241c33"],
  ] as const) {
    context.fillStyle = colour;
    context.beginPath();
    context.moveTo(0, height);
    for (let x = 0; x <= width; x += width / 64) {
      const wave = Math.sin((x / width) * 9 * depth + depth * 40) + 0.4 * Math.sin((x / width) * 31 * depth);
      context.lineTo(x, height * (depth + 0.045 * wave));
    }
    context.lineTo(width, height);
    context.fill();
  }
  return canvas.toBuffer("image/jpeg");
}

function logo(): Buffer {
  const canvas = createCanvas(600, 200);
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.beginPath();
  context.arc(100, 100, 90, 0, 7);
  context.fill();
  context.fillStyle = "#e4572e";
  context.fillRect(220, 40, 360, 120);
  return canvas.toBuffer("image/png");
}

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const SEEN = { worstSsim: 0.95, worstColour: 12 };

async function expectLikeReference(name: string, picture: Buffer): Promise<void> {
  const file = join(REFERENCES, `${name}.png`);
  if (isUpdate) writeFileSync(file, await thumbnail(picture));
  const { worstSsim, worstColour } = await likeness(picture, readFileSync(file));
  expect(worstSsim).toBeGreaterThan(SEEN.worstSsim);
  expect(worstColour).toBeLessThan(SEEN.worstColour);
}

const LONG =
  "Extraordinarily long titles happen: “The Strange Case of Dr. Jekyll & Mr. Hyde”, or ‘How I learned to stop " +
  "worrying’ — 100% \\ {braces} : colons; <b>tags</b>, and so it goes on and on. ";

describe("each mode looks like its reference picture", () => {
  it.each(VISUAL_MODES)("%s", async (visualMode) => {
    await expectLikeReference(visualMode, await paint(MESSAGE, { visualMode }));
  });

  it.each<[string, object, ErrorScreenConfig]>([
    ["long", { ...MESSAGE, title: LONG.repeat(4).slice(0, 500), subtitle: LONG.repeat(4) }, {}],
    [
      "right-to-left",
      {
        ...MESSAGE,
        title: "נחזור מיד אחרי ההפסקה",
        subtitle: "صعوبات تقنية مؤقتة",
        channelName: "ערוץ הסרטים",
      },
      {},
    ],
    [
      "scripts",
      {
        title: "Café ☕ Привет 😀 Ελλάδα",
        subtitle: "x',movie=/etc/hostname,%{pts} \\ : ' [a]\u0000\u202e{}",
      },
      { visualMode: "slate" },
    ],
    [
      "guide",
      {
        title: "Technical Difficulties",
        subtitle: "We'll be right back shortly",
        channelName: "Movie Channel",
        channelNumber: 5,
      },
      { backgroundColor: "#1a1a1a", textColor: "#ffffff" },
    ],
    ["bright", MESSAGE, { backgroundColor: "#ece8e0", accentColor: "#c8283c" }],
    ["bars-only", { title: "" }, { visualMode: "test_pattern" }],
  ])("%s", async (name, message, config) => {
    await expectLikeReference(name, await paint(message, config));
  });

  test("a picture of one's own, with a logo", async () => {
    const config = {
      visualMode: "static",
      image: put("hills.jpg", landscape(1600, 1200)),
      logo: put("logo.png", logo()),
    } as const;
    await expectLikeReference("picture", await paint(MESSAGE, config));
    await expectLikeReference("logo", await paint(MESSAGE, { ...config, image: undefined }));
    await expectLikeReference("picture-4x3", await paint(MESSAGE, config, { width: 480, height: 360 }));
  });

  test("another size is the same picture, and other words another one", async () => {
    const reference = readFileSync(join(REFERENCES, "text.png"));
    for (const size of [
      { width: 1280, height: 720 },
      { width: 1920, height: 1080 },
    ]) {
      expect((await likeness(await paint(MESSAGE, {}, size), reference)).worstSsim).toBeGreaterThan(0.75);
    }
    for (const other of [{ title: "We’ll be right bark" }, { errorCode: "" }, { timestamp: false }]) {
      const { worstSsim } = await likeness(await paint({ ...MESSAGE, ...other }), reference);
      expect(worstSsim).toBeLessThan(SEEN.worstSsim);
    }
    const { worstColour } = await likeness(await paint(MESSAGE, { backgroundColor: "#16313a" }), reference);
    expect(worstColour).toBeGreaterThan(SEEN.worstColour);
  });
});

test("bars have the codes of BT.709, and one field lies below black", async () => {
  const [width, height] = [1280, 720];
  const planes = await paint({}, { visualMode: "test_pattern" }, { width, height, as: "i420" });
  expect(planes).toHaveLength(width * height * 1.5);
  const codesAt = (x: number, y: number) => [
    planes[y * width + x]!,
    planes[width * height + (y >> 1) * (width / 2) + (x >> 1)]!,
    planes[width * height * 1.25 + (y >> 1) * (width / 2) + (x >> 1)]!,
  ];
  const near = (codes: number[], wanted: readonly number[]) => {
    for (const [index, code] of codes.entries())
      expect(Math.abs(code - wanted[index]!)).toBeLessThanOrEqual(1);
  };
  const bar = 960 / 7;
  for (const [index, colour] of BARS.slice(0, 7).entries()) {
    near(codesAt(Math.round(160 + (index + 0.5) * bar), 200), bt709Codes(colour));
  }
  near(codesAt(60, 200), bt709Codes([0.4, 0.4, 0.4]));
  near(codesAt(60, 450), bt709Codes([0, 1, 1]));
  near(codesAt(1240, 510), bt709Codes([1, 0, 0]));
  near(codesAt(Math.round(160 + 2.5 * bar), 640), [235, 128, 128]);
  near(codesAt(Math.round(160 + 4.5 * bar), 640), [12, 128, 128]);
  near(codesAt(Math.round(160 + 5.17 * bar), 640), bt709Codes([0.02, 0.02, 0.02]));
});

describe("what is no picture is refused, with the reason", () => {
  const refusal = (image: string) => paint(MESSAGE, { visualMode: "static", image });

  /** A PNG that says it has so many pixels, all of one colour: small as a file, huge when decoded. */
  function bomb(width: number, height: number): Buffer {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set([1, 0, 0, 0, 0], 8);
    const chunk = (type: string, data: Buffer) => {
      const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
      const frame = Buffer.alloc(body.length + 8);
      frame.writeUInt32BE(data.length, 0);
      frame.set(body, 4);
      frame.writeUInt32BE(crc32(body), body.length + 4);
      return frame;
    };
    const pixels = deflateSync(Buffer.alloc(Math.min(1e6, Math.ceil(width / 8 + 1) * height)));
    return Buffer.concat([
      Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
      ...[chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))],
    ]);
  }

  it.each([
    [
      "a page that is called a picture",
      Buffer.from("<!doctype html><title>not found</title>"),
      /is no PNG, JPEG, WebP or GIF/,
    ],
    ["an SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), /is no PNG/],
    ["a bomb", bomb(100_000, 100_000), /100000×100000 pixels; 40 million are the most/],
    [
      "eleven megabytes",
      Buffer.concat([landscape(64, 36), Buffer.alloc(11 * 2 ** 20)]),
      /11\d* bytes; 10485760 are the most/,
    ],
    ["a JPEG that ends within its header", landscape(640, 360).subarray(0, 600), /is no PNG|damaged JPEG/],
  ])("%s", async (_, bytes, reason) => {
    const failure = await refusal(put("upload.png", bytes)).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code: "picture_refused", message: expect.stringMatching(reason) });
  });

  test("a file that is not there, a folder, and a font that is none", async () => {
    await expect(refusal("/no/such/picture.png")).rejects.toMatchObject({ code: "picture_refused" });
    await expect(refusal(folder)).rejects.toMatchObject({ code: "picture_refused" });
    const font = put("font.ttf", Buffer.from("no font"));
    await expect(paint(MESSAGE, { font })).rejects.toMatchObject({ code: "picture_refused" });
  });

  test("damaged pictures never bring down more than the painter", async () => {
    const whole = landscape(320, 180);
    for (let seed = 0; seed < 6; seed++) {
      const hash = createHash("sha256").update(String(seed)).digest();
      const damaged = Buffer.from(whole);
      for (const byte of hash) damaged[200 + ((byte * 131 * (seed + 1)) % (whole.length - 200))] = byte;
      const result = await refusal(put("damaged.jpg", damaged)).catch((thrown: unknown) => thrown);
      if (!Buffer.isBuffer(result)) {
        expect((result as { code: string }).code).toMatch(/^(picture_refused|painter_failed)$/);
      }
    }
  });
});

describe("an uploaded picture is written anew", () => {
  async function imported(bytes: Uint8Array): Promise<Buffer> {
    const output = join(folder, "imported.png");
    const job: PaintJob = { kind: "import", input: put("upload", bytes), output };
    await runPainter(job, { folder, clock });
    return readFileSync(output);
  }

  test("as a PNG without anything that came with it", async () => {
    const secret = Buffer.from("<?php secret ?>");
    const png = await imported(Buffer.concat([landscape(320, 180), secret]));
    expect(png.includes(secret)).toBe(false);
    const image = await loadImage(png);
    expect([image.width, image.height]).toEqual([320, 180]);
    expect((await likeness(png, landscape(320, 180))).worstSsim).toBeGreaterThan(0.95);
  });

  test("no larger than it can be shown", async () => {
    const image = await loadImage(await imported(landscape(6000, 1500)));
    expect([image.width, image.height]).toEqual([3840, 960]);
  });
});

test("the painter leaves no file of its own, and ends when it is told to", async () => {
  const own = join(folder, "own");
  mkdirSync(own);
  const controller = new AbortController();
  const job: PaintJob = {
    kind: "sound",
    mode: "white_noise",
    levelDbfs: -20,
    leadingFrames: 0,
    output: join(own, "s"),
  };
  const running = runPainter(job, { folder: own, clock, signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
  await expect(runPainter({ ...job, mode: "silent" }, { folder: "/no/such", clock })).rejects.toThrow(
    /ENOENT/,
  );
  expect(existsSync(own) && readdirSync(own).filter((name) => name.startsWith("paint-"))).toEqual([]);
});

test("a painter that breaks down is told with its last words", async () => {
  const job: PaintJob = {
    kind: "sound",
    mode: "beep",
    levelDbfs: -20,
    leadingFrames: 0,
    output: "/no/such/folder/s",
  };
  await expect(runPainter(job, { folder, clock })).rejects.toMatchObject({
    ...{ code: "painter_failed", message: expect.stringMatching(/status 1: failed: ENOENT/) },
  });
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
