/** Luma and chroma codes of BT.709 in 8 bits, narrow range. */
export type Codes = readonly [y: number, cb: number, cr: number];

/** A rectangle in pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Codes of an RGB colour of 0 … 1 (ITU-R BT.709-6, 3.2 to 3.5), with fractions. */
export function codesOf(red: number, green: number, blue: number): Codes {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return [16 + 219 * luma, 128 + (224 * (blue - luma)) / 1.8556, 128 + (224 * (red - luma)) / 1.5748];
}

/**
 * Converts an opaque RGBA picture of even size to planar 4:2:0 in BT.709, narrow range: what an encoder takes as it
 * is, so that no program's guess at matrices and ranges comes between. Chroma is sited as in MPEG-2: in the column
 * of the left one of two pixels, between two lines (ITU-T H.264 E.2.1, chroma_sample_loc_type 0).
 */
export function toI420(rgba: Uint8Array | Uint8ClampedArray, width: number, height: number): Uint8Array {
  const half = width / 2;
  const planes = new Uint8Array((width * height * 3) / 2);
  const red = new Float32Array(half * 2);
  const blue = new Float32Array(half * 2);
  const [cbStart, crStart] = [width * height, width * height * 1.25];
  for (let line = 0; line < height; line += 2) {
    red.fill(0);
    blue.fill(0);
    for (let row = line; row < line + 2; row++) {
      for (let column = 0, at = row * width * 4; column < width; column++, at += 4) {
        const luma = 0.2126 * rgba[at]! + 0.7152 * rgba[at + 1]! + 0.0722 * rgba[at + 2]!;
        planes[row * width + column] = Math.round(16 + (219 / 255) * luma);
        blue[column]! += rgba[at + 2]! - luma;
        red[column]! += rgba[at]! - luma;
      }
    }
    const row = (line / 2) * half;
    for (let column = 0; column < half; column++) {
      // 1-2-1 around the even column; two lines were summed up.
      const middle = 2 * column;
      const left = Math.max(0, middle - 1);
      const cb = (blue[left]! + 2 * blue[middle]! + blue[middle + 1]!) / 8;
      const cr = (red[left]! + 2 * red[middle]! + red[middle + 1]!) / 8;
      planes[cbStart + row + column] = Math.round(128 + ((224 / 255) * cb) / 1.8556);
      planes[crStart + row + column] = Math.round(128 + ((224 / 255) * cr) / 1.5748);
    }
  }
  return planes;
}

/** Gives the luma of a neutral area a code that RGB cannot say, such as one below black. */
export function setLuma(planes: Uint8Array, width: number, area: Area, code: number): void {
  for (let row = area.top; row < area.top + area.height; row++) {
    planes.fill(code, row * width + area.left, row * width + area.left + area.width);
  }
}
