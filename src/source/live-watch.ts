import type { LiveOutcome } from "../ffmpeg/failure-row.ts";
import type { SourceScheme } from "../ffmpeg/source-address.ts";
import type { LiveSigns, LiveWatch } from "./encoder-source.ts";
import type { WatchLimits } from "./source.ts";

/** How long a source may be quiet, and how slow, in ms. */
interface Patience {
  /** Before its first pictures: connecting, finding out what it is, and waiting for a key picture. */
  readonly startMs: number;
  /** While there is time enough. */
  readonly quietMs: number;
  /** When what is left is needed for another connection. */
  readonly pressedMs: number;
  /** In any such time it sends at least this share of it. */
  readonly windowMs: number;
  readonly share: number;
}

const STEADY: Patience = { startMs: 10_000, quietMs: 4_000, pressedMs: 2_000, windowMs: 6_000, share: 0.7 };
/** Segments come in bursts, up to ten seconds apart. */
const IN_BURSTS: Patience = {
  ...{ startMs: 15_000, quietMs: 12_000, pressedMs: 5_000 },
  ...{ windowMs: 24_000, share: 0.5 },
};
/** What another place takes to deliver: to connect, its first group of pictures, and what a screen needs before. */
const RECONNECT_MS = 4_500;

/** How often it is noted how much has come. */
const MARK_MS = 500;
/** Whoever has not looked for so long has not asked for anything either. */
const UNWATCHED_MS = 1_500;

function patienceWith(scheme: SourceScheme | "file"): Patience {
  return scheme === "hls" ? IN_BURSTS : STEADY;
}

/** Whether a live source has stalled. `leftMs`: how much of what has arrived is still to be shown. Pure. */
export function isStalled(
  scheme: SourceScheme | "file",
  { quietMs, heard }: Pick<LiveSigns, "quietMs" | "heard">,
  leftMs: number,
): boolean {
  const patience = patienceWith(scheme);
  if (!heard) return quietMs >= patience.startMs;
  return quietMs >= (leftMs <= RECONNECT_MS ? patience.pressedMs : patience.quietMs);
}

/** How much has come of a live source lately, while it was asked for all the time. Bounded by its window. */
export class Inflow {
  readonly #patience: Patience;
  #marks: { readonly nowMs: number; readonly mediaSeconds: number }[] = [];
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(scheme: SourceScheme | "file") {
    this.#patience = patienceWith(scheme);
  }

  /** Notes how much there is now; whether too little has come to be shown without end. */
  isTooSlow({ nowMs, mediaSeconds }: Pick<LiveSigns, "nowMs" | "mediaSeconds">): boolean {
    const { windowMs, share } = this.#patience;
    if (nowMs - this.#lookedMs > UNWATCHED_MS) this.#marks = [];
    this.#lookedMs = nowMs;
    const last = this.#marks.at(-1);
    if (!last || nowMs - last.nowMs >= MARK_MS) this.#marks.push({ nowMs, mediaSeconds });
    while (this.#marks[1] && this.#marks[1].nowMs <= nowMs - windowMs) this.#marks.shift();
    const [first] = this.#marks;
    const wallMs = nowMs - first!.nowMs;
    return wallMs >= windowMs && 1000 * (mediaSeconds - first!.mediaSeconds) < share * wallMs;
  }
}

/** What a live run needs beside its item. */
export interface LiveRunning {
  readonly watch: LiveWatch;
  /** See `LiveTiming`. */
  readonly slowSeconds: number;
}

/** What an `OutcomeWatch` judges by. */
export interface OutcomeWatchOptions {
  readonly scheme: SourceScheme | "file";
  readonly limits?: WatchLimits;
  /** Asked at each look. */
  readonly leftMs: () => number;
}

/** Judges one run of a live source by how it flows, and by what the filters of `pictureWatch` and `soundWatch` saw. */
export class OutcomeWatch implements LiveWatch {
  readonly #options: OutcomeWatchOptions;
  readonly #inflow: Inflow;
  #seen: LiveOutcome | undefined;
  #blackFrom: number | undefined;

  constructor(options: OutcomeWatchOptions) {
    this.#options = options;
    this.#inflow = new Inflow(options.scheme);
  }

  look(signs: LiveSigns): LiveOutcome | undefined {
    const { scheme, limits, leftMs } = this.#options;
    if (this.#seen) return this.#seen;
    const blackFor = this.#blackFrom === undefined ? 0 : signs.mediaSeconds - this.#blackFrom;
    if (limits && limits.blackSeconds > 0 && blackFor >= limits.blackSeconds) return "black";
    const left = leftMs();
    const isTooSlow = signs.heard && this.#inflow.isTooSlow(signs) && left <= RECONNECT_MS;
    return isTooSlow || isStalled(scheme, signs, left) ? "stalled" : undefined;
  }

  /** `lavfi.<name>=<seconds>`: a freeze or silence is told when it has lasted as long as is allowed, black at once. */
  take(line: string): void {
    const [, name, value] = /^lavfi\.([a-z_.]+)=(-?[\d.]+)$/.exec(line.trim()) ?? [];
    if (name === "black_start") this.#blackFrom = Number(value);
    else if (name === "black_end") this.#blackFrom = undefined;
    else if (name === "freezedetect.freeze_start")
      this.#seen = this.#blackFrom === undefined ? "frozen" : this.#seen;
    else if (name === "silence_start") this.#seen = "silent";
  }
}
