import { runOrThrow } from "./process.ts";

/** A statistic of the luma of a part of each frame of a file. */
export async function lumaOf(file: string, crop: string, statistic = "YMAX"): Promise<number[]> {
  const filter = `crop=${crop},signalstats,metadata=print:key=lavfi.signalstats.${statistic}:file=-`;
  const args = ["-v", "error", "-i", file, "-an", "-vf", filter, "-f", "null", "-"];
  const { stdout } = await runOrThrow("ffmpeg", args, { seconds: 60 });
  return [...stdout.matchAll(/signalstats\.\w+=([\d.]+)/g)].map(([, value]) => Number(value));
}

/** Luma from which a picture counts as lit. */
export const WHITE = 200;

/** The stretches of frames, first and behind the last, on which something white is to be seen. */
export function whiteStretches(lumas: readonly number[], firstFrame: number): [number, number][] {
  const found: [number, number][] = [];
  for (const [index, luma] of lumas.entries()) {
    if (luma < WHITE) continue;
    const frame = firstFrame + index;
    const last = found.at(-1);
    if (last?.[1] === frame) last[1]++;
    else found.push([frame, frame + 1]);
  }
  return found;
}
