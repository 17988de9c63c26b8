import { writeFile } from "node:fs/promises";
import { SystemClock } from "../base/clock.ts";
import { runTool } from "./run.ts";

// Tiny files for tests, made by the ffmpeg on PATH.

/** A tenth of a second would do; half a second gives every container more than one packet of each kind. */
const PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.48"];
const SOUND = ["-f", "lavfi", "-i", "sine=d=0.5:r=48000"];

/** Runs ffmpeg with `args`; throws what it said when it fails. Returns what it wrote to stdout. */
export async function makeMedia(...args: string[]): Promise<Buffer> {
  const result = await runTool({
    binary: "ffmpeg",
    args: ["-nostdin", "-v", "error", "-y", ...args],
    clock: new SystemClock(),
    timeoutMs: 60_000,
  });
  if (result.exit.code !== 0) throw new Error(result.stderrTail.join("\n"));
  return result.stdout;
}

/** A film of half a second, in the container of the path's extension. */
export async function makeFilm(path: string, ...options: string[]): Promise<void> {
  await makeMedia(...PICTURE, ...SOUND, "-c:v", "mpeg4", "-c:a", "aac", ...options, `file:${path}`);
}

/** The same film through a pipe: its container cannot be finished, as after a broken-off recording. */
export async function makeBrokenOff(path: string, format: string): Promise<void> {
  await writeFile(
    path,
    await makeMedia(...PICTURE, ...SOUND, "-c:v", "mpeg4", "-c:a", "aac", "-f", format, "pipe:1"),
  );
}

/** A sound file of half a second. */
export async function makeSound(path: string, ...options: string[]): Promise<void> {
  await makeMedia(...SOUND, ...options, `file:${path}`);
}

/** A sound file with a cover, in the container of the path's extension. */
export async function makeSoundWithCover(path: string): Promise<void> {
  const cover = ["-f", "lavfi", "-i", "color=red:s=32x32:d=0.04"];
  const options = ["-map", "0", "-map", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic"];
  await makeMedia(...SOUND, ...cover, ...options, `file:${path}`);
}
