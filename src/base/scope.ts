type Cleanup = () => void | Promise<void>;

/**
 * A lifetime: an abort signal, children, and cleanups that run last in, first out when it closes.
 * The first cause of the end wins; closing twice returns the same promise.
 */
export class Scope implements AsyncDisposable {
  readonly #controller = new AbortController();
  readonly #cleanups = new Set<{ run: Cleanup }>();
  readonly #late = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  #closing: Promise<void> | undefined;
  #ended = false;

  /** Aborts, with the cause as its reason, when the scope begins to close. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Registers a cleanup; returns a function that takes it back. On a closing scope it runs at once and `close`
   * waits for it; on a closed one too, where its failure has nobody left to go to but the process.
   */
  defer(run: Cleanup): () => void {
    const entry = { run };
    if (this.#ended) void (async () => run())();
    else if (this.#closing) this.#runLate(run);
    else this.#cleanups.add(entry);
    return () => void this.#cleanups.delete(entry);
  }

  /** A scope that ends with this one at the latest, before the cleanups registered earlier here. */
  child(): Scope {
    const child = new Scope();
    const forget = this.defer(() => child.close(this.signal.reason));
    child.defer(forget);
    return child;
  }

  /** Ends the lifetime. Every cleanup runs even when one throws; the failures are thrown together. */
  close(cause: unknown = new Error("scope closed")): Promise<void> {
    if (this.#closing) return this.#closing;
    // In place before anything runs: an abort listener or a cleanup may call close itself.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closing = promise;
    resolve(this.#unwind(cause));
    return promise;
  }

  async #unwind(cause: unknown): Promise<void> {
    this.#controller.abort(cause);
    for (const entry of [...this.#cleanups].reverse()) {
      if (this.#cleanups.delete(entry)) await this.#attempt(entry.run);
    }
    while (this.#late.size > 0) await Promise.all(this.#late);
    this.#ended = true;
    if (this.#failures.length > 0) throw new AggregateError(this.#failures, "cleanup failed");
  }

  #runLate(run: Cleanup): void {
    const running = this.#attempt(run).finally(() => this.#late.delete(running));
    this.#late.add(running);
  }

  async #attempt(run: Cleanup): Promise<void> {
    try {
      await run();
    } catch (failure) {
      this.#failures.push(failure);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
