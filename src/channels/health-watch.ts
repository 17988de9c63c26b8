import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { Config } from "../config/schema.ts";
import type { Channel, ChannelDefinition } from "./channel.ts";
import type { ChannelManager } from "./channel-manager.ts";
import type { ChannelEvent } from "./events.ts";
import type { SourceFailure } from "./figures.ts";
import { type HealthFigures, type HealthState, initialHealth, judgeHealth } from "./health.ts";
import { HealthWindow, type Rates } from "./health-window.ts";
import { type Incident, Incidents } from "./incidents.ts";

/** How often the channels are looked at. */
const LOOK_MS = 1_000;
/** Failures of one channel that are looked back for at the most. */
const MOST_FAILURES = 1_000;
/** A faulty sample is told at most so often for each check, ms. */
const QUIET_MS = 60_000;

/** How a channel is. */
export interface ChannelHealth {
  readonly channel: ChannelDefinition;
  readonly state: HealthState;
  /** Undefined when it is off air: nobody watches. */
  readonly onAir: { readonly channel: Channel; readonly rates: Rates } | undefined;
  /** Failures of sources lately, by class. */
  readonly recent: ReadonlyMap<string, number>;
  /** Those that are open, the oldest first. */
  readonly incidents: readonly Incident[];
}

/** What the watch works with. */
export interface HealthWatchParts {
  readonly manager: Pick<ChannelManager, "definitions" | "onAir">;
  readonly clock: Clock;
  /** Asked at each look. */
  readonly settings: () => Config["health"];
  readonly onEvent: (channel: ChannelDefinition, event: ChannelEvent) => void;
}

/** A channel that is on air. */
interface Track {
  readonly channel: Channel;
  readonly window: HealthWindow;
  rates: Rates;
  state: HealthState;
  /** Since when the programme has been on without a failure; monotonic, ms. */
  wellSinceMs: number;
  /** Faulty samples lately. */
  faulty: { readonly atMs: number; readonly sentence: string }[];
}

/** Looks at every channel that is on air once a second: figures, status, incidents. Its news are channel events. */
export class HealthWatch {
  readonly #parts: HealthWatchParts;
  readonly #tracks = new Map<number, Track>();
  readonly #failures = new Map<number, SourceFailure[]>();
  readonly #toldMs = new Map<string, number>();
  readonly #incidents = new Incidents();
  readonly #timer: { cancel(): void };

  constructor(parts: HealthWatchParts) {
    this.#parts = parts;
    this.#timer = parts.clock.every(LOOK_MS, () => this.#lookAll());
  }

  /** Every channel, in the order of their numbers. */
  list(): ChannelHealth[] {
    const { manager } = this.#parts;
    const onAir = new Map(manager.onAir.map((channel) => [channel.definition.id, channel]));
    return [...manager.definitions]
      .sort((a, b) => a.number - b.number)
      .map((definition) => this.#of(definition, onAir.get(definition.id)));
  }

  /** One channel. Throws `channel_not_found`. */
  of(channelId: number): ChannelHealth {
    const { manager } = this.#parts;
    const definition = manager.definitions.find(({ id }) => id === channelId);
    if (definition) {
      const isIt = (channel: Channel) => channel.definition.id === channelId;
      return this.#of(definition, manager.onAir.find(isIt));
    }
    throw new AppError(
      "channel_not_found",
      `There is no channel with the id ${channelId}; GET /api/channels lists them.`,
    );
  }

  close(): void {
    this.#timer.cancel();
  }

  #of(definition: ChannelDefinition, channel: Channel | undefined): ChannelHealth {
    const nowMs = this.#parts.clock.now();
    const track = channel && this.#track(channel, nowMs);
    // Whoever sees a restart in the figures sees also what failed.
    if (track) this.#takeFailures(track, nowMs);
    const recent = new Map<string, number>();
    for (const failure of this.#recent(definition.id, nowMs))
      recent.set(failure.class, (recent.get(failure.class) ?? 0) + 1);
    return {
      ...{ channel: definition, recent },
      state: track?.state ?? initialHealth(nowMs),
      onAir: track && { channel: track.channel, rates: track.rates },
      incidents: this.#incidents.of(definition.id),
    };
  }

  #lookAll(): void {
    const { manager, clock } = this.#parts;
    const nowMs = clock.now();
    const onAir = new Set(manager.onAir);
    for (const [id, track] of this.#tracks) if (!onAir.has(track.channel)) this.#drop(id, track);
    for (const channel of onAir) this.#look(this.#track(channel, nowMs), nowMs);
  }

  /** A channel that goes off air is well: nobody misses anything. */
  #drop(id: number, { channel, state }: Track): void {
    this.#tracks.delete(id);
    if (state.status === "healthy") return;
    const sentence = "Nobody watches the channel any more.";
    const change = { from: state.status, status: "healthy", reason: "off", sentence } as const;
    this.#tell(channel, { type: "health_changed", ...change });
  }

  #track(channel: Channel, nowMs: number): Track {
    const { id, format } = channel.definition;
    const known = this.#tracks.get(id);
    if (known?.channel === channel) return known;
    if (known) this.#drop(id, known);
    const window = new HealthWindow(channel.figures.startedMs);
    window.read(channel, nowMs);
    const rates = window.rates(format.fps.num / format.fps.den);
    const state = initialHealth(nowMs);
    const track: Track = { channel, window, rates, state, wellSinceMs: nowMs, faulty: [] };
    this.#tracks.set(id, track);
    return track;
  }

  #look(track: Track, nowMs: number): void {
    const { channel, window } = track;
    const { num, den } = channel.definition.format.fps;
    window.read(channel, nowMs);
    track.rates = window.rates(num / den);
    this.#takeFailures(track, nowMs);
    this.#takeFaulty(track, nowMs);
    this.#settle(track, nowMs);
    const before = track.state;
    track.state = judgeHealth(this.#figures(track, nowMs), this.#parts.settings(), before, nowMs);
    if (track.state.status === before.status) return;
    const { code = "recovered", sentence = "It is well again." } =
      track.state.reasons.find(({ status }) => status !== "healthy") ?? {};
    const change = { from: before.status, status: track.state.status, reason: code, sentence };
    this.#tell(channel, { type: "health_changed", ...change });
  }

  #figures({ channel, rates, faulty }: Track, nowMs: number): HealthFigures {
    const { format, id } = channel.definition;
    const { figures } = channel;
    const { screen } = figures;
    const expectedFps = format.fps.num / format.fps.den;
    const failures = this.#recent(id, nowMs);
    return {
      onAirMs: nowMs - figures.startedMs,
      ...{ currentFps: rates.fps, expectedFps, speed: rates.speed, droppedShare: rates.droppedShare },
      leadMs: (1000 * channel.leadFrames) / expectedFps,
      fullLeadMs: channel.fullLeadMs,
      leadChangeMs: (1000 * rates.leadChangeFrames) / expectedFps,
      screen: screen && {
        forMs: nowMs - screen.sinceMs,
        reason: screen.cue.reason,
        failure: screen.cue.errorCode,
      },
      failures: failures.length,
      lastFailure: failures.at(-1)?.class,
      faultySamples: faulty.length,
      lastFinding: faulty.at(-1)?.sentence,
    };
  }

  #takeFailures(track: Track, nowMs: number): void {
    const { id } = track.channel.definition;
    for (const failure of track.channel.figures.takeFailures()) {
      const kept = this.#recent(id, nowMs);
      this.#failures.set(id, [...kept, failure].slice(-MOST_FAILURES));
      track.wellSinceMs = nowMs;
      this.#occur(track.channel, failure.class, failure.source);
    }
    if (track.channel.figures.screen) track.wellSinceMs = nowMs;
  }

  #takeFaulty(track: Track, nowMs: number): void {
    const { channel } = track;
    const sinceMs = nowMs - this.#parts.settings().failures_minutes * 60_000;
    if (track.faulty.length > 0) track.faulty = track.faulty.filter(({ atMs }) => atMs >= sinceMs);
    for (const { findings, frame, frames } of channel.figures.takeFaulty()) {
      track.wellSinceMs = nowMs;
      track.faulty.push({ atMs: nowMs, sentence: findings[0]!.sentence });
      for (const { check, sentence } of findings) {
        this.#occur(channel, `stream_${check}`, channel.definition.name);
        const key = `${channel.definition.id} ${check}`;
        if (nowMs - (this.#toldMs.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) continue;
        this.#toldMs.set(key, nowMs);
        this.#tell(channel, { type: "stream_faulty", check, sentence, frame, frames });
      }
    }
  }

  #occur({ definition }: Channel, failureClass: string, source: string): void {
    const { clock, onEvent } = this.#parts;
    const what = { channelId: definition.id, class: failureClass, source };
    const { incident, isNew } = this.#incidents.occur(what, clock.wallNow());
    if (isNew)
      onEvent(definition, { type: "incident_opened", class: failureClass, source, count: incident.count });
  }

  /** Closes what has not occurred while the programme was on for long enough. */
  #settle({ channel, wellSinceMs }: Track, nowMs: number): void {
    const quietMs = 1000 * this.#parts.settings().incident_close_seconds;
    if (nowMs - wellSinceMs < quietMs) return;
    const { clock, onEvent } = this.#parts;
    const wallMs = clock.wallNow();
    const settled = this.#incidents.settle(channel.definition.id, wallMs - quietMs, wallMs);
    for (const { class: failureClass, source, count } of settled)
      onEvent(channel.definition, { type: "incident_closed", class: failureClass, source, count });
  }

  #recent(channelId: number, nowMs: number): SourceFailure[] {
    const sinceMs = nowMs - this.#parts.settings().failures_minutes * 60_000;
    const all = this.#failures.get(channelId) ?? [];
    return all.filter(({ atMs }) => atMs >= sinceMs);
  }

  #tell(channel: Channel, event: ChannelEvent): void {
    this.#parts.onEvent(channel.definition, event);
  }
}
