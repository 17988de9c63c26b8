import type { Gop } from "../media/gop.ts";
import type { Source } from "./source.ts";

/**
 * A source for which something has to be made ready first; `open` says when it is, and gives up when its signal
 * aborts. What `open` throws, `next` throws.
 */
export class DeferredSource implements Source {
  readonly #given = new AbortController();
  readonly #opening: Promise<Source>;
  #closing: Promise<void> | undefined;

  constructor(open: (signal: AbortSignal) => Promise<Source>) {
    this.#opening = open(this.#given.signal);
    // Whoever reads it is told; until then nobody has asked.
    this.#opening.catch(() => undefined);
  }

  async next(): Promise<Gop | undefined> {
    return (await this.#opening).next();
  }

  close(): Promise<void> {
    this.#given.abort();
    this.#closing ??= this.#opening.then(
      (source) => source.close(),
      () => undefined,
    );
    return this.#closing;
  }
}
