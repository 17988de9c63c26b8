import { createReadStream } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { Analyser } from "../mpegts/analyser.ts";
import { type AnalysisEnd, type AnalysisReport, formatReport } from "./analyse-table.ts";

/** What a caller of `analyse` chooses. */
export interface AnalyseOptions {
  /** Wall-clock seconds from the first byte of a URL (default 15), or seconds of a file's own clock (all). */
  readonly seconds?: number;
  readonly json?: boolean;
  /** Stops reading; what has been read is reported. */
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  readonly write: (text: string) => void;
}

const DEFAULT_URL_SECONDS = 15;
/** How long a server may take to send its first byte. */
const FIRST_BYTE_MS = 20_000;
/** Where no transport stream has shown by then, there is none. */
const SEARCH_BYTES = 1 << 20;
const FILE_CHUNK_BYTES = 1 << 20;

/**
 * Analyses a file or an http(s) URL and writes the report. Returns the exit code: 0 clean, 1 faulty or broken off.
 * Throws AppError `transport_stream_unreadable` when nothing can be read or it is no transport stream.
 */
export async function analyse(source: string, options: AnalyseOptions): Promise<number> {
  const analyser = new Analyser();
  const isUrl = /^https?:\/\//i.test(source);
  const outcome = isUrl
    ? await readUrl(source, analyser, options)
    : await readFile(source, analyser, options);
  if (analyser.packets === 0) {
    const nothing =
      outcome.ended === "stopped" ? "It was stopped too soon" : "It holds no MPEG transport stream";
    const why = outcome.broken ?? nothing;
    throw new AppError("transport_stream_unreadable", `${source} cannot be analysed. ${why}.`, {
      cause: outcome.cause,
    });
  }
  const report: AnalysisReport = {
    source,
    ended: outcome.ended,
    broken: outcome.broken ?? null,
    ...analyser.report(),
  };
  options.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
  return report.verdict === "clean" && outcome.ended !== "broken" ? 0 : 1;
}

interface Outcome {
  readonly ended: AnalysisEnd;
  readonly broken?: string;
  readonly cause?: unknown;
}

async function readFile(path: string, analyser: Analyser, options: AnalyseOptions): Promise<Outcome> {
  const limitMs = (options.seconds ?? Number.POSITIVE_INFINITY) * 1000;
  try {
    const stream = createReadStream(path, { highWaterMark: FILE_CHUNK_BYTES, signal: options.signal });
    return await consume(stream, (chunk) => {
      analyser.push(chunk);
      return analyser.streamMs >= limitMs ? "seconds" : searchedEnough(analyser);
    });
  } catch (thrown) {
    return options.signal?.aborted ? { ended: "stopped" } : brokenBy(thrown);
  }
}

async function readUrl(url: string, analyser: Analyser, options: AnalyseOptions): Promise<Outcome> {
  const { clock, signal } = options;
  const controller = new AbortController();
  let ended: AnalysisEnd = "broken";
  let tooLate: string | undefined;
  const stop = (why: AnalysisEnd) => {
    ended = why;
    controller.abort();
  };
  const onAbort = () => stop("stopped");
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  let timer = clock.after(FIRST_BYTE_MS, () => {
    tooLate = `The server sent nothing for ${FIRST_BYTE_MS / 1000} s`;
    controller.abort();
  });
  let isFirst = true;
  try {
    const response = await fetch(url, {
      signal: controller.signal,
      headers: { "user-agent": "exstreamtv-analyse" },
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      return { ended: "broken", broken: `The server answered with HTTP status ${response.status}` };
    }
    return await consume(response.body, (chunk) => {
      if (isFirst) {
        isFirst = false;
        timer.cancel();
        timer = clock.after((options.seconds ?? DEFAULT_URL_SECONDS) * 1000, () => stop("seconds"));
      }
      analyser.push(chunk, clock.now());
      return searchedEnough(analyser);
    });
  } catch (thrown) {
    if (tooLate) return { ended: "broken", broken: tooLate, cause: thrown };
    return controller.signal.aborted ? { ended } : brokenBy(thrown);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Hands over every chunk until `take` says why to stop; leaving the loop closes the source. */
async function consume(
  chunks: AsyncIterable<Uint8Array>,
  take: (chunk: Uint8Array) => AnalysisEnd | undefined,
): Promise<Outcome> {
  for await (const chunk of chunks) {
    const ended = take(chunk);
    if (ended) return { ended };
  }
  return { ended: "end" };
}

function searchedEnough(analyser: Analyser): AnalysisEnd | undefined {
  return analyser.packets === 0 && analyser.skippedBytes > SEARCH_BYTES ? "end" : undefined;
}

/** The reason in words; fetch hides it in the cause of its "fetch failed". */
function brokenBy(thrown: unknown): Outcome {
  let innermost = thrown;
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause;
  const code = innermost instanceof Error ? (innermost as NodeJS.ErrnoException).code : undefined;
  const message = innermost instanceof Error ? innermost.message : String(innermost);
  const known = code === undefined ? undefined : REASONS[code];
  return { ended: "broken", broken: known ?? `Reading it failed: ${message}`, cause: thrown };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file",
  EISDIR: "It is a folder",
  EACCES: "Permission to read it is missing",
  ECONNREFUSED: "Nothing answers at this address",
  ECONNRESET: "The server broke the connection",
  UND_ERR_SOCKET: "The server broke the connection",
  ENOTFOUND: "The host name is not known",
  EAI_AGAIN: "The host name could not be looked up",
};
