import { toAppError } from "../base/errors.ts";
import { frameCount, type Gop } from "../media/gop.ts";
import type { HouseFormat } from "../media/house-format.ts";
import type { VideoEncoderName } from "../media/video-encoders.ts";
import { encoderCommand } from "../source/encoder-command.ts";
import { EncoderSource } from "../source/encoder-source.ts";
import type { EncoderSurroundings } from "../source/open-encoder.ts";

/** Gops that an encoder has to make to be believed. */
const TRIAL_GOPS = 3;
/** Opening a device, and all of the trial's Gops. */
const TRIAL_MS = 10_000;
/** The generated picture is this much larger than the house's, so that scaling it costs what scaling a film does. */
const PICTURE_SCALE = 1.5;

/** What came of trying an encoder. */
export interface Trial {
  readonly encoder: VideoEncoderName;
  readonly works: boolean;
  /** Why not, in ffmpeg's words; empty when it works. */
  readonly reason: string;
}

/**
 * Encodes a few Gops of a generated picture exactly as a channel would: they must come in time, be whole, and
 * keep the house format's contract. Throws only the signal's reason.
 */
export async function tryEncoder(
  encoder: VideoEncoderName,
  format: HouseFormat,
  surroundings: EncoderSurroundings,
  signal?: AbortSignal,
): Promise<Trial> {
  const frames = TRIAL_GOPS * format.gopFrames;
  const source = generatedSource(encoder, frames, format, surroundings);
  let late = false;
  const deadline = surroundings.clock.after(TRIAL_MS, () => {
    late = true;
    void source.close();
  });
  const onAbort = () => void source.close();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const gops: Gop[] = [];
    for (let gop = await source.next(); gop; gop = await source.next()) gops.push(gop);
    const reason = brokenContract(gops, format);
    return { encoder, works: reason === "", reason };
  } catch (failure) {
    signal?.throwIfAborted();
    const reason = late
      ? `nothing to show for after ${TRIAL_MS / 1000} s`
      : plainReason(toAppError(failure).message);
    return { encoder, works: false, reason };
  } finally {
    deadline.cancel();
    signal?.removeEventListener("abort", onAbort);
    await source.close();
  }
}

/** A run of an encoder over a demanding picture: detail everywhere, in motion, with film grain. */
export function generatedSource(
  encoder: VideoEncoderName,
  frames: number,
  format: HouseFormat,
  surroundings: EncoderSurroundings,
): EncoderSource {
  const { fps } = format;
  const [width, height] = [format.width, format.height].map(
    (size) => Math.ceil((size * PICTURE_SCALE) / 2) * 2,
  );
  const graph = `testsrc2=s=${width}x${height}:r=${fps.num}/${fps.den},noise=alls=6:allf=t`;
  const colour = { matrix: "bt709", range: "tv", transfer: "sdr", wideGamut: false, grey: false } as const;
  const picture = { kind: "stream", stream: 0, scan: "progressive", colour, stillSeconds: 0 } as const;
  const command = encoderCommand(
    { fileArguments: ["-f", "lavfi", "-i", graph], picture },
    { frames, startFrame: 0, audioPhase: 0 },
    format,
    encoder,
  );
  return new EncoderSource({ ...surroundings, command, frames, format });
}

/** Of the encoder's last words the first, which says why; the others are what followed from it. */
function plainReason(message: string): string {
  const [first = message] = message
    .replace(/^the encoder ended at frame \d+ of \d+ \([^)]*\): /, "")
    .split(" | ");
  return first.replace(/^\[[^\]]*\] /, "");
}

/** What the reader of fragments cannot know: that every group is whole, and all share their parameter sets. */
function brokenContract(gops: readonly Gop[], format: HouseFormat): string {
  if (gops.some((gop) => frameCount(gop) !== format.gopFrames))
    return "it does not keep to the length of groups";
  const sets = gops.map(({ parameters: { sps, pps } }) => Buffer.concat([sps, pps]).toString("hex"));
  return new Set(sets).size === 1 ? "" : "its parameter sets change";
}
