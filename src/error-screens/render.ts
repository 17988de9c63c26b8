import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { diskFailureIn } from "../base/disk-failure.ts";
import { AppError } from "../base/errors.ts";
import { ADTS_HEADER_BYTES } from "../codec/aac.ts";

import { classify } from "../ffmpeg/failures.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import { runTool } from "../ffmpeg/run.ts";
import type { Gop, Samples } from "../media/gop.ts";
import type { HouseFormat } from "../media/house-format.ts";
import type { ErrorAudioMode } from "../media/screen-modes.ts";
import { FragmentReader } from "../mp4/fragment-reader.ts";
import { GopAssembler } from "../mp4/gop-assembler.ts";
import { audioEncoderArguments, type EncoderCommand, encoderCommand } from "../source/encoder-command.ts";
import { byteStream } from "./byte-stream.ts";
import { runPainter } from "./painter.ts";
import type { ScreenView } from "./screen-view.ts";

/** Two, since a single picture that follows another IDR picture must have another idr_pic_id (H.264 7.4.3). */
const GOPS = 2;
/** Audio frames before those that are kept: by then the encoder has settled. */
const SETTLING_FRAMES = 48;
const ENCODE_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;
const NO_SOUND: Samples = { data: new Uint8Array(0), offsets: new Uint32Array(0), sizes: new Uint32Array(0) };

/** Where and with what screens are rendered. */
export interface RenderSurroundings {
  readonly ffmpeg: string;
  /** Folder for files that are needed meanwhile; made when it is not there. */
  readonly folder: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** The encoder run that makes Gops of a still; everything that decides their bytes but the picture itself. */
export function stillCommand(file: string, format: HouseFormat): EncoderCommand {
  const span = { frames: GOPS * format.gopFrames, startFrame: 0, audioPhase: 0 };
  return encoderCommand({ picture: { kind: "still", file } }, span, format);
}

/** Arguments of the encoder run that makes audio frames of samples. */
export function soundArguments(file: string, format: HouseFormat): string[] {
  const input = ["-f", "f32le", "-ar", String(format.audioSampleRate), "-ac", "2", "-i", `file:${file}`];
  return [
    ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning", ...input],
    ...[...audioEncoderArguments(format), "-f", "adts", "pipe:1"],
  ];
}

/** Paints a view and encodes it; the fragmented MP4 of two Gops, for `readPictures`. Throws what painter and ffmpeg do. */
export function renderPictures(
  view: ScreenView,
  format: HouseFormat,
  surroundings: RenderSurroundings,
): Promise<Uint8Array> {
  return inFolder(surroundings, async (folder) => {
    const output = join(folder, "picture.yuv");
    const { width, height } = format;
    await runPainter(
      { kind: "screen", view, width, height, as: "i420", output },
      { ...surroundings, folder },
    );
    return encode(stillCommand(output, format).args, surroundings);
  });
}

/** Decodes a Gop and encodes its last picture, held; as `renderPictures`. */
export function renderHeld(
  gop: Gop,
  format: HouseFormat,
  surroundings: RenderSurroundings,
): Promise<Uint8Array> {
  return inFolder(surroundings, async (folder) => {
    const [input, output] = [join(folder, "last.h264"), join(folder, "last.yuv")];
    await writeFile(input, byteStream(gop));
    const common = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"];
    const pictures = ["-f", "h264", "-i", `file:${input}`, "-fps_mode", "passthrough", "-pix_fmt", "yuv420p"];
    // Each picture takes the place of the one before it.
    const last = ["-c:v", "rawvideo", "-f", "image2", "-update", "1", `file:${output}`];
    await encode([...common, ...pictures, ...last], surroundings);
    return encode(stillCommand(output, format).args, surroundings);
  });
}

/** Encodes a sound; the ADTS stream of exactly one period, for `readSound`. Throws what painter and ffmpeg do. */
export function renderSound(
  mode: ErrorAudioMode,
  levelDbfs: number,
  format: HouseFormat,
  surroundings: RenderSurroundings,
): Promise<Uint8Array> {
  return inFolder(surroundings, async (folder) => {
    const output = join(folder, "sound.f32");
    const job = { kind: "sound", mode, levelDbfs, leadingFrames: SETTLING_FRAMES, output } as const;
    await runPainter(job, { ...surroundings, folder });
    const adts = await encode(soundArguments(output, format), surroundings);
    // The encoder's delay gives a frame more than went in; each holds also what follows it, so that the last two,
    // behind which there is nothing, are not of the period.
    const { offsets } = readSound(adts);
    return adts.subarray(startOf(offsets, SETTLING_FRAMES - 1), startOf(offsets, offsets.length - 2));
  });
}

/** The Gops in what `renderPictures` gave, without sound. Throws when they break the house format's contract. */
export function readPictures(bytes: Uint8Array, format: HouseFormat): readonly Gop[] {
  const reader = new FragmentReader();
  const assembler = new GopAssembler(format, stillCommand("", format).position);
  const fragments = reader.push(bytes);
  if (!reader.init) throw new AppError("fragment_malformed", "no picture came out of the encoder");
  const gops = fragments.flatMap((fragment) => assembler.push(fragment, reader.init!));
  gops.push(...assembler.finish(reader.init));
  if (gops.length !== GOPS) throw new AppError("gop_contract", `${gops.length} Gops of a still, not ${GOPS}`);
  return gops.map((gop) => ({ ...gop, firstFrame: 0, firstAudioFrame: 0, audio: NO_SOUND }));
}

function startOf(offsets: Uint32Array, frame: number): number {
  return offsets[frame]! - ADTS_HEADER_BYTES;
}

/** The raw AAC frames in an ADTS stream (ISO/IEC 14496-3 1.A.2.2) without CRC. Throws `fragment_malformed`. */
export function readSound(adts: Uint8Array): Samples {
  const offsets: number[] = [];
  const sizes: number[] = [];
  for (let at = 0; at < adts.length; ) {
    const bytes = ((adts[at + 3]! & 3) << 11) | (adts[at + 4]! << 3) | (adts[at + 5]! >> 5);
    const isFrame = adts[at] === 0xff && (adts[at + 1]! & 0xf7) === 0xf1;
    if (!isFrame || bytes <= ADTS_HEADER_BYTES || at + bytes > adts.length) {
      throw new AppError("fragment_malformed", `no audio frame at byte ${at} of ${adts.length}`);
    }
    offsets.push(at + ADTS_HEADER_BYTES);
    sizes.push(bytes - ADTS_HEADER_BYTES);
    at += bytes;
  }
  return { data: adts, offsets: Uint32Array.from(offsets), sizes: Uint32Array.from(sizes) };
}

/** Does something with a folder of its own, which is gone afterwards. */
export async function inFolder<T>(
  { folder }: Pick<RenderSurroundings, "folder">,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const own = join(folder, `screen-${randomUUID()}`);
  await mkdir(own, { recursive: true });
  try {
    return await work(own);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function encode(
  args: readonly string[],
  { ffmpeg, clock, signal }: RenderSurroundings,
): Promise<Uint8Array> {
  const bounds = { timeoutMs: ENCODE_MS, maxStdoutBytes: MAX_OUTPUT_BYTES };
  const result = await runTool({ binary: ffmpeg, args, clock, signal, ...bounds });
  const { exit, stderrTail, timedOut } = result;
  if (exit.code === 0 && !result.overflowed) return result.stdout;
  const how = timedOut ? "took too long" : `ended with ${exit.signal ?? `status ${exit.code}`}`;
  const detail = `the encoder of a screen ${how}: ${stderrTail.slice(-3).join(" | ")}`;
  const failure = classify({ stderr: stderrTail, exit });
  const cause = diskFailureIn(stderrTail.join("\n"));
  throw new FfmpegError(timedOut ? "encoder_stalled" : "encoder_failed", detail, failure, { cause });
}
