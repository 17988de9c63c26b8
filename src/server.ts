import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { registerHealth } from "./api/health.ts";
import { registerProblems } from "./api/problems.ts";
import type { Clock } from "./base/clock.ts";
import { AppError } from "./base/errors.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";
import { rational } from "./base/rational.ts";
import { Scope } from "./base/scope.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import { ChannelManager } from "./channels/channel-manager.ts";
import { describeEvent } from "./channels/events.ts";
import { parseFrameRate } from "./config/frame-rate.ts";
import type { Config } from "./config/schema.ts";
import { renderStandby } from "./error-screens/standby.ts";
import { locateFfmpeg, type Toolset } from "./ffmpeg/locate.ts";
import { makeDemoMedia } from "./library/demo-media.ts";
import { FileIdentityStore } from "./library/identity-store.ts";
import { type Library, type LibraryChannel, type ScanProgress, scanFolder } from "./library/scan.ts";
import { commonestRate } from "./media/frame-rates.ts";
import type { Gop } from "./media/gop.ts";
import { type HouseFormat, houseFormat } from "./media/house-format.ts";
import { registerM3uOutput } from "./outputs/m3u.ts";
import { registerMpegTsOutput, type ViewerNews } from "./outputs/mpegts.ts";
import { LoopSchedule } from "./playout/loop-schedule.ts";
import { prepareCardFolder } from "./source/cards.ts";
import { type EncoderSurroundings, openEncoder, planItem } from "./source/open-encoder.ts";
import { mediaPace } from "./throttle/release.ts";

/** Where a channel's timestamps begin: ten seconds, so that nothing wraps in its first moments. */
const START_TICKS = 900_000;
/** House rate of a channel whose files have no say in it (`fps: auto`). */
const DEFAULT_RATE = rational(30);
/** Clients get this long to send their request, in ms, and this much header, in bytes. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 16_384;

/** What a server is started with. */
export interface ServerOptions {
  readonly config: Config;
  readonly dataFolder: string;
  /** The folder whose sub-folders become channels; without one, demo channels are generated. */
  readonly mediaFolder?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onProgress?: (progress: StartProgress) => void;
  /** Breaks off the start; a server that runs is ended by `close`. */
  readonly signal?: AbortSignal;
  /** Decoding time of every channel's first frame, in 90 kHz ticks. */
  readonly startTicks?: number;
}

/** What a server is doing until it is ready. */
export type StartProgress =
  | { readonly step: "tools" | "demo" | "pictures" }
  | ({ readonly step: "scan" } & ScanProgress);

/** A running server: its channels, and the HTTP address under which they are tuned. */
export class Server {
  readonly manager: ChannelManager;
  /** What was found in the media folder, and what was left out. */
  readonly library: Library;
  readonly port: number;
  readonly #scope: Scope;

  private constructor(manager: ChannelManager, library: Library, port: number, scope: Scope) {
    this.manager = manager;
    this.library = library;
    this.port = port;
    this.#scope = scope;
  }

  /**
   * Starts a server; resolves when channels can be tuned. Throws an AppError, and leaves nothing behind, when the
   * tools, the media folder or the address cannot be had.
   */
  static async start(options: ServerOptions): Promise<Server> {
    const scope = new Scope();
    const onAbort = () => void scope.close(options.signal?.reason);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await start(options, scope, (...parts) => new Server(...parts));
    } catch (failure) {
      await scope.close(failure);
      throw options.signal?.aborted ? options.signal.reason : failure;
    } finally {
      options.signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Ends live responses, then the channels and their processes; resolves when all are gone. */
  close(): Promise<void> {
    return this.#scope.close();
  }
}

type MakeServer = (manager: ChannelManager, library: Library, port: number, scope: Scope) => Server;

async function start(options: ServerOptions, scope: Scope, make: MakeServer): Promise<Server> {
  const { config, clock, log, onProgress } = options;
  onProgress?.({ step: "tools" });
  const tools = await locateFfmpeg({
    ffmpegPath: config.ffmpeg.path || undefined,
    ffprobePath: config.ffmpeg.ffprobe_path || undefined,
    ...{ clock, env: options.env, signal: scope.signal },
  });
  const manager = makeManager(options);
  scope.defer(() => manager.close());
  let ready = false;
  const app = makeApp(options, manager, () => ready);
  scope.defer(() => app.close());
  const port = await listen(app, config);

  const library = await openLibrary(options, tools, scope.signal);
  onProgress?.({ step: "pictures" });
  const { ffmpeg, canToneMap } = tools;
  if (!canToneMap) log.warn({ ffmpeg }, "ffmpeg lacks zscale or tonemap: HDR films will look pale");
  const surroundings = { ffmpeg, canToneMap, folder: join(options.dataFolder, "work"), clock };
  await prepareCardFolder(surroundings.folder);
  const standby = new StandbyPictures(surroundings);
  for (const channel of library.channels) {
    manager.add(await defineChannel(channel, config, surroundings, standby));
  }
  scope.signal.throwIfAborted();
  ready = true;
  log.info({ channels: library.channels.length, port }, "ready");
  return make(manager, library, port, scope);
}

function makeManager({ config, clock, random, log, startTicks }: ServerOptions): ChannelManager {
  const { lead_seconds, ring_seconds, linger_seconds } = config.channels;
  return new ChannelManager({
    settings: {
      leadMs: lead_seconds * 1000,
      ringMs: ring_seconds * 1000,
      releasePolicy: mediaPace,
      startTicks: startTicks ?? START_TICKS,
      clock,
      random,
    },
    lingerMs: linger_seconds * 1000,
    onEvent: ({ number, name }, event) => {
      const { level, message, fields } = describeEvent(event);
      log[level]({ channel: number, name, ...fields }, message);
    },
  });
}

function makeApp(options: ServerOptions, manager: ChannelManager, isReady: () => boolean): FastifyInstance {
  const { config, clock, log } = options;
  const app = fastify({
    logger: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_BYTES },
    routerOptions: { ignoreTrailingSlash: true },
  });
  registerProblems(app, log);
  registerHealth(app, isReady);
  registerM3uOutput(app, manager);
  registerMpegTsOutput(app, {
    manager,
    clock,
    idleTimeoutMs: config.session_manager.idle_timeout_seconds * 1000,
    onViewer: (news) => logViewer(log, news),
  });
  return app;
}

function logViewer(log: Log, { channel, address, userAgent, left }: ViewerNews): void {
  const about = { channel: channel.number, address, userAgent };
  if (left) log.info({ ...about, ...left }, "viewer left");
  else log.info(about, "viewer tuned in");
}

async function listen(app: FastifyInstance, config: Config): Promise<number> {
  const { host, port } = config.server;
  try {
    await app.listen({ host, port });
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "EADDRINUSE") throw failure;
    const remedy = "End the other program, or choose another port with --port or server.port.";
    throw new AppError("address_in_use", `Port ${port} on ${host} is in use. ${remedy}`, { cause: failure });
  }
  return (app.server.address() as AddressInfo).port;
}

async function openLibrary(options: ServerOptions, tools: Toolset, signal: AbortSignal): Promise<Library> {
  const { config, clock, dataFolder, mediaFolder, onProgress } = options;
  if (!mediaFolder) onProgress?.({ step: "demo" });
  const folder = mediaFolder ?? (await makeDemoMedia(dataFolder, tools, clock, signal));
  return scanFolder(folder, {
    toolset: tools,
    ...{ clock, signal },
    concurrency: config.library.probe_concurrency,
    loudnessOf: config.audio.loudness === "off" ? undefined : config.audio.preferred_languages,
    store: await FileIdentityStore.open(dataFolder, options.log),
    onProgress: (progress) => onProgress?.({ step: "scan", ...progress }),
  });
}

async function defineChannel(
  channel: LibraryChannel,
  config: Config,
  surroundings: EncoderSurroundings,
  standby: StandbyPictures,
): Promise<ChannelDefinition> {
  const format = channelFormat(channel, config);
  const { preferred_languages, loudness, loudness_target_lufs } = config.audio;
  const preferences = {
    audioLanguages: preferred_languages,
    loudnessTargetLufs: loudness === "off" ? undefined : loudness_target_lufs,
  };
  const items = await Promise.all(
    channel.media.map((media) => planItem(media, format, surroundings.folder, preferences)),
  );
  return {
    ...{ id: channel.id, number: channel.number, name: channel.name, format },
    schedule: new LoopSchedule(items),
    open: openEncoder(surroundings, format),
    filler: await standby.of(format),
  };
}

function channelFormat(channel: LibraryChannel, config: Config): HouseFormat {
  const choice = config.house_format;
  const rates = channel.media.flatMap(({ facts }) => {
    const rate = facts.video?.frameRate;
    return rate ? [{ framesPerSecond: rate.num / rate.den, seconds: facts.durationSeconds }] : [];
  });
  return houseFormat({
    width: choice.width,
    height: choice.height,
    fps: choice.fps === "auto" ? (commonestRate(rates) ?? DEFAULT_RATE) : parseFrameRate(choice.fps),
    gopSeconds: choice.gop_seconds,
    totalBps: config.stream_throttler.target_bitrate_bps,
    audioBps: choice.audio_bitrate_bps,
  });
}

/** The standby picture of each house format, rendered once. */
class StandbyPictures {
  readonly #surroundings: EncoderSurroundings;
  readonly #rendered = new Map<string, Promise<Gop[]>>();

  constructor(surroundings: EncoderSurroundings) {
    this.#surroundings = surroundings;
  }

  of(format: HouseFormat): Promise<Gop[]> {
    const key = JSON.stringify(format);
    const rendered = this.#rendered.get(key) ?? renderStandby(this.#surroundings, format);
    this.#rendered.set(key, rendered);
    return rendered;
  }
}
