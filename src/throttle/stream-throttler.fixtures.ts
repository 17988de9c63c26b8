import { ManualClock } from "../base/clock.ts";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { FrameGrid, houseFormat } from "../media/house-format.ts";
import { Muxer } from "../mpegts/muxer.ts";
import { StreamThrottler, type StreamThrottlerOptions, type ThrottleEvent } from "./stream-throttler.ts";

/** Target rate of these tests, in bit/s. */
export const TARGET = 1_500_000;

/** Seconds of a channel's stream: variable rate, well below 1 Mbit/s in the mean, with peaks at each key picture. */
export function variableStream(seconds: number, maxUnitBytes = 4000, startTicks = 900_000): Uint8Array {
  const format = houseFormat({
    ...{ width: 320, height: 180, fps: rational(25), gopSeconds: 1, totalBps: 1_000_000, audioBps: 96_000 },
  });
  const grid = new FrameGrid(format);
  const muxer = new Muxer({ format, serviceName: "Films", startTicks });
  const pieces = Array.from({ length: seconds }, (_, second) => {
    const gop = syntheticGop({ format, frames: 25, firstFrame: second * 25, seed: second + 1, maxUnitBytes });
    const audioFrame = grid.audioFrame(second * 25);
    const audio = Int16Array.from(
      { length: grid.audioFrame(second * 25 + 25) - audioFrame },
      (_, slot) => audioFrame + slot - gop.firstAudioFrame,
    );
    return muxer.mux({ gop, frame: second * 25, audioFrame, audio }).bytes;
  });
  return Buffer.concat(pieces);
}

/** The bytes in chunks of `size`. */
export async function* chunksOf(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

/** What came of a run. */
export interface Outcome {
  readonly bytes: Uint8Array;
  /** When each piece came, in ms from the first one, and the bytes up to and with it. */
  readonly arrivals: readonly { readonly ms: number; readonly bytes: number }[];
  readonly events: readonly ThrottleEvent[];
}

/** Runs a stream to its end in manual time, with a consumer that needs `busyMs` for each piece. */
export async function run(
  source: AsyncIterable<Uint8Array>,
  options: StreamThrottlerOptions,
  busyMs: (piece: number) => number = () => 0,
): Promise<Outcome> {
  const clock = new ManualClock();
  const events: ThrottleEvent[] = [];
  const pieces: Uint8Array[] = [];
  const arrivals: { ms: number; bytes: number }[] = [];
  let over = false;
  let bytes = 0;
  let firstMs: number | undefined;
  const consuming = (async () => {
    const throttler = new StreamThrottler({ ...options, clock, onEvent: (event) => void events.push(event) });
    for await (const piece of throttler.throttle(source)) {
      firstMs ??= clock.now();
      bytes += piece.length;
      pieces.push(piece);
      arrivals.push({ ms: clock.now() - firstMs, bytes });
      const ms = busyMs(pieces.length);
      if (ms > 0) await clock.sleep(ms);
    }
  })().finally(() => {
    over = true;
  });
  consuming.catch(() => undefined);
  for (let second = 0; !over && second < 600; second++) await clock.advance(1000);
  await consuming;
  return { bytes: Buffer.concat(pieces), arrivals, events };
}

/** Bytes that had come `ms` after the first piece. */
export function bytesAt({ arrivals }: Outcome, ms: number): number {
  return arrivals.findLast((arrival) => arrival.ms <= ms)?.bytes ?? 0;
}
