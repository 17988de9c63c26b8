import { type Rational, toNumber } from "../../src/base/rational.ts";
import { generated, OUTPUT, place } from "./media-cache.ts";

const BEEP_SECONDS = 0.04;
const BEEP_HZ = 1000;

/**
 * Codec pairs with different delays of encoder and decoder, and the containers in which ffmpeg 5.1 keeps picture
 * and sound together within 0.4 ms (its .webm has the sound 6.4 ms early, its .avi 17 ms).
 */
const CODECS = {
  /** .mp4 .mkv .ts */
  "h264-aac": "-c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac -b:a 128k",
  /** .mp4 .mkv .ts */
  "hevc-ac3":
    "-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p -c:a ac3 -b:a 192k",
  /** .ts .mpg */
  "mpeg2-mp2": "-c:v mpeg2video -q:v 4 -bf 2 -c:a mp2 -b:a 192k",
  /** .mp4 */
  "vp9-opus": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 500k -c:a libopus -b:a 96k",
  /** .mkv .mp4 */
  "mpeg4-mp3": "-c:v mpeg4 -q:v 4 -c:a libmp3lame -b:a 128k",
} as const;

/** Name of a pair of codecs that a flash-beep clip can be made with. */
export type FlashBeepCodecs = keyof typeof CODECS;

/** What a flash-beep clip looks like. */
export interface FlashBeepOptions {
  readonly seconds: number;
  readonly fps: Rational;
  readonly codecs?: FlashBeepCodecs;
  /** Lets every beep come this much after its flash: for proving the measuring. */
  readonly audioDelayMs?: number;
  /** Pixels; 640 × 360 when absent. */
  readonly width?: number;
  readonly height?: number;
}

/**
 * Makes `folder/name` (the extension must suit the codecs): black, with two white frames once a second from the
 * first frame at or after .5 s on, and a beep of 40 ms at 1 kHz that starts with the sample nearest to the start
 * of the first white frame. Returns the path.
 */
export function makeFlashBeepClip(folder: string, name: string, options: FlashBeepOptions): Promise<string> {
  const { seconds, fps, codecs = "h264-aac", audioDelayMs = 0, width = 640, height = 360 } = options;
  const rate = `${fps.num}/${fps.den}`;
  const flashFrame = (second: string) => `ceil((floor(${second})+0.5)*${rate}-0.000001)`;
  const white = `between(N-${flashFrame(`N*${fps.den}/${fps.num}`)},0,1)`;
  const picture = [
    `nullsrc=size=16x16:rate=${rate}`,
    `format=gray,geq=lum='255*${white}'`,
    `scale=${width}:${height}:flags=neighbor,format=yuv420p,setsar=1`,
  ].join(",");
  const time = `(t-${audioDelayMs / 1000})`;
  const sinceFlash = `(${time}-${flashFrame(time)}*${fps.den}/${fps.num}+0.00001)`;
  const beep = `0.7*gte(${sinceFlash},0)*lt(${sinceFlash},${BEEP_SECONDS})*sin(2*PI*${BEEP_HZ}*${sinceFlash})`;
  const args = [
    ...generated(picture),
    ...generated(`aevalsrc='${beep}':sample_rate=48000,aformat=channel_layouts=stereo`),
    ...["-t", String(seconds), ...CODECS[codecs].split(" ")],
    ...["-g", String(Math.round(toNumber(fps))), OUTPUT],
  ];
  return place({ extension: name.slice(name.lastIndexOf(".")), steps: [args] }, folder, name);
}
