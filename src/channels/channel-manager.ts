import type { Timer } from "../base/clock.ts";
import { AppError, toAppError } from "../base/errors.ts";
import type { ThrottleSettings } from "../throttle/settings.ts";
import { Channel, type ChannelDefinition, type ChannelSettings } from "./channel.ts";
import type { ChannelEvent } from "./events.ts";
import { Lateness } from "./lateness.ts";
import type { Announcement } from "./overlay.ts";
import type { SwapOutcome } from "./swap.ts";

/** Period of the one release timer. Each channel is served every `TICK_PHASES`th time: 40 ms. */
const TICK_MS = 20;
const TICK_PHASES = 2;
/** Most time that a tick spends on multiplexing ahead. */
const PREPARE_BUDGET_MS = 4;

/** A viewer's hold on a channel: it stays on air until every hold is released (and a while longer). */
export interface ChannelHold {
  readonly channel: Channel;
  /** Idempotent. The channel lingers for `leastLingerMs` even when its own time is shorter. */
  release(leastLingerMs?: number): void;
}

/** Settings of the manager beside those of each channel. */
export interface ChannelManagerOptions {
  readonly settings: ChannelSettings;
  /** How a channel's bytes leave: asked when it goes on air, and at `applyThrottle`. */
  readonly throttleOf: (channelId: number) => ThrottleSettings;
  /** How long a channel stays on air after its last viewer, until `setLinger` says otherwise. */
  readonly lingerMs: number;
  readonly onEvent: (channel: ChannelDefinition, event: ChannelEvent) => void;
}

interface OnAir {
  readonly channel: Channel;
  readonly phase: number;
  holds: number;
  /** Set while nobody holds it. */
  linger: { readonly sinceMs: number; readonly leastMs: number; readonly timer: Timer } | undefined;
}

/** Owns the channels: puts them on air for their first viewer, takes them off after their last, and ticks them. */
export class ChannelManager {
  readonly #options: ChannelManagerOptions;
  readonly #definitions = new Map<number, ChannelDefinition>();
  readonly #onAir = new Map<number, OnAir>();
  readonly #stopping = new Set<Promise<void>>();
  readonly #announcements = new Map<number, Announcement>();
  /** How long after their planned times channels were served lately. */
  readonly lateness = new Lateness();
  #ticker: Timer | undefined;
  #ticks = 0;
  #started = 0;
  #closed = false;
  #lingerMs: number;

  constructor(options: ChannelManagerOptions) {
    this.#options = options;
    this.#lingerMs = options.lingerMs;
  }

  /** Makes a channel known: from now on it can be tuned. */
  add(definition: ChannelDefinition): void {
    if (this.#definitions.has(definition.number)) throw new RangeError(`two channels ${definition.number}`);
    this.#definitions.set(definition.number, definition);
  }

  /**
   * Gives a channel another definition with the same id and number: on air, what is on goes on until the new schedule's
   * Gop is there. Tells what became of that; undefined when the channel was off air. Throws `channel_not_found`,
   * and `house_format_differs` when nothing has changed.
   */
  replace(definition: ChannelDefinition): Promise<SwapOutcome> | undefined {
    const { id, number } = definition;
    if (this.find(number).id !== id) throw new RangeError(`channel ${number} has another id than ${id}`);
    const outcome = this.#onAir.get(number)?.channel.follow(definition);
    this.#definitions.set(number, definition);
    return outcome;
  }

  /** Every channel, on air or not. */
  get definitions(): ChannelDefinition[] {
    return [...this.#definitions.values()];
  }

  /** The channels that are on air. */
  get onAir(): Channel[] {
    return [...this.#onAir.values()].map((entry) => entry.channel);
  }

  /** The channel with this number. Throws `channel_not_found`. */
  find(number: number): ChannelDefinition {
    const definition = this.#definitions.get(number);
    if (definition) return definition;
    throw new AppError("channel_not_found", `There is no channel ${number}; /iptv/channels.m3u lists them.`);
  }

  /** Tunes in: the channel with this number, on air from now on. Throws `channel_not_found`. */
  hold(number: number): ChannelHold {
    const definition = this.find(number);
    if (this.#closed) throw new AppError("not_ready", "The server is shutting down.");
    const entry = this.#onAir.get(number) ?? this.#start(definition);
    entry.holds++;
    entry.linger?.timer.cancel();
    entry.linger = undefined;
    let held = true;
    const release = (leastLingerMs = 0) => {
      if (!held) return;
      held = false;
      entry.holds--;
      if (entry.holds > 0 || this.#closed) return;
      this.#lingerFrom(number, entry, this.#options.settings.clock.now(), leastLingerMs);
    };
    return { channel: entry.channel, release };
  }

  /** Changes how long channels stay on air after their last viewer, those included that have none at present. */
  setLinger(lingerMs: number): void {
    this.#lingerMs = lingerMs;
    for (const [number, entry] of this.#onAir) {
      if (entry.linger) this.#lingerFrom(number, entry, entry.linger.sinceMs, entry.linger.leastMs);
    }
  }

  /** Puts what `throttleOf` says by now in force, on one channel or on all; no viewer loses its place. */
  applyThrottle(channelId?: number): void {
    for (const { channel } of this.#onAir.values()) {
      const { id } = channel.definition;
      if (channelId === undefined || id === channelId) channel.setThrottle(this.#options.throttleOf(id));
    }
  }

  /** Shows a screen on a channel in place of its programme, also when it goes on air later; undefined ends that. */
  announce(channelId: number, announcement: Announcement | undefined): void {
    if (announcement) this.#announcements.set(channelId, announcement);
    else this.#announcements.delete(channelId);
    for (const { channel } of this.#onAir.values()) {
      if (channel.definition.id === channelId) channel.announce(announcement);
    }
  }

  /** The screen that was asked for on a channel and is not over yet. */
  announced(channelId: number): Announcement | undefined {
    const announcement = this.#announcements.get(channelId);
    const { untilMs = Number.POSITIVE_INFINITY } = announcement ?? {};
    if (untilMs <= this.#options.settings.clock.now()) this.#announcements.delete(channelId);
    return this.#announcements.get(channelId);
  }

  /** Takes every channel off air; resolves when all of their processes are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const [number, entry] of [...this.#onAir]) this.#stop(number, entry);
    await Promise.all(this.#stopping);
  }

  #start(definition: ChannelDefinition): OnAir {
    const { settings, throttleOf, onEvent } = this.#options;
    const throttle = throttleOf(definition.id);
    const channel = new Channel(definition, settings, throttle, (event) =>
      onEvent(this.find(definition.number), event),
    );
    channel.announce(this.announced(definition.id));
    const entry: OnAir = { channel, phase: this.#started++ % TICK_PHASES, holds: 0, linger: undefined };
    this.#onAir.set(definition.number, entry);
    this.#ticker ??= settings.clock.every(TICK_MS, (lateMs) => this.#tick(lateMs));
    return entry;
  }

  #lingerFrom(number: number, entry: OnAir, sinceMs: number, leastMs: number): void {
    const { clock } = this.#options.settings;
    entry.linger?.timer.cancel();
    const leftMs = Math.max(0, sinceMs + Math.max(this.#lingerMs, leastMs) - clock.now());
    entry.linger = { sinceMs, leastMs, timer: clock.after(leftMs, () => this.#stop(number, entry)) };
  }

  #stop(number: number, entry: OnAir): void {
    entry.linger?.timer.cancel();
    this.#onAir.delete(number);
    const stopping = entry.channel
      .stop()
      .catch((failure: unknown) => this.#report(entry.channel, failure))
      .finally(() => this.#stopping.delete(stopping));
    this.#stopping.add(stopping);
    if (this.#onAir.size > 0) return;
    this.#ticker?.cancel();
    this.#ticker = undefined;
  }

  #report(channel: Channel, failure: unknown): void {
    this.#options.onEvent(channel.definition, { type: "release_failed", error: toAppError(failure) });
  }

  #tick(lateMs: number): void {
    const { clock } = this.#options.settings;
    const plannedMs = clock.now() - lateMs;
    const phase = this.#ticks++ % TICK_PHASES;
    for (const [number, entry] of this.#onAir) {
      if (entry.phase !== phase) continue;
      this.lateness.add(clock.now() - plannedMs);
      this.#serve(number, entry, () => entry.channel.tick());
    }
    // What is due has left: the rest of the time is for what will be. It keeps ticks short in which many channels
    // begin a Gop.
    const untilMs = clock.now() + PREPARE_BUDGET_MS;
    for (const [number, entry] of this.#onAir) {
      if (clock.now() >= untilMs) return;
      this.#serve(number, entry, () => entry.channel.prepare());
    }
    this.#options.settings.measurement?.work(untilMs);
  }

  #serve(number: number, entry: OnAir, work: () => void): void {
    try {
      work();
    } catch (failure) {
      // One channel's fault is not the others': its viewers are let go, and tune in to a new start.
      this.#report(entry.channel, failure);
      this.#stop(number, entry);
    }
  }
}
