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
import { markChildren } from "./ffmpeg/child.ts";
import { locateFfmpeg, type Toolset } from "./ffmpeg/locate.ts";
import { ownerMark, reapOrphans } from "./ffmpeg/orphans.ts";
import { makeDemoMedia } from "./library/demo-media.ts";
import { FileIdentityStore } from "./library/identity-store.ts";
import { type Library, type LibraryChannel, type ScanProgress, scanFolder } from "./library/scan.ts";
import { describeCapacity } from "./machine/capacity.ts";
import { IdleMeasurement } from "./machine/idle-measurement.ts";
import { Machine } from "./machine/machine.ts";
import { commonestRate } from "./media/frame-rates.ts";
import type { Gop } from "./media/gop.ts";
import { type HouseFormat, houseFormat } from "./media/house-format.ts";
import { SOFTWARE_ENCODER, type VideoEncoderName } from "./media/video-encoders.ts";
import { registerM3uOutput } from "./outputs/m3u.ts";
import { registerMpegTsOutput, type ViewerNews } from "./outputs/mpegts.ts";
import { LoopSchedule } from "./playout/loop-schedule.ts";
import { prepareCardFolder } from "./source/cards.ts";
import { EncoderChoice } from "./source/encoder-choice.ts";
import { type EncoderSurroundings, openEncoder, planItem } from "./source/open-encoder.ts";
import { DataFolder } from "./store/data-folder.ts";
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
  /** Takes a sentence about what the machine can do, when it was found out after the start. */
  readonly onCapacity?: (sentence: string) => void;
  /** Breaks off the start; a server that runs is ended by `close`. */
  readonly signal?: AbortSignal;
  /** Decoding time of every channel's first frame, in 90 kHz ticks. */
  readonly startTicks?: number;
}

/** What a server is doing until it is ready. */
export type StartProgress =
  | { readonly step: "tools" | "encoders" | "demo" | "pictures" }
  | ({ readonly step: "scan" } & ScanProgress);

/** A running server: its channels, and the HTTP address under which they are tuned. */
export class Server {
  readonly manager: ChannelManager;
  /** What was found in the media folder, and what was left out. */
  readonly library: Library;
  readonly port: number;
  /** What is known of how many channels the machine encodes, as a sentence. */
  readonly capacity: string | undefined;
  readonly #scope: Scope;

  private constructor(parts: ServerParts, scope: Scope) {
    this.manager = parts.manager;
    this.library = parts.library;
    this.port = parts.port;
    this.capacity = parts.capacity;
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
      return new Server(await start(options, scope), scope);
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

type ServerParts = Pick<Server, "manager" | "library" | "port" | "capacity">;

async function start(options: ServerOptions, scope: Scope): Promise<ServerParts> {
  const { config, clock, log, onProgress } = options;
  await claimDataFolder(options, scope);
  onProgress?.({ step: "tools" });
  const tools = await locateFfmpeg({
    ffmpegPath: config.ffmpeg.path || undefined,
    ffprobePath: config.ffmpeg.ffprobe_path || undefined,
    ...{ clock, env: options.env, signal: scope.signal },
  });
  const surroundings = { ffmpeg: tools.ffmpeg, folder: join(options.dataFolder, "work"), clock };
  await prepareCardFolder(surroundings.folder);
  const { machine, choice } = await chooseEncoder(options, tools, surroundings, scope.signal);
  let disturb = () => {};
  const manager = makeManager(options, () => disturb());
  scope.defer(() => manager.close());
  let ready = false;
  const app = makeApp(options, manager, () => ready);
  scope.defer(() => app.close());
  const port = await listen(app, config);

  const library = await openLibrary(options, tools, scope.signal);
  onProgress?.({ step: "pictures" });
  const standby = new StandbyPictures(surroundings);
  for (const channel of library.channels) {
    manager.add(await defineChannel(channel, config, surroundings, standby, choice));
  }
  scope.signal.throwIfAborted();
  ready = true;
  log.info({ channels: library.channels.length, port }, "ready");
  const format = channelFormat(library.channels[0]?.media ?? [], config);
  const known = machine.capacity(choice.preferred, format);
  if (!known) {
    const measurement = measureWhenIdle(options, machine, choice.preferred, format, manager);
    disturb = () => measurement.disturb();
    scope.defer(() => measurement.close());
  }
  return { manager, library, port, capacity: known && describeCapacity(known, format) };
}

/** Finds the encoder that the operator wishes for, or the next best, and says so. */
async function chooseEncoder(
  { config, dataFolder, clock, log, onProgress }: ServerOptions,
  tools: Toolset,
  surroundings: EncoderSurroundings,
  signal: AbortSignal,
): Promise<{ machine: Machine; choice: EncoderChoice }> {
  const machine = await Machine.open({ dataFolder, ffmpegVersion: tools.version, surroundings, signal });
  const wish = config.ffmpeg.encoder;
  if (wish !== SOFTWARE_ENCODER) onProgress?.({ step: "encoders" });
  const { encoder, refused } = await machine.decide(wish, channelFormat([], config));
  for (const trial of refused) {
    const level = wish === "auto" ? "info" : "warn";
    log[level]({ encoder: trial.encoder, reason: trial.reason }, "encoder does not work on this machine");
  }
  log.info({ encoder }, "encoder chosen");
  const choice = new EncoderChoice(encoder, clock, (news) =>
    log.warn(news, "hardware failed where software did not; software takes over for a while"),
  );
  return { machine, choice };
}

function measureWhenIdle(
  { clock, log, onCapacity }: ServerOptions,
  machine: Machine,
  encoder: VideoEncoderName,
  format: HouseFormat,
  manager: ChannelManager,
): IdleMeasurement {
  return new IdleMeasurement({
    clock,
    isIdle: () => manager.onAir.length === 0,
    measure: async (signal) => {
      const capacity = await machine.measure(encoder, format, signal);
      const { width, height } = format;
      log.info({ encoder, width, height, machine: machine.key, ...capacity }, "machine measured");
      onCapacity?.(describeCapacity(capacity, format));
    },
    onFailure: (failure) => log.warn({ err: failure }, "the machine could not be measured"),
  });
}

/** Makes the data folder this process's own, and ends what an earlier server of it left behind. */
async function claimDataFolder({ dataFolder, clock, log }: ServerOptions, scope: Scope): Promise<void> {
  const folder = await DataFolder.claim(dataFolder, { wallNow: () => clock.wallNow() });
  scope.defer(() => folder.close());
  markChildren(await ownerMark(folder.id));
  for (const orphan of await reapOrphans(folder.id, clock)) {
    const level = orphan.outcome === "left" ? "error" : "warn";
    log[level](orphan, "an earlier run of this server had left a process behind");
  }
}

function makeManager(options: ServerOptions, onAir: () => void): ChannelManager {
  const { config, clock, random, log, startTicks } = options;
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
      if (event.type === "on_air") onAir();
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
    store: await FileIdentityStore.open(dataFolder, options.log),
    onProgress: (progress) => onProgress?.({ step: "scan", ...progress }),
  });
}

async function defineChannel(
  channel: LibraryChannel,
  config: Config,
  surroundings: EncoderSurroundings,
  standby: StandbyPictures,
  choice: EncoderChoice,
): Promise<ChannelDefinition> {
  const format = channelFormat(channel.media, config);
  const items = await Promise.all(channel.media.map((media) => planItem(media, format, surroundings.folder)));
  return {
    ...{ id: channel.id, number: channel.number, name: channel.name, format },
    schedule: new LoopSchedule(items),
    open: openEncoder(surroundings, format, choice),
    filler: await standby.of(format),
  };
}

/** The house format of a channel with these media. */
export function channelFormat(media: LibraryChannel["media"], config: Config): HouseFormat {
  const choice = config.house_format;
  const rates = media.flatMap(({ facts }) => {
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
