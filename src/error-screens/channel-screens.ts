import type { AppError } from "../base/errors.ts";
import type { Gop } from "../media/gop.ts";
import type { HouseFormat } from "../media/house-format.ts";
import { SCREEN_REASONS, ScreenReason } from "../media/screen-modes.ts";
import { ErrorScreen } from "./error-screen.ts";
import { LiveScreen, type ScreenRefresher } from "./live-screen.ts";
import type { PlainText } from "./plain-layout.ts";
import { plainScreen } from "./plain-screen.ts";
import type { ScreenCue, ScreenPlace, ScreenSource } from "./screen-source.ts";

/** A screen that has been up for so long is painted anew with the time of day, the return and the error's code. */
const DETAIL_AFTER_MS = 4_000;
/** When that fails, it is tried again after so long. */
const DETAIL_AGAIN_MS = 60_000;
/** Screens beside those of the reasons that are kept ready. */
const MOST_OTHERS = 4;

/** What a viewer reads while there is no usable ffmpeg. */
const GONE: PlainText = {
  title: "ffmpeg is missing",
  detail: "The programme goes on by itself as soon as it is back.",
};
const BROKEN: PlainText = {
  title: "ffmpeg does not work",
  detail: "The programme goes on by itself as soon as it does.",
};

/** What one channel's screens are made by: the server's `Screens`. */
export interface ScreenMaker {
  readonly refresher: ScreenRefresher;
  /** Why nothing can be rendered at present. */
  readonly problem: AppError | undefined;
  /** Whether the last picture is held instead of a screen. */
  readonly holdsPicture: boolean;
  /** The reason whose screen is shown for a reason: another one where its own is switched off. */
  shownFor(reason: ScreenReason): ScreenReason;
  wordsOf(cue: ScreenCue): PlainText;
  /** Renders a screen; a live one shows the time of day. Throws what rendering throws. */
  render(cue: ScreenCue, format: HouseFormat, live?: { readonly atMs: number }): Promise<ErrorScreen>;
  /** Renders the last picture of a Gop, held. Throws what rendering throws. */
  hold(gop: Gop, format: HouseFormat): Promise<ErrorScreen>;
}

interface Shown {
  readonly key: string;
  readonly sinceMs: number;
  /** What `screen` was made of; when there is something better, it takes over. */
  base: ErrorScreen;
  screen: LiveScreen;
  detailAtMs: number;
}

/**
 * The screens of a channel that is on air, by reason, in memory. What is not ready yet, or cannot be made, is
 * stood in for by a plain screen; that one also says so while ffmpeg is missing.
 */
export class ChannelScreens implements ScreenSource {
  readonly #maker: ScreenMaker;
  readonly #format: () => HouseFormat;
  readonly #onClose: () => void;
  readonly #ready = new Map<string, ErrorScreen>();
  readonly #plain = new Map<string, ErrorScreen>();
  #shown: Shown | undefined;
  #held: ErrorScreen | undefined;
  #holding: { readonly gop: Gop; readonly done: Promise<void> } | undefined;
  #isHolding = false;
  #edition = 0;
  #closed = false;

  /** `format`: asked whenever something is rendered. Begins to make the screens ready. */
  constructor(maker: ScreenMaker, format: () => HouseFormat, onClose: () => void = () => undefined) {
    this.#maker = maker;
    this.#format = format;
    this.#onClose = onClose;
    void this.#prepareAll();
  }

  get isHolding(): boolean {
    return this.#isHolding;
  }

  next(cue: ScreenCue, { frame, room, shownAtMs }: ScreenPlace): Gop {
    const { problem } = this.#maker;
    this.#isHolding = false;
    if (problem) {
      this.#shown = undefined;
      const words = problem.code === "ffmpeg_missing" ? GONE : BROKEN;
      return this.#plainScreen(words).gopAt(frame, room);
    }
    if (this.#held && cue.title === undefined && isFailure(cue.reason)) {
      this.#isHolding = true;
      return this.#held.gopAt(frame, room);
    }
    return this.#show(cue, shownAtMs).gopAt(frame, room, shownAtMs);
  }

  anticipate(gop: Gop): Promise<void> {
    if (!this.#maker.holdsPicture || this.#maker.problem || this.#closed) return Promise.resolve();
    if (this.#holding?.gop === gop) return this.#holding.done;
    const take = (held: ErrorScreen) => {
      if (this.#holding?.gop === gop) this.#held = held;
    };
    // Without it there is a screen.
    const report = (failure: unknown) => this.#maker.refresher.report(failure);
    const done = this.#maker.hold(gop, this.#format()).then(take, report);
    this.#holding = { gop, done };
    return done;
  }

  rest(): void {
    this.#shown = undefined;
    this.#held = undefined;
    this.#holding = undefined;
  }

  renew(): void {
    this.#edition++;
    this.#plain.clear();
    // Details are made anew with the next Gop.
    if (this.#shown) this.#shown.detailAtMs = this.#shown.sinceMs + DETAIL_AFTER_MS;
    void this.#prepareAll();
  }

  async prepare(cue: ScreenCue): Promise<void> {
    const edition = this.#edition;
    const shown = { ...cue, reason: this.#maker.shownFor(cue.reason) };
    try {
      const screen = await this.#maker.render(shown, this.#format());
      if (edition === this.#edition && !this.#closed) this.#keep(keyOf(shown), screen);
    } catch (failure) {
      if (!this.#maker.problem && !this.#closed) this.#maker.refresher.report(failure);
    }
  }

  close(): void {
    this.#closed = true;
    this.#onClose();
  }

  #show(cue: ScreenCue, atMs: number): LiveScreen {
    const key = keyOf(cue);
    const base = this.#baseOf(cue);
    const { refresher } = this.#maker;
    if (this.#shown?.key !== key) {
      const detailAtMs = atMs + DETAIL_AFTER_MS;
      this.#shown = { key, sinceMs: atMs, base, screen: new LiveScreen(refresher, base, atMs), detailAtMs };
    } else if (this.#shown.base !== base) {
      this.#shown.base = base;
      this.#shown.screen = new LiveScreen(refresher, base, atMs);
    }
    if (atMs >= this.#shown.detailAtMs) void this.#detail(cue, this.#shown, atMs);
    return this.#shown.screen;
  }

  #baseOf(cue: ScreenCue): ErrorScreen {
    const reason = this.#maker.shownFor(cue.reason);
    const own = this.#ready.get(keyOf({ ...cue, reason }));
    if (own) return own;
    const usual = cue.title === undefined ? this.#ready.get(keyOf({ reason })) : undefined;
    return usual ?? this.#plainScreen(this.#maker.wordsOf({ ...cue, reason }));
  }

  /** Paints a screen that stays for a while with all that is known; until then, and without it, the old one stays. */
  async #detail(cue: ScreenCue, shown: Shown, atMs: number): Promise<void> {
    shown.detailAtMs = Number.POSITIVE_INFINITY;
    const reason = this.#maker.shownFor(cue.reason);
    const { base } = shown;
    try {
      const screen = await this.#maker.render({ ...cue, reason }, this.#format(), { atMs });
      if (shown.base === base) shown.screen = new LiveScreen(this.#maker.refresher, screen, atMs);
      else shown.detailAtMs = atMs;
    } catch (failure) {
      shown.detailAtMs = atMs + DETAIL_AGAIN_MS;
      this.#maker.refresher.report(failure);
    }
  }

  async #prepareAll(): Promise<void> {
    const edition = this.#edition;
    for (const reason of new Set(SCREEN_REASONS.map((reason) => this.#maker.shownFor(reason)))) {
      if (this.#closed || edition !== this.#edition || this.#maker.problem) return;
      if (reason !== ScreenReason.SESSION_LIMIT) await this.prepare({ reason });
    }
  }

  #keep(key: string, screen: ErrorScreen): void {
    this.#ready.delete(key);
    this.#ready.set(key, screen);
    const isUsual = (kept: string) => SCREEN_REASONS.some((reason) => kept === keyOf({ reason }));
    const others = [...this.#ready.keys()].filter((kept) => !isUsual(kept));
    for (const oldest of others.slice(0, -MOST_OTHERS)) this.#ready.delete(oldest);
  }

  #plainScreen(words: PlainText): ErrorScreen {
    const key = `${words.title}\n${words.detail}`;
    const known = this.#plain.get(key);
    if (known) return known;
    if (this.#plain.size >= MOST_OTHERS) this.#plain.clear();
    const format = this.#format();
    const content = { message: { title: words.title, subtitle: words.detail }, config: {}, format };
    const screen = new ErrorScreen(content, plainScreen(format, words), undefined);
    this.#plain.set(key, screen);
    return screen;
  }
}

function keyOf({ reason, errorCode, returnMs, title, subtitle }: ScreenCue): string {
  return JSON.stringify([reason, errorCode, returnMs, title, subtitle]);
}

/** Whether a reason is a failure in the middle of a programme, whose last picture may be held. */
function isFailure(reason: ScreenReason): boolean {
  const { LOADING, OFF_AIR, SESSION_LIMIT, MAINTENANCE } = ScreenReason;
  const others: readonly ScreenReason[] = [LOADING, OFF_AIR, SESSION_LIMIT, MAINTENANCE];
  return !others.includes(reason);
}
