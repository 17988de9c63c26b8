import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runOrThrow } from "./process.ts";

/** What a client notes of a stream; times are ms of its own monotonic clock. */
export interface Arrivals {
  /** After each read: the bytes of body so far. */
  readonly reads: readonly { readonly atMs: number; readonly bytes: number }[];
  /** Each PCR with its byte position in the body. */
  readonly clocks: readonly { readonly atMs: number; readonly position: number; readonly seconds: number }[];
}

/** How a stream is watched. */
export interface WatchOptions {
  readonly seconds: number;
  /** Where the body is written. */
  readonly save?: string;
}

/** Watches a channel's transport stream from a process of its own; resolves with what it noted. */
export function watchArrivals(url: string, options: WatchOptions): Promise<Arrivals> {
  const script = fileURLToPath(new URL("arrival-process.ts", import.meta.url));
  const child = fork(script, [JSON.stringify({ url, ...options })]);
  return new Promise((resolve, reject) => {
    child.once("message", (noted) => resolve(noted as Arrivals));
    child.once("exit", (status) => reject(new Error(`the client ended with ${status}`)));
  });
}

/** Bytes that came in each window of `windowMs`, begun every `stepMs` from `fromMs` after the first byte on. */
export function windows({ reads }: Arrivals, fromMs: number, windowMs = 1000, stepMs = 100): number[] {
  const originMs = reads[0]!.atMs;
  const endMs = reads.at(-1)!.atMs;
  const counts: number[] = [];
  for (let startMs = originMs + fromMs; startMs + windowMs <= endMs; startMs += stepMs) {
    counts.push(bytesAt({ reads }, startMs + windowMs - originMs) - bytesAt({ reads }, startMs - originMs));
  }
  return counts;
}

/** Bytes that had come `ms` after the first one. */
export function bytesAt({ reads }: Pick<Arrivals, "reads">, ms: number): number {
  const atMs = reads[0]!.atMs + ms;
  return reads.findLast((read) => read.atMs <= atMs)?.bytes ?? 0;
}

/** Seconds of the stream's own clock that had come `ms` after the first PCR. */
export function mediaSecondsAt({ clocks }: Arrivals, ms: number): number {
  const first = clocks[0]!;
  const last = clocks.findLast(({ atMs }) => atMs <= first.atMs + ms) ?? first;
  return last.seconds - first.seconds;
}

/** How much later than the promptest one each PCR came, by its own clock, in ms; from `fromMs` on, sorted. */
export function clockJitter({ clocks }: Arrivals, fromMs: number): number[] {
  const originMs = clocks[0]!.atMs;
  const delays = clocks
    .filter(({ atMs }) => atMs >= originMs + fromMs)
    .map(({ atMs, seconds }) => atMs - seconds * 1000);
  const least = delays.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return delays.map((delay) => delay - least).sort((a, b) => a - b);
}

/** The value that a share (0…1) of sorted values does not exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Reads a stream no faster than `bytesPerSecond` into a file; resolves after `seconds`. */
export async function readSlowly(
  url: string,
  { seconds, bytesPerSecond, save }: { seconds: number; bytesPerSecond: number; save: string },
): Promise<void> {
  const script = fileURLToPath(new URL("slow-client.py", import.meta.url));
  const args = [script, url, String(bytesPerSecond), String(seconds), save];
  await runOrThrow("python3", args, { seconds: seconds + 30 });
}
