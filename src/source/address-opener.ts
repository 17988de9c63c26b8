import { chooseAudio } from "../ffmpeg/choose-audio.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { FrameGrid, type HouseFormat } from "../media/house-format.ts";
import { DeferredSource } from "./deferred-source.ts";
import { SLOWER } from "./live-chain.ts";
import type { LiveFacts } from "./live-facts.ts";
import { LiveRun } from "./live-run.ts";
import { LiveSource } from "./live-source.ts";
import { type LiveRunning, OutcomeWatch } from "./live-watch.ts";
import type { Cue, OpenSource, PlayItem, Source } from "./source.ts";

/** So much may have arrived and wait: a backlog that is sent at once, beyond it the source is held back. */
const BACKLOG_MS = 20_000;
/** The cue of a live run, which has a count of its own. */
const RUN_CUE: Cue = { startFrame: 0, audioPhase: 0 };

/** What an AddressOpener needs. */
export interface AddressOpenerOptions {
  readonly facts: Pick<LiveFacts, "find" | "doubt">;
  readonly format: () => HouseFormat;
  /** Opens an item whose facts are known; `watch` judges it when it is live, `slowSeconds` as in `LiveTiming`. */
  readonly encode: (item: PlayItem, cue: Cue, live?: LiveRunning) => Source;
}

/**
 * Opens the items of one channel that are not mere files: what they are made of is found out first, when it is not known.
 * A live item that is to go on in the next slot does so on the same run.
 */
export class AddressOpener {
  readonly #options: AddressOpenerOptions;
  /** The latest source of each live item. */
  readonly #latest = new WeakMap<PlayItem, LiveSource>();
  /** Items with their facts: the same objects as long as those hold. */
  readonly #resolved = new WeakMap<PlayItem, { readonly found: MediaFacts; readonly item: PlayItem }>();

  constructor(options: AddressOpenerOptions) {
    this.#options = options;
  }

  readonly open: OpenSource = (item, cue) => {
    if (!item.live) return this.#watched(item, (signal) => this.#film(item, cue, signal));
    const latest = this.#latest.get(item);
    const source =
      cue.startFrame === 0 && latest?.canHandOver ? latest.successor(cue) : this.#live(item, cue);
    this.#latest.set(item, source);
    return source;
  };

  async #film(item: PlayItem, cue: Cue, signal: AbortSignal): Promise<Source> {
    return this.#options.encode(await this.#withFacts(item, signal), cue);
  }

  #live(item: PlayItem, cue: Cue): LiveSource {
    const { format, encode } = this.#options;
    const house = format();
    const grid = new FrameGrid(house);
    const source = this.#watched(item, async (signal) => {
      const known = await this.#withFacts(item, signal);
      const { watch: limits, delayMs } = item.live!;
      const scheme = item.address?.scheme ?? "file";
      const watch = new OutcomeWatch({ scheme, limits, leftMs: () => run.leftMs() });
      return encode(
        known,
        { ...RUN_CUE, profile: cue.profile },
        { watch, slowSeconds: slowFor(delayMs, cue.leftMs?.() ?? 0) },
      );
    });
    const run: LiveRun = new LiveRun(source, { capacityFrames: Math.ceil(grid.framesIn(BACKLOG_MS)) });
    return new LiveSource({ item, cue, format: house, run });
  }

  async #withFacts(item: PlayItem, signal: AbortSignal): Promise<PlayItem> {
    const { address, facts, live } = item;
    if (!address) return item;
    const request = { address, durationSeconds: facts.durationSeconds, isFilm: !live };
    const found = await this.#options.facts.find(request, signal);
    const resolved = this.#resolved.get(item);
    if (resolved?.found === found) return resolved.item;
    const audioStream = found.audioStreams.some(({ index }) => index === item.audioStream)
      ? item.audioStream
      : chooseAudio(found.audioStreams)?.index;
    const known = { ...item, facts: { ...found, durationSeconds: facts.durationSeconds }, audioStream };
    this.#resolved.set(item, { found, item: known });
    return known;
  }

  /** Facts with which a run comes to nothing are doubted. */
  #watched(item: PlayItem, open: (signal: AbortSignal) => Promise<Source>): Source {
    const { address } = item;
    const source = new DeferredSource(open);
    if (!address) return source;
    let delivered = false;
    const next = async () => {
      try {
        const gop = await source.next();
        delivered = true;
        return gop;
      } catch (failure) {
        if (!delivered) this.#options.facts.doubt(address);
        throw failure;
      }
    };
    return { next, close: () => source.close() };
  }
}

/** What a run takes until its first pictures. */
const CONNECT_MS = 2_000;
/** With less left than this it is shown from where it has gathered its whole delay, see `LiveSource`. */
const GATHERED_BELOW_MS = 3_500;

/** Seconds for which a source is played slower, so that what is missing of its delay grows again unseen. */
export function slowFor(delayMs: number, leftMs: number): number {
  if (leftMs < GATHERED_BELOW_MS) return 0;
  return Math.max(0, delayMs - (leftMs - CONNECT_MS)) / 1000 / SLOWER;
}
