import type { Rational } from "../../src/base/rational.ts";
import { generated, OUTPUT, place } from "./media-cache.ts";
import { runOrThrow } from "./process.ts";

/** Number of bars, and so of bits: numbers repeat after 65,536 frames. */
const BARS = 16;
/** Narrower bars would not outlive a low bit rate. */
const MIN_BAR_PIXELS = 20;
const CELLS = 2 * BARS;
const DECODE_SECONDS = 300;
const BLACK_BELOW = 96;
const WHITE_ABOVE = 160;

/** What a frame-number clip looks like. */
export interface FrameNumberOptions {
  readonly seconds: number;
  readonly fps: Rational;
  readonly width: number;
  readonly height: number;
  /** Number in the clip's first frame (0 when absent): tells several clips apart. */
  readonly firstNumber?: number;
  /** Colour noise over the bars, so that the picture is as large as film in any encoding. */
  readonly noisy?: boolean;
}

/**
 * Makes `folder/name` (.mp4 or .mkv, H.264 and AAC), each of whose frames shows its own number as 16 vertical
 * bars, the lowest bit leftmost, white for 1. The lower half of the picture is the negative of the upper one: that
 * is the mark by which such a picture is known from any other. Returns the path.
 */
export function makeFrameNumberClip(
  folder: string,
  name: string,
  options: FrameNumberOptions,
): Promise<string> {
  const { seconds, fps, noisy = false } = options;
  const args = [
    ...generated(frameNumberPicture(options)),
    ...generated("sine=frequency=440:sample_rate=48000,aformat=channel_layouts=stereo"),
    ...["-t", String(seconds), "-c:v", "libx264", "-preset", "veryfast", "-crf", noisy ? "30" : "18"],
    ...["-g", String(Math.round(fps.num / fps.den)), "-c:a", "aac", "-b:a", "128k", OUTPUT],
  ];
  return place({ extension: name.slice(name.lastIndexOf(".")), steps: [args] }, folder, name);
}

/** The filter graph of the pictures of such a clip, without an end. */
export function frameNumberPicture(options: Omit<FrameNumberOptions, "seconds">): string {
  const { fps, width, height, firstNumber = 0, noisy = false } = options;
  if (width < BARS * MIN_BAR_PIXELS) throw new RangeError(`bars of ${width / BARS} pixels are too narrow`);
  const bit = `mod(floor((N+${firstNumber})/pow(2,X))+Y,2)`;
  return [
    `nullsrc=size=${BARS}x2:rate=${fps.num}/${fps.den}`,
    `format=gray,geq=lum='255*${bit}'`,
    `scale=${width}:${height}:flags=neighbor,format=yuv420p,setsar=1`,
    ...(noisy ? ["noise=c1s=90:c1f=t+u:c2s=90:c2f=t+u"] : []),
  ].join(",");
}

/**
 * The number that each frame of a file's first video stream shows, in order of display; −1 for a picture that is
 * not a frame of such a clip. The bars must fill the picture, so clip and channel need the same aspect ratio.
 */
export async function readFrameNumbers(tsFile: string): Promise<number[]> {
  const numbers: number[] = [];
  const frame = Buffer.alloc(CELLS);
  let filled = 0;
  const args = [
    ...["-hide_banner", "-nostdin", "-v", "error", "-i", tsFile, "-map", "0:v:0"],
    ...["-vf", `scale=${BARS}:2:flags=area,format=gray`, "-vsync", "passthrough", "-f", "rawvideo", "-"],
  ];
  await runOrThrow("ffmpeg", args, {
    seconds: DECODE_SECONDS,
    onStdout: (chunk) => {
      for (const luma of chunk) {
        frame[filled++] = luma;
        if (filled < CELLS) continue;
        numbers.push(decodeBars(frame));
        filled = 0;
      }
    },
  });
  return numbers;
}

function decodeBars(frame: Uint8Array): number {
  let number = 0;
  for (let bar = 0; bar < BARS; bar++) {
    const upper = frame[bar]!;
    const lower = frame[BARS + bar]!;
    if (upper > WHITE_ABOVE && lower < BLACK_BELOW) number |= 1 << bar;
    else if (upper >= BLACK_BELOW || lower <= WHITE_ABOVE) return -1;
  }
  return number;
}
