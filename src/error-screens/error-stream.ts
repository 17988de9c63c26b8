import type { Clock } from "../base/clock.ts";
import { parseFrameRate } from "../config/frame-rate.ts";
import { frameCount } from "../media/gop.ts";
import { FrameGrid, type HouseFormat, houseFormat } from "../media/house-format.ts";
import { Muxer } from "../mpegts/muxer.ts";
import { type WireGop, wireBytesDue } from "../mpegts/wire-gop.ts";
import { Splicer } from "../splice/splicer.ts";
import type { ErrorScreen } from "./error-screen.ts";
import { LiveScreen, type ScreenRefresher } from "./live-screen.ts";
import type { ErrorScreenConfig, ErrorScreenMessage } from "./message.ts";

/** How a stream of a screen is made. */
export interface ErrorStreamOptions {
  /** Default: until the signal aborts. */
  readonly durationSeconds?: number;
  /** `realtime` (default) gives each byte when its time has come, `fast` all as soon as it is asked for. */
  readonly pace?: "realtime" | "fast";
  /** Ends the stream; it then ends without an error. */
  readonly signal?: AbortSignal;
  /** Pixels, even; default 1280×720. */
  readonly width?: number;
  readonly height?: number;
  /** Frames per second; 23.976, 29.97 and 59.94 are the exact NTSC rates. Default 30. */
  readonly fps?: number;
  /** Rate of the whole stream that it stays below, in bit/s; default 4,000,000. */
  readonly bitrateBps?: number;
}

/** What the stream needs of the generator. */
interface ScreenSource extends ScreenRefresher {
  render(
    message: ErrorScreenMessage,
    config: ErrorScreenConfig,
    format: HouseFormat,
    options: { readonly urgent: boolean; readonly atMs: number },
  ): Promise<ErrorScreen>;
}

const TICK_MS = 20;
/** Timestamps begin at ten seconds, so that nothing lies before zero. */
const START_TICKS = 900_000;
const AUDIO_BPS = 128_000;

/**
 * A screen as a valid MPEG transport stream (ISO/IEC 13818-1) of H.264 and AAC, in pieces of whole packets. Throws
 * what rendering throws, and RangeError for a format that cannot be.
 */
export async function* errorStream(
  source: ScreenSource,
  clock: Clock,
  screen: {
    readonly message: ErrorScreenMessage;
    readonly config: ErrorScreenConfig;
    readonly options: ErrorStreamOptions;
  },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { message, config, options } = screen;
  const { durationSeconds = Number.POSITIVE_INFINITY, pace = "realtime", signal } = options;
  const format = formatOf(options);
  const grid = new FrameGrid(format);
  const startWallMs = clock.wallNow();
  const rendered = await source.render(message, config, format, { urgent: true, atMs: startWallMs });
  const live = new LiveScreen(source, rendered, startWallMs);
  const splicer = new Splicer(format);
  const muxer = new Muxer({ format, serviceName: message.channelName ?? "", startTicks: START_TICKS });
  const frames = Math.round(grid.framesIn(durationSeconds * 1000));
  const startMs = clock.now();
  for (let frame = 0; frame < frames && !signal?.aborted; ) {
    const gop = live.gopAt(frame, frames - frame, startWallMs + grid.milliseconds(frame));
    const wire = muxer.mux(splicer.place(gop, frame));
    if (pace === "fast") yield wire.bytes;
    else yield* released(wire, grid, clock, startMs, signal);
    frame += frameCount(gop);
  }
}

/** The bytes of a Gop, each when its time has come. */
async function* released(
  wire: WireGop,
  grid: FrameGrid,
  clock: Clock,
  startMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sent = 0;
  while (!signal?.aborted) {
    const due = wireBytesDue(wire, grid.framesIn(clock.now() - startMs));
    if (due > sent) yield wire.bytes.subarray(sent, due);
    sent = due;
    if (sent === wire.bytes.length) return;
    // An abort ends the wait, and with it the stream.
    await clock.sleep(TICK_MS, signal).catch(() => undefined);
  }
}

function formatOf(options: ErrorStreamOptions): HouseFormat {
  const { width = 1280, height = 720, fps = 30, bitrateBps = 4_000_000 } = options;
  if (width % 2 !== 0 || height % 2 !== 0 || !(width > 0) || !(height > 0)) {
    throw new RangeError(`${width}×${height} is not a picture of even size`);
  }
  return houseFormat({
    ...{ width, height, fps: parseFrameRate(fps), gopSeconds: 1 },
    ...{ totalBps: bitrateBps, audioBps: AUDIO_BPS },
  });
}
