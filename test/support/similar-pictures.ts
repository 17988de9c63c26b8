import { createCanvas, type Image, loadImage } from "@napi-rs/canvas";

/** How alike two pictures are. */
export interface Likeness {
  /** Structural similarity (SSIM) of the least similar part of the picture, −1 … 1. */
  readonly worstSsim: number;
  /** Largest difference of a colour between the two, as seen from afar, in codes of 255. */
  readonly worstColour: number;
}

/** Both pictures are compared at this width. */
const WIDTH = 320;
/** Windows of the SSIM, and how many of them (in each direction) make a part of the picture. */
const WINDOW = 8;
const PART = 4;
/** A picture from afar: so many pixels become one. */
const AFAR = 10;
const [C1, C2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];

/**
 * Compares pictures by their structure, so that another version of a font rasteriser makes no difference and a
 * word that is missing does. Sizes may differ, shapes not.
 */
export async function likeness(one: Uint8Array, other: Uint8Array): Promise<Likeness> {
  const [first, second] = await Promise.all([loadImage(Buffer.from(one)), loadImage(Buffer.from(other))]);
  const height = Math.round((WIDTH * first.height) / first.width);
  const [a, b] = [pixelsOf(first, WIDTH, height), pixelsOf(second, WIDTH, height)];
  const [columns, rows] = [Math.floor(WIDTH / WINDOW), Math.floor(height / WINDOW)];
  const windows = Array.from({ length: columns * rows }, (_, index) =>
    ssim(a, b, (index % columns) * WINDOW, Math.floor(index / columns) * WINDOW),
  );
  let worstSsim = 1;
  for (let row = 0; row + PART <= rows; row++) {
    for (let column = 0; column + PART <= columns; column++) {
      let sum = 0;
      for (let y = row; y < row + PART; y++) {
        for (let x = column; x < column + PART; x++) sum += windows[y * columns + x]!;
      }
      worstSsim = Math.min(worstSsim, sum / PART ** 2);
    }
  }
  const [farA, farB] = [first, second].map((image) =>
    pixelsOf(image, WIDTH / AFAR, Math.round(height / AFAR)),
  );
  const worstColour = farA!.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - farB![index]!)),
    0,
  );
  return { worstSsim, worstColour };
}

/** A picture made as small as it is compared, as PNG. */
export async function thumbnail(picture: Uint8Array): Promise<Buffer> {
  const image = await loadImage(Buffer.from(picture));
  const height = Math.round((WIDTH * image.height) / image.width);
  const canvas = createCanvas(WIDTH, height);
  const context = canvas.getContext("2d");
  const small = context.createImageData(WIDTH, height);
  small.data.set(pixelsOf(image, WIDTH, height));
  context.putImageData(small, 0, 0);
  return canvas.toBuffer("image/png");
}

/** The pixels of a picture that is brought to another size: means of those that lie in the place of each. */
function pixelsOf(image: Image, width: number, height: number): Float64Array {
  const canvas = createCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const sums = new Float64Array(width * height * 4);
  const counts = new Float64Array(width * height);
  for (let y = 0; y < image.height; y++) {
    const row = Math.floor((y * height) / image.height) * width;
    for (let x = 0; x < image.width; x++) {
      const place = row + Math.floor((x * width) / image.width);
      const at = (y * image.width + x) * 4;
      counts[place]!++;
      sums[place * 4]! += data[at]!;
      sums[place * 4 + 1]! += data[at + 1]!;
      sums[place * 4 + 2]! += data[at + 2]!;
    }
  }
  return sums.map((sum, index) => (index % 4 === 3 ? 255 : sum / counts[index >> 2]!));
}

/** SSIM of the luma of one window (Wang et al. 2004, equation 13). */
function ssim(a: Float64Array, b: Float64Array, left: number, top: number): number {
  let [sumA, sumB, sumAa, sumBb, sumAb] = [0, 0, 0, 0, 0];
  for (let y = top; y < top + WINDOW; y++) {
    for (let x = left; x < left + WINDOW; x++) {
      const at = (y * WIDTH + x) * 4;
      const lumaA = luma(a, at);
      const lumaB = luma(b, at);
      sumA += lumaA;
      sumB += lumaB;
      sumAa += lumaA * lumaA;
      sumBb += lumaB * lumaB;
      sumAb += lumaA * lumaB;
    }
  }
  const count = WINDOW ** 2;
  const [meanA, meanB] = [sumA / count, sumB / count];
  const [varianceA, varianceB] = [sumAa / count - meanA ** 2, sumBb / count - meanB ** 2];
  const covariance = sumAb / count - meanA * meanB;
  return (
    ((2 * meanA * meanB + C1) * (2 * covariance + C2)) /
    ((meanA ** 2 + meanB ** 2 + C1) * (varianceA + varianceB + C2))
  );
}

function luma(pixels: Float64Array, at: number): number {
  return 0.2126 * pixels[at]! + 0.7152 * pixels[at + 1]! + 0.0722 * pixels[at + 2]!;
}
