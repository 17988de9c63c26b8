import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "../base/clock.ts";
import { diskFailureIn } from "../base/disk-failure.ts";
import { AppError } from "../base/errors.ts";
import { runTool } from "../ffmpeg/run.ts";
import { type PaintJob, REFUSED } from "./paint-job.ts";

/** A picture of 40 million pixels is decoded and painted well within this. */
const PAINT_MS = 20_000;
/** JavaScript's own memory; pixels lie outside of it, bounded by their number. */
const HEAP_MIB = 256;
/** Beside this file, TypeScript in a checkout and JavaScript in a package. */
const MAIN = fileURLToPath(new URL(`./painter-main${extname(import.meta.url)}`, import.meta.url));

/** What a painter needs. */
export interface PainterOptions {
  /** Folder for the job's file, which is removed at its end. */
  readonly folder: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Does one job in a process of its own, which takes some 70 ms and 80 MB and ends with it. Not in a thread: text
 * shaping and picture decoding are native code that is given what strangers wrote, and a crash of a thread is one
 * of the server. Throws `picture_refused` when a picture or font is at fault, `painter_failed` otherwise, and the
 * signal's reason.
 */
export async function runPainter(job: PaintJob, { folder, clock, signal }: PainterOptions): Promise<void> {
  const file = join(folder, `paint-${randomUUID()}.json`);
  try {
    await writeFile(file, JSON.stringify(job));
    const args = ["--no-warnings", `--max-old-space-size=${HEAP_MIB}`, MAIN, file];
    const result = await runTool({ binary: process.execPath, args, clock, signal, timeoutMs: PAINT_MS });
    if (result.exit.code === 0) return;
    const refusal = result.stderrTail.find((line) => line.startsWith(REFUSED));
    if (refusal) throw new AppError("picture_refused", refusal.slice(REFUSED.length).trim());
    const { code, signal: killer } = result.exit;
    const how = result.timedOut ? "took too long" : `ended with ${killer ?? `status ${code}`}`;
    const words = result.stderrTail.slice(-3).join(" | ");
    throw new AppError("painter_failed", `the painter ${how}: ${words}`, { cause: diskFailureIn(words) });
  } finally {
    await rm(file, { force: true });
  }
}
