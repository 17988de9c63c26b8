import type { Clock } from "../base/clock.ts";
import { toAppError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Scope } from "../base/scope.ts";
import type { Retry } from "../ffmpeg/failure-row.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import type { Urgency } from "../ffmpeg/spawn-request.ts";
import { frameCount, type Gop } from "../media/gop.ts";
import type { Cue, OpenSource, PlayItem, Source } from "../source/source.ts";
import type { ChannelEventSink } from "./events.ts";
import { restartStep, stricter } from "./restart-ladder.ts";
import type { ItemTrouble } from "./screen-cue.ts";

/** What an ItemPlayer needs. */
export interface ItemPlayerOptions {
  readonly item: PlayItem;
  /** Item frame to begin with; Gops are expected from here in steps of `gopFrames`. */
  readonly startFrame: number;
  /** See `Cue`. */
  readonly audioPhase: number;
  readonly gopFrames: number;
  readonly open: OpenSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: ChannelEventSink;
  /** See `Cue`. */
  readonly urgency?: () => Urgency;
  readonly owner?: object;
}

/**
 * Plays one item on one channel: opens its source, holds one Gop ready, and climbs the restart ladder when the
 * source fails, each new run beginning with the first Gop that was not delivered. Failures are events here, and
 * to the one who takes the Gops only a Gop that is not there in time.
 */
export class ItemPlayer {
  readonly #options: ItemPlayerOptions;
  readonly #scope: Scope;
  readonly #closing = new Set<Promise<void>>();
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

  /** Why there is no Gop, where it is a failure. */
  get trouble(): ItemTrouble | undefined {
    return this.#trouble;
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
    const { item, gopFrames, clock, random, onEvent } = this.#options;
    let position = this.#options.startFrame;
    let failures = 0;
    let retry: Retry | undefined;
    while (position < item.frames && !this.#scope.closed) {
      let source: Source | undefined;
      try {
        source = this.#options.open(item, this.#cue(position));
        for (;;) {
          const gop = await this.#nextOf(source);
          if (!gop) break;
          if (this.#trouble) onEvent({ type: "source_resumed", title: item.title, frame: gop.firstFrame });
          [failures, retry, this.#trouble] = [0, undefined, undefined];
          position = gop.firstFrame + frameCount(gop);
          await this.#hand(gop);
        }
        break;
      } catch (thrown) {
        if (this.#scope.closed) break;
        failures++;
        const error = toAppError(thrown, "encoder_failed");
        const failure = error instanceof FfmpegError ? error.failure : undefined;
        this.#trouble = { failures, error, failure, givenUp: false };
        onEvent({
          ...{ type: "source_failed", title: item.title, frame: position, failures, error },
          ...{ class: failure?.class, sentence: failure?.sentence },
        });
        retry = stricter(retry, failure?.remedy.retry);
        const step = restartStep(failures, random, retry);
        if (!step) break;
        if (step.delayMs > 0) await clock.sleep(step.delayMs, this.#scope.signal).catch(() => undefined);
        position = Math.max(this.#onGrid(position) + step.skipGops * gopFrames, this.#onGrid(this.#wanted));
      } finally {
        if (source) this.#dismiss(source);
      }
    }
    if (failures > 0 && !this.#scope.closed) {
      if (this.#trouble) this.#trouble = { ...this.#trouble, givenUp: true };
      onEvent({ type: "item_given_up", title: item.title, frame: position });
    }
    this.#ended = true;
    this.#wake();
  }

  #cue(startFrame: number): Cue {
    const { item, audioPhase, urgency, owner = this, onEvent } = this.#options;
    return {
      ...{ startFrame, audioPhase, urgency, owner },
      neededFrame: () => this.#onGrid(this.#wanted),
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
    while (this.#ready === gop && !this.#scope.closed) await this.#changed.promise;
  }

  /** Closes a source without waiting for it: its successor may start while it is being ended. */
  #dismiss(source: Source): void {
    const closing = source.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
