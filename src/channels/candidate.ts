import type { Clock, Timer } from "../base/clock.ts";
import type { ChannelEventSink } from "./events.ts";
import type { Line, LinePlace, Substitute } from "./line.ts";
import {
  type KeptReason,
  lateReason,
  OFF_AIR,
  type Played,
  SLOT_OVER,
  type SwapKind,
  type SwapOutcome,
  type SwapPlace,
  troubleReason,
} from "./swap.ts";

/** The timeline that candidates take over: what the Feeder is to them. */
export interface SwapHost {
  /** First channel frame from which on what waits in the lead may be replaced. */
  earliest(at: SwapPlace): number;
  /** Channel frame at which the lead ends. */
  end(): number;
  /** Channel frames that are likely to become due while an encoder is started. */
  preparationFrames(): number;
  /** What is fed at channel frame `frame`. */
  playingAt(frame: number): Played;
  /** Wall-clock time at which channel frame `frame` is on air, in ms since the Unix epoch. */
  onAirAtMs(frame: number): number;
  /** Ends the lead at `frame` or a little before it, and feeds `line` from there on; returns that frame. */
  adopt(line: Line, frame: number): number;
}

/** What a candidate is made with. */
export interface CandidateOptions {
  readonly line: Line;
  readonly kind: SwapKind;
  readonly at: SwapPlace;
  readonly patienceMs: number;
  /** `startFrame` of the only slot in which it may take over; without it, it must in the end, ready or not. */
  readonly slotStart?: number;
  /** See `SwapWish`. */
  readonly fromFrame?: number;
  readonly host: SwapHost;
  readonly clock: Clock;
  readonly onEvent: ChannelEventSink;
}

/**
 * A line that is prepared beside the running one, and takes over as soon as it holds a Gop that may follow what
 * waits in the lead. Until then, and if that never comes, the running one goes on untouched.
 */
export class Candidate {
  readonly line: Line;
  /** What becomes of it; never rejects. */
  readonly outcome: Promise<SwapOutcome>;
  /** Resolves when it is settled and, where it was not taken, its processes are gone. */
  readonly over: Promise<void>;
  readonly #options: CandidateOptions;
  readonly #settle: (outcome: SwapOutcome) => void;
  readonly #begunMs: number;
  readonly #from: Played;
  readonly #to: Played;
  #aim = 0;
  #timer: Timer | undefined;
  #settled = false;
  #isPrepared = false;

  constructor(options: CandidateOptions) {
    const { line, host, clock } = options;
    this.#options = options;
    this.line = line;
    this.#begunMs = clock.now();
    const { promise, resolve } = Promise.withResolvers<SwapOutcome>();
    this.outcome = promise;
    this.#settle = resolve;
    this.over = promise.then(({ outcome }) => (outcome === "swapped" ? undefined : line.close()));
    const place = host.earliest(options.at);
    this.#from = host.playingAt(place);
    const { substitute } = line.options;
    const isBound = options.slotStart !== undefined && substitute;
    this.#to = isBound ? playedBy(substitute) : playedAt(line, line.gopFrom(place));
    line.onNews = () => this.look();
  }

  /** Whether it must take over in the end: it is where the channel is to be. */
  get isMove(): boolean {
    return this.#options.slotStart === undefined;
  }

  /** Begins to prepare it, and gives it its time. */
  start(): void {
    if (this.#settled) return;
    const { host, at, patienceMs, fromFrame, clock } = this.#options;
    this.#aim = fromFrame ?? Math.min(host.earliest(at) + host.preparationFrames(), host.end());
    this.#timer = clock.after(patienceMs, () => this.#expire());
    this.look();
  }

  /** Takes over if it can; called when the lead has changed, and when something came of the line. */
  look(): void {
    if (this.#settled || !this.#timer) return;
    const { line, host, at, slotStart } = this.#options;
    const from = Math.max(host.earliest(at), this.#aim);
    if (slotStart !== undefined && line.gopFrom(from).slot.startFrame !== slotStart) {
      this.keep(SLOT_OVER);
      return;
    }
    line.want(from);
    const ready = line.readyFrame;
    if (ready !== undefined) {
      this.#prepared();
      if (ready <= host.end()) this.#takeOver(ready);
    } else if (line.trouble?.givenUp && !this.isMove) this.keep(troubleReason(line.trouble));
  }

  /** It is not used: the old one goes on. */
  keep(reason: KeptReason): void {
    const [from, to] = [this.#from, this.#to];
    if (!this.#finish({ outcome: "kept", from, to, reason })) return;
    this.#tellKept(reason);
  }

  /** A later wish takes its place. */
  supersede(): void {
    const [from, to] = [this.#from, this.#to];
    if (!this.#finish({ outcome: "superseded", from, to })) return;
    this.#tellKept({ class: "superseded", sentence: "A later wish has taken its place." });
  }

  /** The channel goes off air. */
  close(): void {
    this.keep(OFF_AIR);
  }

  #tellKept({ class: reason, sentence }: KeptReason): void {
    const { kind, onEvent } = this.#options;
    onEvent({ type: "swap_kept", kind, title: this.#to.title, class: reason, sentence });
  }

  #expire(): void {
    const { line, host, patienceMs } = this.#options;
    if (this.isMove) this.#takeOver(host.end());
    else this.keep(lateReason(line.trouble, patienceMs));
  }

  #prepared(): void {
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    const { kind, clock, onEvent } = this.#options;
    const preparationMs = Math.round(clock.now() - this.#begunMs);
    onEvent({ type: "swap_prepared", kind, title: this.#to.title, preparationMs });
  }

  #takeOver(ready: number): void {
    const { line, host, kind, clock, onEvent } = this.#options;
    line.onNews = undefined;
    const from = host.playingAt(ready);
    const frame = host.adopt(line, ready);
    const to = playedAt(line, line.at(frame));
    const preparationMs = Math.round(clock.now() - this.#begunMs);
    const onAirAtMs = host.onAirAtMs(frame);
    this.#finish({ outcome: "swapped", from, to, frame, onAirAtMs, preparationMs });
    const profile = kind === "profile" ? to.profile : undefined;
    onEvent({ type: "swapped", kind, from: from.title, title: to.title, profile, frame, preparationMs });
  }

  #finish(outcome: SwapOutcome): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#timer?.cancel();
    this.#settle(outcome);
    return true;
  }
}

/** What a line plays at a place. */
export function playedAt(line: Line, { slot }: LinePlace): Played {
  return playedBy(line.playing(slot));
}

function playedBy({ item, profile }: Substitute): Played {
  return { title: item.title, mediaId: item.mediaId, profile };
}
