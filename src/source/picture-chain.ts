import type { HouseFormat } from "../media/house-format.ts";
import { type BurnIn, layPictures, setText } from "./burn-in.ts";
import { scaleColours, toBt709 } from "./colour.ts";
import type { EncoderSpan, FilePicture, LiveTiming } from "./encoder-input.ts";
import { slowly } from "./live-chain.ts";
import { PLAIN_FORMATS } from "./safe-run.ts";
import { FLICKS, frameSeconds } from "./time-base.ts";
import { wholePictures } from "./whole-pictures.ts";

/** A file may end this much before its stated length; the rest is a still and silence. */
const TOLERATED_SHORTFALL_SECONDS = 1;
const PLAIN_COLOUR = "0x14181f";

/** Subtitles are timed in milliseconds, and libass cuts off what is less: with this it rounds. */
const ROUNDING_SECONDS = 0.0005;

/** What every picture goes through last. */
const FINISH = [
  "format=yuv420p",
  "setsar=1",
  "setfield=mode=prog",
  "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
];

/** The filters that show one dark colour for the whole span. */
export function plainChain(span: EncoderSpan, { width, height, fps }: HouseFormat): string {
  const source = `color=c=${PLAIN_COLOUR}:s=${width}x${height}:r=${fps.num}/${fps.den}`;
  return [source, `trim=end_frame=${span.frames - span.startFrame}`, ...FINISH].join(",");
}

/** ffmpeg's arguments for the file of a still. */
export function stillArguments(file: string, { width, height, fps }: HouseFormat): string[] {
  const shape = ["-pixel_format", "yuv420p", "-video_size", `${width}x${height}`];
  return ["-f", "rawvideo", ...shape, "-framerate", `${fps.num}/${fps.den}`, "-i", `file:${file}`];
}

/** The filters that hold the picture of an input for the whole span. */
export function stillChain(input: number, span: EncoderSpan): string {
  const frames = span.frames - span.startFrame;
  const hold = `tpad=stop_mode=clone:stop=${frames}`;
  return [`[${input}:v]${hold}`, `trim=end_frame=${frames}`, ...FINISH].join(",");
}

/** The filters that bring a video stream of the file to the house format, picked by frame number. */
export function fileChain(
  picture: FilePicture,
  originSeconds: number,
  span: EncoderSpan,
  format: HouseFormat,
  burnIn?: BurnIn,
): string {
  const { fps, gopFrames } = format;
  const frames = span.frames - span.startFrame;
  // One Gop of pictures before the wanted frame keeps `fps` away from its own start, where halves round
  // differently; the input's clock is counted from there.
  const preroll = Math.min(span.startFrame, gopFrames);
  const origin = {
    item: Math.round(originSeconds * FLICKS),
    run: Math.round(frameSeconds(span.startFrame - preroll, fps) * FLICKS),
  };
  return [
    ...wholePictures(picture, origin, fps),
    ...(picture.isPlain ? [PLAIN_FORMATS] : []),
    `fps=fps=${fps.num}/${fps.den}:start_time=0`,
    `tpad=stop_mode=clone:stop_duration=${(TOLERATED_SHORTFALL_SECONDS + picture.stillSeconds).toFixed(3)}`,
    `trim=start_frame=${preroll}:end_frame=${preroll + frames}`,
    ...(burnIn
      ? fileClock(burnIn.zeroSeconds + frameSeconds(span.startFrame, fps))
      : ["setpts=PTS-STARTPTS"]),
    ...intoHouse(picture, format, burnIn),
    ...(burnIn ? [`settb=${fps.den}/${fps.num}`, "setpts=N"] : []),
    ...FINISH,
  ].join(",");
}

/** Gives the run's pictures the time at which they stand in the file: subtitles go by it. */
function fileClock(startSeconds: number): string[] {
  const start = Math.round((startSeconds + ROUNDING_SECONDS) * FLICKS);
  return [`settb=1/${FLICKS}`, `setpts=PTS-STARTPTS+${start}`];
}

/** The filters that bring a live source's pictures to the house format as they come. */
export function liveChain(picture: FilePicture, live: LiveTiming, format: HouseFormat): string {
  const { fps } = format;
  return [
    ...wholePictures(picture, { item: 0, run: 0 }, fps),
    ...slowly("setpts", live),
    `fps=fps=${fps.num}/${fps.den}:start_time=0`,
    ...intoHouse(picture, format),
    ...FINISH,
  ].join(",");
}

/**
 * Scales to the house size and to BT.709, sets text into the picture, adds bars where the shapes differ, and lays
 * pictures over the whole. Subtitles come behind the tone mapping: their white is white.
 */
function intoHouse(picture: FilePicture, format: HouseFormat, burnIn?: BurnIn): string[] {
  const { colour, canToneMap = true } = picture;
  const { width, height } = format;
  const shape = `${width}/${height}`;
  return [
    `scale=w='max(2,if(gt(dar,${shape}),${width},trunc(${height}*dar/2)*2))'` +
      `:h='max(2,if(gt(dar,${shape}),trunc(${width}/dar/2)*2,${height}))':flags=bicubic+accurate_rnd` +
      scaleColours(colour, canToneMap),
    ...toBt709(colour, canToneMap),
    ...(burnIn?.kind === "text" ? setText(burnIn, format) : []),
    `pad=w=${width}:h=${height}:x='trunc((ow-iw)/4)*2':y='trunc((oh-ih)/4)*2':eval=frame`,
    ...(burnIn?.kind === "bitmap" ? [layPictures(burnIn, format)] : []),
  ];
}
