import { resolve } from "node:path";
import { channelEvent } from "./api/event-feed.ts";
import { makeSessions, sessionLimits, watchConnections } from "./audience.ts";
import type { Clock } from "./base/clock.ts";
import { AppError } from "./base/errors.ts";
import { EventHub } from "./base/event-hub.ts";
import type { Log } from "./base/log.ts";
import { NamedClock } from "./base/named-clock.ts";
import type { Random } from "./base/random.ts";
import { Scope } from "./base/scope.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import { ChannelManager } from "./channels/channel-manager.ts";
import { type ChannelEvent, describeEvent } from "./channels/events.ts";
import { HealthWatch } from "./channels/health-watch.ts";
import { ScreenControl } from "./channels/screen-control.ts";
import { type MeasurementSettings, SelfMeasurement } from "./channels/self-measurement.ts";
import { SourceReturns } from "./channels/source-returns.ts";
import { SwapControl } from "./channels/swap-control.ts";
import { ThrottleControl } from "./channels/throttle-control.ts";
import type { Config } from "./config/schema.ts";
import { DataDisk } from "./data-disk.ts";
import { Equipment } from "./equipment.ts";
import type { Screens } from "./error-screens/screens.ts";
import { probeFile } from "./ffmpeg/probe.ts";
import type { Prepare } from "./ffmpeg/spawn-request.ts";
import type { FfmpegTools } from "./ffmpeg/tools.ts";
import { listen, makeApp } from "./http.ts";
import { demoFolder, makeDemoMedia } from "./library/demo-media.ts";
import { FileIdentityStore } from "./library/identity-store.ts";
import { type Library, type ScanProgress, scanFolder } from "./library/scan.ts";
import { UnmatchedFile } from "./library/unmatched-file.ts";
import { channelFormat, defineChannel, planner } from "./line-up.ts";
import { describeCapacity } from "./machine/capacity.ts";
import { IdleMeasurement } from "./machine/idle-measurement.ts";
import type { HouseFormat } from "./media/house-format.ts";
import { onDemandSettings } from "./outputs/vod.ts";
import type { ProcessWatch } from "./process/process-watch.ts";
import { tellRestart, watchProcess } from "./process/watch-process.ts";
import type { SessionManager } from "./sessions/session-manager.ts";
import type { EndReason } from "./sessions/state.ts";
import { Spawning } from "./spawning.ts";
import { openThrottleOverrides } from "./throttle/override-store.ts";
import { throttleSettings } from "./throttle/settings.ts";
import { ThrottlePlan } from "./throttle/throttle-plan.ts";

/** Where a channel's timestamps begin: ten seconds, so that nothing wraps in its first moments. */
const START_TICKS = 900_000;
/** How often what ffmpeg said and nobody understood is written down, in ms. */
const UNMATCHED_SAVE_MS = 600_000;
/** How long a file that is to be swapped in may be looked into, in ms. */
const SWAP_PROBE_MS = 10_000;

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
  /** Given when a supervisor has started the server again. */
  readonly restart?: { readonly restarts: number; readonly lastEnd: string };
  /** Breaks off the start; a server that runs is ended by `close`. */
  readonly signal?: AbortSignal;
  /** Decoding time of every channel's first frame, in 90 kHz ticks. */
  readonly startTicks?: number;
}

/** What a server is doing until it is ready. */
export type StartProgress =
  | { readonly step: "tools" | "encoders" | "demo" }
  | ({ readonly step: "scan" } & ScanProgress);

/** A running server: its channels, and the HTTP address under which they are tuned. */
export class Server {
  readonly manager: ChannelManager;
  /** What was found in the media folder, and what was left out. */
  readonly library: Library;
  readonly port: number;
  /** What is known of how many channels the machine encodes, as a sentence. */
  readonly capacity: string | undefined;
  /** Why there was no usable ffmpeg at the start; the channels then go on by themselves when there is. */
  readonly problem: AppError | undefined;
  /** How this process is: its event loop and its memory. */
  readonly process: ProcessWatch;
  readonly #scope: Scope;
  readonly #throttle: ThrottleControl;
  readonly #sessions: SessionManager;
  readonly #screens: Screens;
  readonly #live: LiveSettings;
  readonly #spawning: Spawning;

  private constructor(parts: ServerParts, scope: Scope) {
    this.manager = parts.manager;
    this.library = parts.library;
    this.port = parts.port;
    this.capacity = parts.capacity;
    this.problem = parts.problem;
    this.process = parts.process;
    this.#throttle = parts.throttle;
    this.#sessions = parts.sessions;
    this.#screens = parts.screens;
    this.#live = parts.live;
    this.#spawning = parts.spawning;
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
    this.#live.config = config;
    this.#screens.configure(config);
    this.#spawning.configure(config);
    this.manager.setLinger(config.channels.linger_seconds * 1000);
  }

  /** Ends live responses, then the channels and their processes; resolves when all are gone. Sessions are told `why`. */
  close(why: EndReason = "shutdown"): Promise<void> {
    this.#sessions.close(why);
    return this.#scope.close();
  }
}

type ServerParts = Pick<Server, "manager" | "library" | "port" | "capacity" | "problem" | "process"> & {
  readonly throttle: ThrottleControl;
  readonly sessions: SessionManager;
  readonly screens: Screens;
  readonly live: LiveSettings;
  readonly spawning: Spawning;
};

/** The configuration in force, which may change while the server runs. */
interface LiveSettings {
  config: Config;
}

async function start(options: ServerOptions, scope: Scope): Promise<ServerParts> {
  const { config, clock, log } = options;
  const disk = await DataDisk.open(options, scope);
  const live: LiveSettings = { config };
  const overrides = await openThrottleOverrides(options.dataFolder, log);
  const throttlePlan = new ThrottlePlan(throttleSettings(config), overrides);
  const events = new EventHub(() => clock.wallNow());
  const process = watchProcess({ clock, log, events, config: () => live.config });
  scope.defer(() => process.close());
  if (options.restart) tellRestart({ log, events }, options.restart);
  const sessions = makeSessions(options, events);
  watchConnections(options, sessions, scope);
  // Before the channels, so that the last words of their encoders are still counted at the end.
  const unmatched = await keepUnmatched(options, disk, scope);
  const onUnmatched = (line: string) => unmatched.lines.add(line);
  const spawning = await Spawning.open(options, scope);
  const { budget, descriptors } = spawning;
  const equipment = await Equipment.open({ ...options, onUnmatched, budget, disk }, scope);
  const { screens } = equipment;
  let disturb = () => {};
  const measurement = new SelfMeasurement(clock, () => measurementSettings(live.config));
  const onEvent = teller(log, events);
  const named = new NamedClock(clock, "the channels", process.work);
  const manager = makeManager({ ...options, clock: named }, throttlePlan, measurement, (channel, event) => {
    if (event.type === "on_air") disturb();
    onEvent(channel, event);
  });
  const throttle = new ThrottleControl(throttlePlan, manager);
  scope.defer(() => manager.close());
  const watch = new HealthWatch({ manager, clock, settings: () => live.config.health, onEvent });
  scope.defer(() => watch.close());
  let ready = false;
  const app = makeApp({
    ...{ config, clock, log, manager, throttle, sessions, events, random: options.random },
    ...{ descriptors, screens, screenControl: new ScreenControl({ manager, screens, clock }), health: watch },
    swaps: makeSwaps(options, manager, equipment, () => live.config.ai_auto_heal.hot_swap_enabled),
    startTicks: options.startTicks ?? START_TICKS,
    onDemand: () => onDemandSettings(live.config),
    onDemandStart: () => disturb(),
    isReady: () => ready,
  });
  scope.defer(() => app.close());
  const port = await listen(app, config);

  const library = await openLibrary(options, equipment.tools, budget.prepare, scope.signal);
  const definitions: ChannelDefinition[] = [];
  for (const channel of library.channels) {
    const targetBps = () => throttlePlan.of(channel.id).targetBps;
    definitions.push(defineChannel(channel, config, targetBps, equipment));
  }
  for (const definition of definitions) manager.add(definition);
  scope.signal.throwIfAborted();
  ready = true;
  const preparing = equipment.prepareSubtitles(definitions);
  scope.defer(() => preparing);
  const returns = new SourceReturns({
    ...{ clock, onAir: () => manager.onAir, isEnabled: () => live.config.ai_auto_heal.hot_swap_enabled },
    look: (item, signal) => equipment.isWell(item, signal),
    returnAfterMs: config.live_sources.return_after_seconds * 1000,
  });
  scope.defer(() => returns.close());
  const learning = equipment.learnSources(definitions);
  scope.defer(() => learning);
  const warming = equipment.warmScreens(definitions);
  scope.defer(() => warming);
  log.info({ channels: library.channels.length, port }, "ready");
  const format = channelFormat(library.channels[0]?.media ?? [], config);
  const known = equipment.capacity(format);
  if (!known) {
    const isIdle = () => manager.onAir.length === 0 && sessions.count === 0 && equipment.isAtRest;
    const trial = measureWhenIdle(options, equipment, format, isIdle);
    disturb = () => trial.disturb();
    scope.defer(() => trial.close());
  }
  const capacity = known && describeCapacity(known, format);
  return {
    ...{ manager, sessions, throttle, live, library, port, capacity, process },
    ...{ problem: equipment.tools.problem, screens, spawning },
  };
}

function makeSwaps(
  { config, dataFolder, mediaFolder = demoFolder(dataFolder), clock }: ServerOptions,
  channels: ChannelManager,
  equipment: Equipment,
  isEnabled: () => boolean,
): SwapControl {
  const { tools } = equipment;
  return new SwapControl({
    ...{ channels, isEnabled, mediaFolder: resolve(mediaFolder), plan: planner(config, equipment) },
    probe: async (path, signal) => {
      if (!tools.toolset || tools.problem) throw tools.problem;
      return probeFile(path, { toolset: tools.toolset, clock, signal, timeoutMs: SWAP_PROBE_MS });
    },
  });
}

async function keepUnmatched(
  { dataFolder, clock }: ServerOptions,
  disk: DataDisk,
  scope: Scope,
): Promise<UnmatchedFile> {
  const file = await UnmatchedFile.open(dataFolder);
  // It serves the next version of the table only: a failure is told, and stops nothing.
  const save = () => file.save().catch((err: unknown) => disk.survived(err, "unmatched lines not written"));
  scope.defer(save);
  const timer = clock.every(UNMATCHED_SAVE_MS, () => void save());
  scope.defer(() => timer.cancel());
  return file;
}

function measureWhenIdle(
  { clock, log, onCapacity }: ServerOptions,
  equipment: Equipment,
  format: HouseFormat,
  isIdle: () => boolean,
): IdleMeasurement {
  return new IdleMeasurement({
    clock,
    isIdle,
    measure: async (signal) => {
      onCapacity?.(describeCapacity(await equipment.measure(format, signal), format));
    },
    onFailure: (failure) => log.warn({ err: failure }, "the machine could not be measured"),
  });
}

function makeManager(
  options: ServerOptions,
  plan: ThrottlePlan,
  measurement: SelfMeasurement,
  onEvent: (channel: ChannelDefinition, event: ChannelEvent) => void,
): ChannelManager {
  const { config, clock, random, startTicks } = options;
  const { lead_seconds, ring_seconds, linger_seconds } = config.channels;
  return new ChannelManager({
    settings: {
      leadMs: lead_seconds * 1000,
      ringMs: ring_seconds * 1000,
      startTicks: startTicks ?? START_TICKS,
      ...{ clock, random, measurement },
    },
    throttleOf: (channelId) => plan.of(channelId),
    lingerMs: linger_seconds * 1000,
    onEvent,
  });
}

/** Tells what happens on channels to those who listen, and to the log. */
function teller(log: Log, events: EventHub) {
  return (channel: ChannelDefinition, event: ChannelEvent) => {
    events.publish(channelEvent(channel, event));
    const { number, name } = channel;
    const { level, message, fields } = describeEvent(event);
    log[level]({ channel: number, name, ...fields }, message);
  };
}

function measurementSettings({ health }: Config): MeasurementSettings {
  return { enabled: health.self_measurement, intervalMs: 1000 * health.self_measurement_seconds };
}

/** What there is to play. Without ffmpeg, what an earlier start knew; when that is nothing, ffmpeg is what lacks. */
async function openLibrary(
  options: ServerOptions,
  { toolset, problem }: FfmpegTools,
  prepare: Prepare,
  signal: AbortSignal,
): Promise<Library> {
  const { config, clock, dataFolder, mediaFolder = demoFolder(dataFolder), onProgress } = options;
  const tools = problem ? undefined : toolset;
  if (!options.mediaFolder) onProgress?.({ step: "demo" });
  if (!options.mediaFolder && tools) await makeDemoMedia(dataFolder, tools, clock, signal);
  const library = scanFolder(mediaFolder, {
    toolset: tools,
    ...{ clock, prepare, signal },
    concurrency: config.library.probe_concurrency,
    loudnessOf: config.audio.loudness === "off" ? undefined : config.audio.preferred_languages,
    store: await FileIdentityStore.open(dataFolder, options.log),
    onProgress: (progress) => onProgress?.({ step: "scan", ...progress }),
  });
  return library.catch((failure: unknown) => {
    const isEmpty = failure instanceof AppError && failure.code.startsWith("media_folder_");
    throw isEmpty && problem ? problem : failure;
  });
}
