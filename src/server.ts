import { channelEvent, refusalEvent, sessionEvent } from "./api/event-feed.ts";
import type { Clock } from "./base/clock.ts";
import { EventHub } from "./base/event-hub.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";
import { Scope } from "./base/scope.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import { ChannelManager } from "./channels/channel-manager.ts";
import { describeEvent } from "./channels/events.ts";
import { ThrottleControl } from "./channels/throttle-control.ts";
import type { Config } from "./config/schema.ts";
import { markChildren } from "./ffmpeg/child.ts";
import { locateFfmpeg, type Toolset } from "./ffmpeg/locate.ts";
import { ownerMark, reapOrphans } from "./ffmpeg/orphans.ts";
import { listen, makeApp } from "./http.ts";
import { makeDemoMedia } from "./library/demo-media.ts";
import { FileIdentityStore } from "./library/identity-store.ts";
import { type Library, type ScanProgress, scanFolder } from "./library/scan.ts";
import { UnmatchedFile } from "./library/unmatched-file.ts";
import { channelFormat, defineChannel, emptyWorkFolder, openScreens } from "./line-up.ts";
import { describeCapacity } from "./machine/capacity.ts";
import { IdleMeasurement } from "./machine/idle-measurement.ts";
import { Machine } from "./machine/machine.ts";
import type { HouseFormat } from "./media/house-format.ts";
import { SOFTWARE_ENCODER, type VideoEncoderName } from "./media/video-encoders.ts";
import { type OnDemandSettings, onDemandSettings } from "./outputs/vod.ts";
import { DeadConnections } from "./sessions/dead-connections.ts";
import { describeNews } from "./sessions/news.ts";
import { type SessionLimits, SessionManager } from "./sessions/session-manager.ts";
import { readTcpTables } from "./sessions/tcp-table.ts";
import { EncoderChoice } from "./source/encoder-choice.ts";
import type { EncoderSurroundings } from "./source/open-encoder.ts";
import { DataFolder } from "./store/data-folder.ts";
import { OverrideFile } from "./throttle/override-store.ts";
import { throttleSettings } from "./throttle/settings.ts";
import { ThrottlePlan } from "./throttle/throttle-plan.ts";

/** Where a channel's timestamps begin: ten seconds, so that nothing wraps in its first moments. */
const START_TICKS = 900_000;
/** How often what ffmpeg said and nobody understood is written down, in ms. */
const UNMATCHED_SAVE_MS = 600_000;

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
  readonly #throttle: ThrottleControl;
  readonly #sessions: SessionManager;
  readonly #live: LiveSettings;

  private constructor(parts: ServerParts, scope: Scope) {
    this.manager = parts.manager;
    this.library = parts.library;
    this.port = parts.port;
    this.capacity = parts.capacity;
    this.#throttle = parts.throttle;
    this.#sessions = parts.sessions;
    this.#live = parts.live;
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

  /** Puts those keys of a configuration in force that need no restart (`log.level` is its logger's owner's). */
  apply(config: Config): void {
    this.#throttle.configure(throttleSettings(config));
    this.#sessions.setLimits(sessionLimits(config));
    this.#live.onDemand = onDemandSettings(config);
    this.manager.setLinger(config.channels.linger_seconds * 1000);
  }

  /** Ends live responses, then the channels and their processes; resolves when all are gone. */
  close(): Promise<void> {
    return this.#scope.close();
  }
}

type ServerParts = Pick<Server, "manager" | "library" | "port" | "capacity"> & {
  readonly throttle: ThrottleControl;
  readonly sessions: SessionManager;
  readonly live: LiveSettings;
};

/** Settings that may change while the server runs. */
interface LiveSettings {
  onDemand: OnDemandSettings;
}

async function start(options: ServerOptions, scope: Scope): Promise<ServerParts> {
  const { config, clock, log, onProgress } = options;
  await claimDataFolder(options, scope);
  const live: LiveSettings = { onDemand: onDemandSettings(config) };
  const overrides = await OverrideFile.open(options.dataFolder, log);
  const throttlePlan = new ThrottlePlan(throttleSettings(config), overrides);
  const events = new EventHub(() => clock.wallNow());
  const sessions = makeSessions(options, events);
  watchConnections(options, sessions, scope);
  onProgress?.({ step: "tools" });
  const tools = await locateFfmpeg({
    ffmpegPath: config.ffmpeg.path || undefined,
    ffprobePath: config.ffmpeg.ffprobe_path || undefined,
    ...{ clock, env: options.env, signal: scope.signal },
  });
  // Before the channels, so that the last words of their encoders are still counted at the end.
  const unmatched = await keepUnmatched(options, scope);
  const { ffmpeg, canToneMap } = tools;
  if (!canToneMap) log.warn({ ffmpeg }, "ffmpeg lacks zscale or tonemap: HDR films will look pale");
  const folder = await emptyWorkFolder(options.dataFolder);
  const screens = openScreens(options, ffmpeg, folder, scope);
  const surroundings: EncoderSurroundings = {
    ...{ ffmpeg, canToneMap, clock, folder },
    onUnmatched: (line) => unmatched.lines.add(line),
    paintTitle: (title, format) => screens.title(title, format),
  };
  const { machine, choice } = await chooseEncoder(options, tools, surroundings, scope.signal);
  let disturb = () => {};
  const manager = makeManager(options, throttlePlan, events, () => disturb());
  const throttle = new ThrottleControl(throttlePlan, manager);
  scope.defer(() => manager.close());
  let ready = false;
  const app = makeApp({
    ...{ config, clock, log, manager, throttle, sessions, events, screens, random: options.random },
    startTicks: options.startTicks ?? START_TICKS,
    onDemand: () => live.onDemand,
    onDemandStart: () => disturb(),
    isReady: () => ready,
  });
  scope.defer(() => app.close());
  const port = await listen(app, config);

  const library = await openLibrary(options, tools, scope.signal);
  onProgress?.({ step: "pictures" });
  const definitions: ChannelDefinition[] = [];
  for (const channel of library.channels) {
    const targetBps = () => throttlePlan.of(channel.id).targetBps;
    definitions.push(await defineChannel(channel, config, targetBps, surroundings, screens, choice));
  }
  for (const definition of definitions) manager.add(definition);
  scope.signal.throwIfAborted();
  ready = true;
  log.info({ channels: library.channels.length, port }, "ready");
  const format = channelFormat(library.channels[0]?.media ?? [], config);
  const known = machine.capacity(choice.preferred, format);
  if (!known) {
    const isIdle = () => manager.onAir.length === 0 && sessions.count === 0;
    const measurement = measureWhenIdle(options, machine, choice.preferred, format, isIdle);
    disturb = () => measurement.disturb();
    scope.defer(() => measurement.close());
  }
  return {
    ...{ manager, sessions, throttle, live, library, port },
    capacity: known && describeCapacity(known, format),
  };
}

async function keepUnmatched(
  { dataFolder, clock, log }: ServerOptions,
  scope: Scope,
): Promise<UnmatchedFile> {
  const file = await UnmatchedFile.open(dataFolder);
  // It serves the next version of the table only: a failure is told, and stops nothing.
  const save = () => file.save().catch((err: unknown) => log.warn({ err }, "unmatched lines not written"));
  scope.defer(save);
  const timer = clock.every(UNMATCHED_SAVE_MS, () => void save());
  scope.defer(() => timer.cancel());
  return file;
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
  isIdle: () => boolean,
): IdleMeasurement {
  return new IdleMeasurement({
    clock,
    isIdle,
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

function makeSessions({ config, clock, log }: ServerOptions, events: EventHub): SessionManager {
  return new SessionManager({
    clock,
    limits: sessionLimits(config),
    onNews: (session, news) => {
      events.publish(sessionEvent(session, news));
      const { level, message, fields } = describeNews(session, news);
      log[level](fields, message);
    },
    onRefusal: (refusal) => {
      events.publish(refusalEvent(refusal));
      const { channel, limit, key, count } = refusal;
      log.warn({ channel: channel?.number, limit, key, count }, "max sessions reached; viewers refused");
    },
  });
}

/** Finds connections whose other end is gone. Only Linux shows what the kernel knows; elsewhere they become idle. */
function watchConnections({ clock, log }: ServerOptions, sessions: SessionManager, scope: Scope): void {
  if (process.platform !== "linux") return;
  const watch = new DeadConnections({
    clock,
    sessions: () => sessions.live,
    readTable: readTcpTables,
    onFailure: (err) =>
      log.warn({ err }, "dead connections cannot be looked for; the idle timeout ends them"),
  });
  scope.defer(() => watch.close());
}

function sessionLimits({ session_manager }: Config): SessionLimits {
  return {
    perChannel: session_manager.max_sessions_per_channel,
    total: session_manager.max_sessions_total,
    maxErrors: session_manager.max_errors,
    idleTimeoutMs: session_manager.idle_timeout_seconds * 1000,
    cleanupIntervalMs: session_manager.cleanup_interval_seconds * 1000,
  };
}

function makeManager(
  options: ServerOptions,
  plan: ThrottlePlan,
  events: EventHub,
  onAir: () => void,
): ChannelManager {
  const { config, clock, random, log, startTicks } = options;
  const { lead_seconds, ring_seconds, linger_seconds } = config.channels;
  return new ChannelManager({
    settings: {
      leadMs: lead_seconds * 1000,
      ringMs: ring_seconds * 1000,
      startTicks: startTicks ?? START_TICKS,
      clock,
      random,
    },
    throttleOf: (channelId) => plan.of(channelId),
    lingerMs: linger_seconds * 1000,
    onEvent: (channel, event) => {
      if (event.type === "on_air") onAir();
      events.publish(channelEvent(channel, event));
      const { number, name } = channel;
      const { level, message, fields } = describeEvent(event);
      log[level]({ channel: number, name, ...fields }, message);
    },
  });
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
