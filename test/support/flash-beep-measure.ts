import { linesOf, runOrThrow } from "./process.ts";

const SAMPLE_HZ = 48_000;
const DECODE_SECONDS = 300;
/** Mean luma (0…255) of a picture without and with a flash; a letterboxed flash is still above. */
const DARK_BELOW = 60;
const BRIGHT_ABOVE = 110;
const LONGEST_FLASH_MS = 150;
/** One period of the beep: the window over which its level is taken. */
const WINDOW = SAMPLE_HZ / 1000;
const BEEP_LEVEL = 0.15;
const QUIET_SAMPLES = SAMPLE_HZ / 5;
const FARTHEST_MS = 450;

/** Where flashes and beeps were found in a file, in ms of its own timestamps. */
export interface FlashBeepMeasure {
  /** Sound onset − picture onset of each flash that has a beep; positive: the sound is late. */
  readonly offsetsMs: readonly number[];
  readonly flashesMs: readonly number[];
  readonly beepsMs: readonly number[];
}

/**
 * Measures the distance of picture and sound in a file made (by whatever chain) of flash-beep clips, from the
 * presentation timestamps that the file carries. A flash without a beep within 450 ms yields no offset: compare
 * the lengths of the lists. Exact to about 1 ms.
 */
export async function measureFlashBeep(tsFile: string): Promise<FlashBeepMeasure> {
  const [flashesMs, beepsMs] = await Promise.all([findFlashes(tsFile), findBeeps(tsFile)]);
  const offsetsMs: number[] = [];
  for (const flashMs of flashesMs) {
    const distances = beepsMs.map((beepMs) => beepMs - flashMs);
    const nearest = distances.reduce((a, b) => (Math.abs(b) < Math.abs(a) ? b : a), Number.POSITIVE_INFINITY);
    if (Math.abs(nearest) <= FARTHEST_MS) offsetsMs.push(nearest);
  }
  return { offsetsMs, flashesMs, beepsMs };
}

/** Starts of the bright runs of frames that begin and end in darkness and are short enough for a flash. */
async function findFlashes(file: string): Promise<number[]> {
  const measured = "lavfi.signalstats.YAVG";
  const filters = `scale=32:18:flags=area,format=yuv420p,signalstats,metadata=print:key=${measured}:file=-`;
  const { stdout } = await decode(file, ["-map", "0:v:0", "-vf", filters, "-vsync", "passthrough"]);
  const flashes: number[] = [];
  let timeMs = 0;
  let brightSinceMs: number | undefined;
  let wasDark = false;
  for (const line of linesOf(stdout)) {
    const time = / pts_time:(\S+)/.exec(line);
    if (time) timeMs = Number(time[1]) * 1000;
    if (!line.startsWith(`${measured}=`)) continue;
    const luma = Number(line.slice(measured.length + 1));
    if (luma > BRIGHT_ABOVE && wasDark) brightSinceMs = timeMs;
    if (luma < DARK_BELOW && brightSinceMs !== undefined) {
      if (timeMs - brightSinceMs <= LONGEST_FLASH_MS) flashes.push(brightSinceMs);
      brightSinceMs = undefined;
    }
    wasDark = luma < DARK_BELOW;
  }
  return flashes;
}

async function findBeeps(file: string): Promise<number[]> {
  const chunks: Buffer[] = [];
  // ashowinfo tells the timestamp of each decoded frame, in the order of the samples on standard output.
  const filters = `aformat=sample_fmts=flt:sample_rates=${SAMPLE_HZ}:channel_layouts=mono,ashowinfo`;
  const args = ["-map", "0:a:0", "-af", filters, "-f", "f32le", "-"];
  const { stderr } = await decode(file, args, (chunk) => chunks.push(chunk));
  const bytes = Buffer.concat(chunks);
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
  const frames = parseFrames(stderr);
  return onsets(samples).map((sample) => timeOfSample(sample, frames));
}

interface AudioFrame {
  readonly firstSample: number;
  readonly startMs: number;
}

function parseFrames(stderr: string): AudioFrame[] {
  const frames: AudioFrame[] = [];
  let firstSample = 0;
  for (const [, time, count] of stderr.matchAll(/ pts_time:(\S+) .* nb_samples:(\d+)/g)) {
    frames.push({ firstSample, startMs: Number(time) * 1000 });
    firstSample += Number(count);
  }
  return frames;
}

function timeOfSample(sample: number, frames: readonly AudioFrame[]): number {
  const frame = frames.findLast(({ firstSample }) => firstSample <= sample);
  if (!frame) throw new Error("no timestamps of decoded sound");
  return frame.startMs + ((sample - frame.firstSample) * 1000) / SAMPLE_HZ;
}

/**
 * First samples of the loud runs that follow 200 ms of quiet. A window that straddles the onset holds half of the
 * beep's energy exactly when its middle is the onset: that is what makes the edge independent of a codec's echo.
 */
function onsets(samples: Float32Array): number[] {
  const found: number[] = [];
  let quiet = QUIET_SAMPLES;
  for (let start = 0; start + 20 * WINDOW < samples.length; start += WINDOW / 4) {
    if (level(samples, start) < BEEP_LEVEL) {
      quiet += WINDOW / 4;
      continue;
    }
    if (quiet >= QUIET_SAMPLES) {
      const full = level(samples, start + 5 * WINDOW, 10 * WINDOW);
      let edge = Math.max(0, start - WINDOW);
      while (level(samples, edge) < full * Math.SQRT1_2) edge++;
      found.push(edge + WINDOW / 2);
    }
    quiet = 0;
  }
  return found;
}

/** Root mean square of a window of samples. */
function level(samples: Float32Array, start: number, length = WINDOW): number {
  let energy = 0;
  for (let index = start; index < start + length; index++) energy += samples[index]! ** 2;
  return Math.sqrt(energy / length);
}

function decode(file: string, output: readonly string[], onStdout?: (chunk: Buffer) => void) {
  const text = onStdout ? [] : ["-f", "null", "-"];
  const args = ["-hide_banner", "-nostdin", "-nostats", "-copyts", "-i", file, ...output, ...text];
  return runOrThrow("ffmpeg", args, { seconds: DECODE_SECONDS, ...(onStdout && { onStdout }) });
}
