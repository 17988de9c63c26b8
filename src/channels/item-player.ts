import type { Clock } from "../base/clock.ts";
import { type AppError, toAppError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Scope } from "../base/scope.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import type { Urgency } from "../ffmpeg/spawn-request.ts";
import { frameCount, type Gop } from "../media/gop.ts";
import type { Cue, OpenSource, PlayItem, RunProfile, Source } from "../source/source.ts";
import { isRemote } from "../source/source-key.ts";
import type { ChannelEventSink } from "./events.ts";
import {
  beginning,
  decide,
  type RestartState,
  type RestartStep,
  recovered,
  runFailure,
} from "./restart-policy.ts";
import type { ItemTrouble } from "./screen-cue.ts";

/** Sources that are still being ended: with so many no other is opened, since these may hang for good (a dead share). */
const MAX_ENDING = 4;

/** What an ItemPlayer needs. */
export interface ItemPlayerOptions {
  readonly item: PlayItem;
  /** Item frame to begin with; Gops are expected from here in steps of `gopFrames`. */
  readonly startFrame: number;
  /** See `Cue`. */
  readonly audioPhase: number;
  readonly gopFrames: number;
  /** How long it is until an item frame is on air, in ms; without it a live source shows what it has at once. */
  readonly airsInMs?: (frame: number) => number;
  readonly open: OpenSource;
  /** How it is encoded; default "usual". */
  readonly profile?: RunProfile;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: ChannelEventSink;
  /** See `Conditions`; default true. */
  readonly keepsTrying?: boolean;
  /** A Gop is held ready, or none will come any more. */
  readonly onNews?: () => void;
  /** See `Cue`. */
  readonly urgency?: () => Urgency;
  readonly owner?: object;
}

/** How far a run has come, and why it has ended before the item did. */
interface RunEnd {
  readonly reached: number;
  readonly delivered: boolean;
  readonly failure?: AppError;
}

/**
 * Plays one item on one channel: opens its source, holds one Gop ready, and does what the restart policy says when
 * the source fails, each new run beginning with the first Gop that was not delivered. Failures are events here,
 * and to the one who takes the Gops only a Gop that is not there in time.
 */
export class ItemPlayer {
  readonly #options: ItemPlayerOptions;
  readonly #scope: Scope;
  readonly #places: readonly PlayItem[];
  readonly #closing = new Set<Promise<void>>();
  /** The last source of each place that has failed, until something is delivered: somebody else may see it recover. */
  readonly #failed = new Map<number, Source>();
  #state: RestartState;
  #ready: Gop | undefined;
  #wanted: number;
  #ended = false;
  #trouble: ItemTrouble | undefined;
  /** Wakes whoever waits for a change of `#ready`, `#wanted` or `#ended`. */
  #changed = Promise.withResolvers<void>();

  /** Starts at once; everything ends when `scope` closes. */
  constructor(options: ItemPlayerOptions, scope: Scope) {
    this.#options = options;
    this.#scope = scope;
    this.#wanted = options.startFrame;
    this.#places = [options.item, ...(options.item.alternates ?? [])];
    this.#state = beginning(this.#places.length);
    scope.defer(async () => void (await Promise.all(this.#closing)));
    const running = this.#run();
    scope.defer(() => running);
    scope.defer(() => this.#wake());
  }

  /** Ends the item and waits until its processes are gone. */
  close(): Promise<void> {
    return this.#scope.close();
  }

  /**
   * The Gop that begins with item frame `frame`; undefined when it will not come or is not there at monotonic
   * time `deadlineMs`. Frames must not go back from call to call.
   */
  async take(frame: number, deadlineMs: number): Promise<Gop | undefined> {
    this.#wanted = frame;
    this.#wake();
    if (this.#onGrid(frame) !== frame) return undefined;
    for (;;) {
      if (this.#scope.closed) return undefined;
      if (this.#ready && this.#ready.firstFrame < frame) this.#clear();
      const gop = this.#ready;
      if (gop?.firstFrame === frame) {
        this.#clear();
        return gop;
      }
      if (gop || this.#ended || !(await this.#change(deadlineMs))) return undefined;
    }
  }

  /** Makes ready the Gop that begins with item frame `frame` or first after it, and lets go what comes before. */
  want(frame: number): void {
    if (frame <= this.#wanted) return;
    this.#wanted = frame;
    if (this.#ready && this.#ready.firstFrame < frame) this.#clear();
  }

  /** Item frame of the Gop that is held ready; undefined while there is none. */
  get readyFrame(): number | undefined {
    return this.#ready?.firstFrame;
  }

  /** Why there is no Gop, where it is a failure. */
  get trouble(): ItemTrouble | undefined {
    return this.#trouble;
  }

  /** Where the programme comes from: the item itself, or one of its alternates. */
  get place(): PlayItem {
    return this.#places[this.#state.place]!;
  }

  /** How its runs are made at present. */
  get profile(): RunProfile {
    const { profile } = this.#state.places[this.#state.place]!;
    return profile === "usual" ? (this.#options.profile ?? "usual") : profile;
  }

  /** The first frame from `frame` on with which a Gop begins. */
  #onGrid(frame: number): number {
    const { startFrame, gopFrames } = this.#options;
    return startFrame + Math.ceil((frame - startFrame) / gopFrames) * gopFrames;
  }

  #clear(): void {
    this.#ready = undefined;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /** Waits for a change; false when the deadline comes first. */
  async #change(deadlineMs: number): Promise<boolean> {
    const { clock } = this.#options;
    const leftMs = deadlineMs - clock.now();
    if (leftMs <= 0) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = clock.after(leftMs, () => resolve(false));
    void this.#changed.promise.then(() => resolve(true));
    return promise.finally(() => timer.cancel());
  }

  async #run(): Promise<void> {
    const { item, gopFrames } = this.#options;
    let position = this.#options.startFrame;
    while (position < item.frames && !this.#scope.closed) {
      const { reached, delivered, failure } = await this.#play(position);
      position = reached;
      if (failure === undefined || this.#scope.closed) break;
      const step = this.#decide(failure, delivered, position);
      if (!step) break;
      const skippedGops = await this.#rest(step);
      position = Math.max(this.#onGrid(position) + skippedGops * gopFrames, this.#onGrid(this.#wanted));
      await this.#roomToOpen();
    }
    if (!this.#scope.closed) this.#onEnd(position);
    this.#ended = true;
    this.#wake();
    if (!this.#scope.closed) this.#options.onNews?.();
  }

  /** One run, from `startFrame` to its end; what was thrown is its failure. */
  async #play(startFrame: number): Promise<RunEnd> {
    const { open } = this.#options;
    const { place } = this;
    let source: Source | undefined;
    let reached = startFrame;
    let delivered = false;
    try {
      source = open(place, this.#cue(startFrame));
      for (;;) {
        const gop = await this.#nextOf(source);
        if (!gop) return { reached, delivered };
        if (!delivered) this.#onDelivery(gop);
        delivered = true;
        reached = gop.firstFrame + frameCount(gop);
        await this.#hand(gop);
      }
    } catch (thrown) {
      if (source) this.#failed.set(this.#state.place, source);
      return { reached, delivered, failure: toAppError(thrown, "encoder_failed") };
    } finally {
      if (source) this.#dismiss(source);
    }
  }

  #onDelivery(gop: Gop): void {
    const { item, onEvent } = this.#options;
    if (this.#trouble) onEvent({ type: "source_resumed", title: item.title, frame: gop.firstFrame });
    this.#trouble = undefined;
    this.#failed.clear();
  }

  /** What to do about a failure; undefined when the item is given up. */
  #decide(error: AppError, delivered: boolean, frame: number): RestartStep | undefined {
    const { item, clock, random, keepsTrying = true, onEvent } = this.#options;
    const { title } = item;
    const failure = error instanceof FfmpegError ? error.failure : undefined;
    const conditions = { nowMs: clock.now(), random, keepsTrying };
    const [state, step] = decide(this.#state, runFailure(error, delivered, isRemote(this.place)), conditions);
    const about = { title, frame, error, class: failure?.class, sentence: failure?.sentence };
    const { failures } = state;
    const { name, delayMs, isLasting } = step;
    onEvent({ type: "source_failed", ...about, failures, step: name, delayMs: Math.round(delayMs) });
    const wasGivenUp = this.#trouble?.givenUp ?? false;
    const isOver = name === "given_up";
    if (isOver) onEvent({ type: "item_given_up", ...about, step: name });
    else if (isLasting && !wasGivenUp) onEvent({ type: "item_given_up", ...about, step: "now_and_then" });
    this.#trouble = { failures, error, failure, givenUp: isOver || isLasting || wasGivenUp };
    this.#state = state;
    return isOver ? undefined : step;
  }

  /** It may have been stepped over to its end. */
  #onEnd(frame: number): void {
    const { item, onEvent } = this.#options;
    if (!this.#trouble || this.#trouble.givenUp) return;
    const { error, failure } = this.#trouble;
    const about = { title: item.title, frame, error, class: failure?.class, sentence: failure?.sentence };
    onEvent({ type: "item_given_up", ...about, step: "given_up" });
    this.#trouble = { ...this.#trouble, givenUp: true };
  }

  /**
   * Waits before a step, or until a source of the item is found to deliver again, which is the next one then.
   * Resolves to the Gops that are given up.
   */
  async #rest({ delayMs, skipGops }: RestartStep): Promise<number> {
    if (delayMs <= 0) return skipGops;
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const timer = this.#options.clock.after(delayMs, () => resolve(undefined));
    const onAbort = () => resolve(undefined);
    this.#scope.signal.addEventListener("abort", onAbort, { once: true });
    const forget = [...this.#failed].map(([place, source]) => source.onRecovery?.(() => resolve(place)));
    const place = await promise;
    timer.cancel();
    this.#scope.signal.removeEventListener("abort", onAbort);
    for (const each of forget) each?.();
    if (place === undefined) return skipGops;
    this.#state = recovered(this.#state, place);
    return 0;
  }

  /** Processes that cannot be ended are not joined by ever more. */
  async #roomToOpen(): Promise<void> {
    while (this.#closing.size >= MAX_ENDING && !this.#scope.closed) {
      await Promise.race([...this.#closing, this.#changed.promise]);
    }
  }

  #cue(startFrame: number): Cue {
    const { item, audioPhase, urgency, owner = this, onEvent } = this.#options;
    return {
      ...{ startFrame, audioPhase, profile: this.profile, urgency, owner },
      neededFrame: () => this.#onGrid(this.#wanted),
      leftMs: () => this.#options.airsInMs?.(this.#onGrid(this.#wanted)) ?? Number.POSITIVE_INFINITY,
      onHeldUp: (error) => {
        this.#trouble = { failures: 0, ...this.#trouble, error, failure: undefined, givenUp: false };
        onEvent({ type: "source_held_up", title: item.title, error });
      },
    };
  }

  /** `source.next()`, broken off when the player closes. */
  async #nextOf(source: Source): Promise<Gop | undefined> {
    if (this.#scope.closed) return undefined;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const onAbort = () => resolve(undefined);
    this.#scope.signal.addEventListener("abort", onAbort, { once: true });
    const next = source.next();
    // When the player closes first, the source is closed next and its last word is of no interest.
    next.catch(() => undefined);
    return Promise.race([next, promise]).finally(() =>
      this.#scope.signal.removeEventListener("abort", onAbort),
    );
  }

  /** Keeps `gop` until it is taken or too late. */
  async #hand(gop: Gop): Promise<void> {
    if (gop.firstFrame < this.#wanted) return;
    this.#ready = gop;
    this.#wake();
    this.#options.onNews?.();
    while (this.#ready === gop && !this.#scope.closed) await this.#changed.promise;
  }

  /** Closes a source without waiting for it: its successor may start while it is being ended. */
  #dismiss(source: Source): void {
    const closing = source.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
