import type { Cue, PlayItem, Source } from "./source.ts";
import type { PreparedSubtitle, SubtitleFiles } from "./subtitle-files.ts";

/** Runs with subtitles that may fail in a row, with nothing delivered, before one is tried without. */
const MAX_FAILURES = 2;

/** An item goes on air without the subtitles that were chosen for it. */
export interface SubtitlesLeftOut {
  readonly title: string;
  readonly path: string;
  readonly reason: string;
}

/**
 * Whether a run burns in the subtitles of its item: where they are prepared, and unless runs with them have failed
 * again and again before they delivered anything. A film is shown without subtitles rather than not at all; each airing begins anew.
 */
export class BurnInChoice {
  readonly #files: Pick<SubtitleFiles, "find">;
  readonly #onLeftOut: (news: SubtitlesLeftOut) => void;
  readonly #failures = new WeakMap<PlayItem, number>();

  constructor(files: Pick<SubtitleFiles, "find">, onLeftOut: (news: SubtitlesLeftOut) => void) {
    this.#files = files;
    this.#onLeftOut = onLeftOut;
  }

  /** Opens a run of an item with the prepared subtitles that it is to show, if any, and watches how it fares. */
  open(
    item: PlayItem,
    { startFrame, profile }: Pick<Cue, "startFrame" | "profile">,
    run: (subtitle?: PreparedSubtitle) => Source,
  ): Source {
    const { subtitle, title, facts } = item;
    if (!subtitle) return run();
    if (startFrame === 0) this.#failures.delete(item);
    const leaveOut = (reason: string) => {
      this.#onLeftOut({ title, path: facts.path, reason });
      return run();
    };
    if (profile === "safe") return leaveOut("a safer run is tried, which has none");
    if ((this.#failures.get(item) ?? 0) >= MAX_FAILURES) return leaveOut("encoders fail with them");
    const prepared = this.#files.find(subtitle);
    return prepared ? this.#watch(item, run(prepared)) : leaveOut("they are not prepared");
  }

  #watch(item: PlayItem, source: Source): Source {
    let delivered = false;
    const next = async () => {
      try {
        const gop = await source.next();
        delivered = true;
        this.#failures.delete(item);
        return gop;
      } catch (failure) {
        if (!delivered) this.#failures.set(item, (this.#failures.get(item) ?? 0) + 1);
        throw failure;
      }
    };
    return { next, close: () => source.close() };
  }
}
