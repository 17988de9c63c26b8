import { createCanvas } from "@napi-rs/canvas";
import fc from "fast-check";
import { expect, it, test } from "vitest";
import { readPictureHeader } from "./picture-header.ts";

const canvas = createCanvas(321, 123);
const GIF = Buffer.from("R0lGODlhAwACAIAAAP8AAAAAACwAAAAAAwACAAACAoRdADs=", "base64");
const LOSSLESS = Buffer.from("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==", "base64");

it.each([
  ["png", canvas.toBuffer("image/png"), 321, 123],
  ["jpeg", canvas.toBuffer("image/jpeg"), 321, 123],
  ["webp", canvas.toBuffer("image/webp"), 321, 123],
  ["webp", LOSSLESS, 1, 1],
  ["gif", GIF, 3, 2],
])("%s", (type, bytes, width, height) => {
  expect(readPictureHeader(bytes)).toEqual({ type, width, height });
});

test("an extended WebP and a photograph with data before its size", () => {
  const extended = Buffer.alloc(30);
  extended.write("RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0", "latin1");
  extended.writeUIntLE(3999, 24, 3);
  extended.writeUIntLE(2999, 27, 3);
  expect(readPictureHeader(extended)).toEqual({ type: "webp", width: 4000, height: 3000 });
  const [start, rest] = [
    canvas.toBuffer("image/jpeg").subarray(0, 2),
    canvas.toBuffer("image/jpeg").subarray(2),
  ];
  const exif = Buffer.alloc(60_002, 0xc0);
  exif.writeUInt16BE(0xffe1, 0);
  exif.writeUInt16BE(60_000, 2);
  expect(readPictureHeader(Buffer.concat([start, exif, rest]))).toMatchObject({ width: 321, height: 123 });
});

it.each([
  ["nothing", Buffer.alloc(0)],
  ["SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>')],
  ["a page", Buffer.from("<!doctype html>")],
  ["BMP", Buffer.from("BM\x3a\0\0\0\0\0\0\0\x36\0\0\0", "latin1")],
  ["a PNG cut off", canvas.toBuffer("image/png").subarray(0, 20)],
  ["a PNG without an area", Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\0\0\0\0\x05", "latin1")],
  ["a JPEG that ends", canvas.toBuffer("image/jpeg").subarray(0, 30)],
])("refuses %s", (_, bytes) => {
  expect(readPictureHeader(bytes)).toBeUndefined();
});

test("whatever it is given, it comes to an end and throws nothing", () => {
  const starts = [
    "\x89PNG\r\n\x1a\n",
    "\xff\xd8\xff",
    "RIFF\0\0\0\0WEBPVP8 ",
    "RIFF\0\0\0\0WEBPVP8L",
    "GIF89a",
    "",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), (start, rest) => {
      const header = readPictureHeader(Buffer.concat([Buffer.from(start, "latin1"), rest]));
      if (header) expect(header.width * header.height).toBeGreaterThan(0);
    }),
    { numRuns: 2000 },
  );
});
