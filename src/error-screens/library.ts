// What other programs import as "exstreamtv/error-screens".
import { tmpdir } from "node:os";
import { SystemClock } from "../base/clock.ts";
import { locateFfmpeg } from "../ffmpeg/locate.ts";
import { ErrorScreenGenerator } from "./generator.ts";

export { AppError, type ErrorCode } from "../base/errors.ts";
export { ErrorAudioMode, ErrorVisualMode, ScreenReason } from "../media/screen-modes.ts";
export type { ErrorStreamOptions } from "./error-stream.ts";
export { ErrorScreenGenerator, type ErrorScreenGeneratorOptions, type RenderOptions } from "./generator.ts";
export type { ErrorScreenConfig, ErrorScreenMessage } from "./message.ts";

let shared: ErrorScreenGenerator | undefined;

/**
 * The generator of this process, made when it is first asked for. It uses the ffmpeg on PATH, or the one that
 * `EXSTREAMTV_FFMPEG` names, and the system's folder for temporary files, where it leaves nothing; what it has
 * rendered it keeps in memory. Names of older releases are understood, with a warning of the process.
 */
export function getErrorScreenGenerator(): ErrorScreenGenerator {
  shared ??= makeGenerator();
  return shared;
}

function makeGenerator(): ErrorScreenGenerator {
  const clock = new SystemClock();
  const { env } = process;
  let ffmpeg: Promise<string> | undefined;
  const locate = async () => {
    const { EXSTREAMTV_FFMPEG: ffmpegPath, EXSTREAMTV_FFPROBE: ffprobePath } = env;
    return (await locateFfmpeg({ ffmpegPath, ffprobePath, clock, env })).ffmpeg;
  };
  return new ErrorScreenGenerator({
    clock,
    folder: tmpdir(),
    ffmpeg: () => {
      // A failure is not kept: ffmpeg may have been installed meanwhile.
      ffmpeg ??= locate().catch((failure: unknown) => {
        ffmpeg = undefined;
        throw failure;
      });
      return ffmpeg;
    },
    onNotice: (text) => process.emitWarning(text, "DeprecationWarning"),
    onFailure: (failure) => process.emitWarning(failure instanceof Error ? failure : String(failure)),
  });
}
