/** A box that is shown for a while: the plainest subtitle there can be, and one that can be measured. */
export interface PgsBox {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Pixels of the canvas. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Palette entry: limited-range BT.709 luma and chroma. */
  readonly colour: readonly [y: number, cr: number, cb: number];
}

const TICKS = 90_000;
const SEGMENT = { palette: 0x14, object: 0x15, composition: 0x16, window: 0x17, end: 0x80 };
const EPOCH_START = 0x80;
const COLOUR = 1;
const LONGEST_RUN = 0x3fff;

/** A Blu-ray subtitle stream (`.sup`, HDMV PGS) that shows boxes on a canvas, one after the other. */
export function pgsStream(width: number, height: number, boxes: readonly PgsBox[]): Buffer {
  const sets = boxes.flatMap((box, index) => [
    displaySet(box.fromSeconds, 2 * index, width, height, box),
    displaySet(box.toSeconds, 2 * index + 1, width, height),
  ]);
  return Buffer.concat(sets);
}

function displaySet(seconds: number, number: number, width: number, height: number, box?: PgsBox): Buffer {
  const part = (type: number, ...content: number[][]) => segment(seconds, type, content.flat());
  const objects = box ? [[...u16(0), 0, 0, ...u16(box.x), ...u16(box.y)]] : [];
  const composition = part(
    SEGMENT.composition,
    [...u16(width), ...u16(height), 0x10, ...u16(number), box ? EPOCH_START : 0, 0, 0, objects.length],
    ...objects,
  );
  const end = part(SEGMENT.end);
  if (!box) return Buffer.concat([composition, end]);
  const place = [...u16(box.x), ...u16(box.y), ...u16(box.width), ...u16(box.height)];
  const pixels = Array.from({ length: box.height }, () => rowOf(box.width)).flat();
  const size = [...u16(box.width), ...u16(box.height)];
  return Buffer.concat([
    composition,
    part(SEGMENT.window, [1, 0, ...place]),
    part(SEGMENT.palette, [0, 0, COLOUR, ...box.colour, 255]),
    part(SEGMENT.object, [...u16(0), 0, 0xc0, 0, ...u16(pixels.length + 4), ...size, ...pixels]),
    end,
  ]);
}

/** One row of a single colour, run-length coded. */
function rowOf(width: number): number[] {
  if (width > LONGEST_RUN) throw new RangeError(`a row of ${width} pixels`);
  return [0, 0xc0 | (width >> 8), width & 0xff, COLOUR, 0, 0];
}

function segment(seconds: number, type: number, content: readonly number[]): Buffer {
  const header = Buffer.alloc(13);
  header.write("PG", "latin1");
  header.writeUInt32BE(Math.round(seconds * TICKS), 2);
  header.writeUInt8(type, 10);
  header.writeUInt16BE(content.length, 11);
  return Buffer.concat([header, Buffer.from(content)]);
}

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}
