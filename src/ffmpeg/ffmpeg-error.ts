import { AppError, type ErrorCode } from "../base/errors.ts";
import type { Failure } from "./failures.ts";

/** A failure behind which a run of ffmpeg or ffprobe stands, with its name when the table has one. */
export class FfmpegError extends AppError {
  readonly failure: Failure | undefined;

  constructor(code: ErrorCode, detail: string, failure: Failure | undefined, options?: ErrorOptions) {
    super(code, detail, options);
    this.name = "FfmpegError";
    this.failure = failure;
  }
}
