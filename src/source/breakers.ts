import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Failure } from "../ffmpeg/failures.ts";
import { FfmpegError } from "../ffmpeg/ffmpeg-error.ts";
import type { Gop } from "../media/gop.ts";
import { type Breaker, type BreakerEvent, type BreakerOutcome, CLOSED, transition } from "./breaker.ts";
import type { OpenSource, Source } from "./source.ts";
import { sourceKey } from "./source-key.ts";

/** Sources of which something bad is remembered; of the others there is nothing to keep. */
const MAX_ENTRIES = 512;

/** A run was not made: the source has failed again and again, and is left alone for a while. */
export class SourceSuspendedError extends FfmpegError {
  /** When it is worth asking again, in ms from now. */
  readonly retryMs: number;

  constructor(retryMs: number, failure: Failure | undefined) {
    super(
      "source_suspended",
      `it has failed again and again and is left alone for ${Math.ceil(retryMs / 1000)} s`,
      failure,
    );
    this.name = "SourceSuspendedError";
    this.retryMs = retryMs;
  }
}

/** A source is left alone from now on, or is used again. */
export interface BreakerNews {
  readonly type: "opened" | "closed";
  /** Of the item that was played. */
  readonly title: string;
  /** Class of the latest failure. */
  readonly class?: string;
}

interface Entry {
  breaker: Breaker;
  failure: Failure | undefined;
  readonly listeners: Set<() => void>;
}

/** What the registry needs. */
export interface BreakersOptions {
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
  readonly onNews?: (news: BreakerNews) => void;
}

/**
 * The circuit breakers of a server's sources, shared by all channels: what one has learnt of a source spares the
 * others the attempt, and the first that gets something frees it for all. Only what keeps a source from being
 * opened counts: what is wrong at a place in a file does not (see `isOfTheSource`).
 */
export class Breakers {
  readonly #options: BreakersOptions;
  /** The one used last comes last. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: BreakersOptions) {
    this.#options = options;
  }

  /** Number of sources of which something is remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** Opens items by `open`, and does not while their source is to be left alone: `next` then throws `source_suspended`. */
  guard(open: OpenSource): OpenSource {
    return (item, cue) => {
      const key = sourceKey(item);
      const about = { key, title: item.title };
      const { waitMs, probe } = this.#apply(about, { type: "asked", isNewAiring: cue.startFrame === 0 });
      if (waitMs !== undefined) {
        const error = new SourceSuspendedError(waitMs, this.#entries.get(key)?.failure);
        return { ...refusal(error), onRecovery: (listener) => this.#onRecovery(key, listener) };
      }
      let isReported = false;
      let isAway = false;
      const report = (event: BreakerEvent, failure?: Failure) => {
        if (isReported) return;
        isReported = true;
        isAway = event.type === "failed";
        this.#apply(about, event, failure);
      };
      // What is wrong with this run alone, another one's success does not mend.
      const onRecovery = (listener: () => void) =>
        isAway ? this.#onRecovery(key, listener) : () => undefined;
      try {
        // A run that has to wait for its turn tells nothing of the source: others may try it meanwhile.
        const onHeldUp = (reason: AppError) => {
          report({ type: "let_go", probe });
          cue.onHeldUp?.(reason);
        };
        const source = watched(open(item, { ...cue, onHeldUp }), probe, report);
        return { ...source, onRecovery };
      } catch (failure) {
        report({ type: "let_go", probe });
        throw failure;
      }
    };
  }

  #apply(
    { key, title }: { key: string; title: string },
    event: BreakerEvent,
    failure?: Failure,
  ): BreakerOutcome {
    const { clock, random, onNews } = this.#options;
    const entry: Entry = this.#entries.get(key) ?? {
      breaker: CLOSED,
      failure: undefined,
      listeners: new Set(),
    };
    const outcome = transition(entry.breaker, event, clock.now(), random);
    entry.breaker = outcome.breaker;
    if (failure) entry.failure = failure;
    this.#keep(key, entry);
    if (outcome.news) onNews?.({ type: outcome.news, title, class: entry.failure?.class });
    if (event.type === "succeeded") for (const listener of [...entry.listeners]) listener();
    return outcome;
  }

  #keep(key: string, entry: Entry): void {
    this.#entries.delete(key);
    if (isClean(entry)) return;
    this.#entries.set(key, entry);
    if (this.#entries.size <= MAX_ENTRIES) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Calls `listener` whenever a run of this source delivers, until the returned function is called. */
  #onRecovery(key: string, listener: () => void): () => void {
    const entry = this.#entries.get(key);
    if (!entry) return () => undefined;
    entry.listeners.add(listener);
    return () => {
      entry.listeners.delete(listener);
      if (isClean(entry) && this.#entries.get(key) === entry) this.#entries.delete(key);
    };
  }
}

function isClean({ breaker, listeners }: Entry): boolean {
  return breaker.kind === "closed" && breaker.failures === 0 && listeners.size === 0;
}

function refusal(error: AppError): Source {
  return { next: () => Promise.reject(error), close: async () => undefined };
}

function watched(
  source: Source,
  probe: number | undefined,
  report: (event: BreakerEvent, failure?: Failure) => void,
): Source {
  const next = async (): Promise<Gop | undefined> => {
    try {
      const gop = await source.next();
      report(gop ? { type: "succeeded" } : { type: "let_go", probe });
      return gop;
    } catch (failure) {
      const reason = failure instanceof FfmpegError ? failure.failure : undefined;
      report({ type: isOfTheSource(failure) ? "failed" : "let_go", probe }, reason);
      throw failure;
    }
  };
  const close = () => {
    report({ type: "let_go", probe });
    return source.close();
  };
  return { next, close };
}

/**
 * Whether a run that delivered nothing says that its source cannot be had at all. Damage and an early end are
 * matters of a place in a file, a crash or a full disk of this machine.
 */
function isOfTheSource(failure: unknown): boolean {
  if (!(failure instanceof AppError)) return false;
  const remedy = failure instanceof FfmpegError ? failure.failure?.remedy : undefined;
  if (!remedy) return failure.code === "encoder_stalled";
  if (remedy.action === "next_item") return remedy.rescan;
  return ["reconnect", "alternate_source", "refresh_credentials"].includes(remedy.action);
}
