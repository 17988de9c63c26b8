import { cpus } from "node:os";
import type { Clock } from "../base/clock.ts";
import { readProcess } from "../ffmpeg/process-table.ts";
import { frameCount } from "../media/gop.ts";
import { FrameGrid, type HouseFormat } from "../media/house-format.ts";
import type { VideoEncoderName } from "../media/video-encoders.ts";
import type { EncoderSurroundings } from "../source/open-encoder.ts";
import { generatedSource } from "./trial.ts";

/** The measurement takes so long from the first Gop on. */
const MEASURE_MS = 3_000;
/** A slow machine gets longer for its first two Gops, but not for ever. */
const PATIENCE_MS = 15_000;
/** More than a fast machine encodes in the time. */
const PICTURE_SECONDS = 600;
/** Share of the machine that encoders may have: the server, and films more demanding than the picture, need some. */
const USABLE_SHARE = 0.8;
/** Of what other programs take, at most so much is thought away. */
const MAX_OTHERS = 0.8;

/** How much of one kind of encoding this machine does. */
export interface Capacity {
  /** Seconds of channel that are encoded in a second by all cores together. */
  readonly speed: number;
  /** Channels that can be encoded at the same time, with a margin; 0 when not even one. */
  readonly channels: number;
}

/**
 * Measures how fast a channel's encoding goes on this machine: some three seconds. What other programs take of
 * the processors meanwhile is thought away (on Linux; elsewhere it makes the result smaller). Throws what the
 * encoder throws, and the signal's reason.
 */
export async function measureCapacity(
  encoder: VideoEncoderName,
  format: HouseFormat,
  surroundings: EncoderSurroundings,
  signal?: AbortSignal,
): Promise<Capacity> {
  const { clock } = surroundings;
  const grid = new FrameGrid(format);
  signal?.throwIfAborted();
  const frames =
    Math.floor((PICTURE_SECONDS * 1000) / grid.milliseconds(format.gopFrames)) * format.gopFrames;
  const source = generatedSource(encoder, frames, format, surroundings);
  const onAbort = () => void source.close();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const calledMs = clock.now();
    await source.next();
    const load = await ProcessorLoad.begin(clock, source.pid);
    let encodedMs = 0;
    while (encodedMs === 0 || (load.elapsedMs < MEASURE_MS && clock.now() - calledMs < PATIENCE_MS)) {
      const gop = await source.next();
      if (!gop) break;
      encodedMs += grid.milliseconds(frameCount(gop));
    }
    const tookMs = load.elapsedMs;
    return capacityOf(encodedMs / tookMs / (1 - (await load.othersShare())));
  } catch (failure) {
    signal?.throwIfAborted();
    throw failure;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await source.close();
  }
}

/** How busy the processors are, and with whom, from `begin` on. */
class ProcessorLoad {
  readonly #clock: Clock;
  readonly #pid: number | undefined;
  readonly #begunMs: number;
  readonly #busyMs: number;
  readonly #ownMs: number | undefined;

  private constructor(clock: Clock, pid: number | undefined, ownMs: number | undefined) {
    this.#clock = clock;
    this.#pid = pid;
    this.#begunMs = clock.now();
    this.#busyMs = busyMs();
    this.#ownMs = ownMs;
  }

  static async begin(clock: Clock, pid: number | undefined): Promise<ProcessorLoad> {
    return new ProcessorLoad(clock, pid, await cpuMsOf(pid));
  }

  get elapsedMs(): number {
    return this.#clock.now() - this.#begunMs;
  }

  /** Share of all processors that went to other programs; 0 where nobody tells. */
  async othersShare(): Promise<number> {
    const ownMs = await cpuMsOf(this.#pid);
    if (ownMs === undefined || this.#ownMs === undefined) return 0;
    const othersMs = busyMs() - this.#busyMs - (ownMs - this.#ownMs);
    return Math.min(MAX_OTHERS, Math.max(0, othersMs / (this.elapsedMs * cpus().length)));
  }
}

async function cpuMsOf(pid: number | undefined): Promise<number | undefined> {
  return pid === undefined ? undefined : (await readProcess(pid))?.cpuMs;
}

function busyMs(): number {
  return cpus().reduce((total, { times }) => total + times.user + times.nice + times.sys + times.irq, 0);
}

/** The channels that a speed suffices for. */
export function capacityOf(speed: number): Capacity {
  return { speed: Math.round(speed * 100) / 100, channels: Math.floor(speed * USABLE_SHARE) };
}

/** One sentence for a person: what the machine can do. */
export function describeCapacity({ channels }: Capacity, format: HouseFormat): string {
  const rate = Math.round((format.fps.num / format.fps.den) * 100) / 100;
  const shape = `${format.width}×${format.height}, ${rate} fps`;
  if (channels === 0)
    return `This machine is too slow for a channel at ${shape}: choose a smaller house_format.`;
  return `This machine encodes about ${channels} channel${channels === 1 ? "" : "s"} at ${shape}.`;
}
