import { AppError } from "../base/errors.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import type { FfmpegTools } from "../ffmpeg/tools.ts";
import type { Gop } from "../media/gop.ts";
import type { OpenSource, Source } from "./source.ts";

/**
 * Opens items by `open` while ffmpeg is there. While it is missing, a source waits for it: no encoder is tried in
 * vain. Failures whose remedy is another ffmpeg make somebody look at it again.
 */
export function openWithTools(tools: FfmpegTools, open: OpenSource): OpenSource {
  return (item, cue) => (tools.problem ? new WaitingSource(tools) : watched(open(item, cue), tools));
}

function watched(source: Source, tools: FfmpegTools): Source {
  const next = async () => {
    try {
      return await source.next();
    } catch (failure) {
      const remedy = failure instanceof FfmpegError ? failure.failure?.remedy.action : undefined;
      if (remedy === "replace_ffmpeg") tools.doubt();
      throw failure;
    }
  };
  return { next, close: () => source.close() };
}

/** Gives nothing while ffmpeg is missing, and fails when it is there: to be opened anew, where the time is then. */
class WaitingSource implements Source {
  readonly #tools: FfmpegTools;
  readonly #closing = new AbortController();

  constructor(tools: FfmpegTools) {
    this.#tools = tools;
  }

  async next(): Promise<Gop | undefined> {
    await this.#tools.found(this.#closing.signal);
    if (this.#closing.signal.aborted) return undefined;
    throw new AppError("ffmpeg_missing", "ffmpeg was missing, and is there again");
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }
}
