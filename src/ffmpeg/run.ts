import type { Clock } from "../base/clock.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import { type ChildExit, FfmpegChild } from "./child.ts";

/** A run of a tool that ends by itself, with the bounds that it must keep. */
export interface ToolOptions {
  readonly binary: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Most bytes of output that are kept; a tool that writes more is ended. Default 4 MiB. */
  readonly maxStdoutBytes?: number;
  /** Takes the output piece by piece; nothing is kept then and no bound applies. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Takes every line of stderr as it comes. */
  readonly onStderr?: (line: string) => void;
}

/** What a tool did. */
export interface ToolResult {
  readonly exit: ChildExit;
  readonly stdout: Buffer;
  readonly stderrTail: readonly string[];
  /** The tool was ended because its time was up. */
  readonly timedOut: boolean;
  /** The tool was ended because it wrote more than `maxStdoutBytes`; `stdout` holds what fitted. */
  readonly overflowed: boolean;
}

const DEFAULT_STDOUT_BYTES = 4 * 2 ** 20;

/**
 * Runs a tool to its end. A bad exit status is a result, not an error. Throws the signal's reason when aborted,
 * and AppError("ffmpeg_missing" | "ffmpeg_unsuitable" | "internal") when the program cannot be started; the
 * process is gone by then.
 */
export async function runTool(options: ToolOptions): Promise<ToolResult> {
  options.signal?.throwIfAborted();
  await using child = new FfmpegChild(options);
  let timedOut = false;
  const deadline = options.clock.after(options.timeoutMs, () => {
    timedOut = true;
    void child.kill();
  });
  const onAbort = () => void child.kill();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const output = await collect(child, options);
    const exit = await child.exited;
    options.signal?.throwIfAborted();
    if (child.spawnError) throw cannotStart(options.binary, child.spawnError);
    return { exit, ...output, stderrTail: child.stderrTail, timedOut };
  } finally {
    deadline.cancel();
    options.signal?.removeEventListener("abort", onAbort);
  }
}

async function collect(child: FfmpegChild, options: ToolOptions) {
  const room = options.maxStdoutBytes ?? DEFAULT_STDOUT_BYTES;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      if (options.onStdout) {
        options.onStdout(chunk);
        continue;
      }
      chunks.push(chunk.subarray(0, room - bytes));
      bytes += chunk.length;
      if (bytes > room) break;
    }
  } catch (failure) {
    // `kill` (deadline, abort) cuts the output short; anything else is a failure of ours.
    if ((failure as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw failure;
  }
  const overflowed = bytes > room;
  if (overflowed) void child.kill();
  return { stdout: Buffer.concat(chunks), overflowed };
}

function cannotStart(binary: string, cause: Error): AppError {
  const codes: Record<string, ErrorCode> = {
    ENOENT: "ffmpeg_missing",
    EACCES: "ffmpeg_unsuitable",
    ENOEXEC: "ffmpeg_unsuitable",
  };
  const code = codes[(cause as NodeJS.ErrnoException).code ?? ""] ?? "internal";
  return new AppError(code, `${binary} cannot be started: ${cause.message}`, { cause });
}
