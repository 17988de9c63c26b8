/** Kinds of pictures that are taken. */
export type PictureType = "png" | "jpeg" | "webp" | "gif";

/** What a picture's first bytes say of it. */
export interface PictureHeader {
  readonly type: PictureType;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Markers of a JPEG that hold its size: SOF0 … SOF15 without DHT, JPG and DAC (ITU-T T.81, table B.1). */
const isFrameHeader = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** Segments of a JPEG before its size; a photograph has some dozens. */
const MAX_JPEG_SEGMENTS = 4096;

/**
 * Tells a picture by its content, whatever it is called, and reads its size without decoding it. Undefined for
 * anything but PNG, JPEG, WebP and GIF, and where the size is not to be found.
 */
export function readPictureHeader(bytes: Uint8Array): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const header =
      pngSize(bytes, view) ?? gifSize(bytes, view) ?? webpSize(bytes, view) ?? jpegSize(bytes, view);
    return header && header.width > 0 && header.height > 0 ? header : undefined;
  } catch (failure) {
    // The file ends before its size.
    if (failure instanceof RangeError) return undefined;
    throw failure;
  }
}

function pngSize(bytes: Uint8Array, view: DataView): PictureHeader | undefined {
  if (!startsWith(bytes, 0, "\x89PNG\r\n\x1a\n") || !startsWith(bytes, 12, "IHDR")) return undefined;
  return { type: "png", width: view.getUint32(16), height: view.getUint32(20) };
}

function gifSize(bytes: Uint8Array, view: DataView): PictureHeader | undefined {
  if (!startsWith(bytes, 0, "GIF87a") && !startsWith(bytes, 0, "GIF89a")) return undefined;
  return { type: "gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** RFC 9649, 2.5 to 2.7. */
function webpSize(bytes: Uint8Array, view: DataView): PictureHeader | undefined {
  if (!startsWith(bytes, 0, "RIFF") || !startsWith(bytes, 8, "WEBP")) return undefined;
  if (startsWith(bytes, 12, "VP8 ")) {
    if (!startsWith(bytes, 23, "\x9d\x01\x2a")) return undefined;
    const [width, height] = [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    return { type: "webp", width, height };
  }
  if (startsWith(bytes, 12, "VP8L")) {
    const bits = view.getUint32(21, true);
    return { type: "webp", width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (!startsWith(bytes, 12, "VP8X")) return undefined;
  const [width, height] = [view.getUint32(24, true) & 0xffffff, view.getUint32(26, true) >>> 8];
  return { type: "webp", width: width + 1, height: height + 1 };
}

/** ITU-T T.81, B.1 and B.2. */
function jpegSize(bytes: Uint8Array, view: DataView): PictureHeader | undefined {
  if (!startsWith(bytes, 0, "\xff\xd8\xff")) return undefined;
  let at = 2;
  for (let segment = 0; segment < MAX_JPEG_SEGMENTS; segment++) {
    if (view.getUint8(at) !== 0xff) return undefined;
    while (view.getUint8(at) === 0xff) at++;
    const marker = view.getUint8(at++);
    if (isFrameHeader(marker)) {
      return { type: "jpeg", width: view.getUint16(at + 5), height: view.getUint16(at + 3) };
    }
    const length = view.getUint16(at);
    if (length < 2) return undefined;
    at += length;
  }
  return undefined;
}

function startsWith(bytes: Uint8Array, offset: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[offset + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
