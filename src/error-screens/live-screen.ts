import type { Gop } from "../media/gop.ts";
import type { ErrorScreen } from "./error-screen.ts";

/** What a live screen needs of the generator. */
export interface ScreenRefresher {
  refresh(screen: ErrorScreen, atMs: number): Promise<ErrorScreen>;
  report(failure: unknown): void;
}

/**
 * A screen on air whose clock and countdown go on: when the minute has changed, new pictures are rendered aside and
 * take over at a later Gop. While they are not there, or cannot be had, the old ones stay on air.
 */
export class LiveScreen {
  readonly #generator: ScreenRefresher;
  #screen: ErrorScreen;
  #changesAtMs: number | undefined;
  #isRefreshing = false;

  /** `atMs`: the moment (ms since the epoch) that the screen's pictures are of. */
  constructor(generator: ScreenRefresher, screen: ErrorScreen, atMs: number) {
    this.#generator = generator;
    this.#screen = screen;
    this.#changesAtMs = screen.changesAt(atMs);
  }

  /** As `ErrorScreen.gopAt`; `shownAtMs` is when viewers see it, in ms since the epoch. */
  gopAt(frame: number, room: number, shownAtMs: number): Gop {
    if (this.#changesAtMs !== undefined && shownAtMs >= this.#changesAtMs) void this.refresh(shownAtMs);
    return this.#screen.gopAt(frame, room);
  }

  /** Renders the pictures of a moment; resolves when they are in use, or it is known that they are not to be had. */
  async refresh(atMs: number): Promise<void> {
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    // A failure is tried again with the next change.
    this.#changesAtMs = this.#screen.changesAt(atMs);
    try {
      this.#screen = await this.#generator.refresh(this.#screen, atMs);
    } catch (failure) {
      this.#generator.report(failure);
    } finally {
      this.#isRefreshing = false;
    }
  }
}
