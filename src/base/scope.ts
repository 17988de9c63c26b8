type Cleanup = () => void | Promise<void>;

/**
 * A lifetime: an abort signal, children, and cleanups that run last in, first out when it closes.
 * The first cause of the end wins; closing twice returns the same promise.
 */
export class Scope implements AsyncDisposable {
  readonly #controller = new AbortController();
  readonly #cleanups = new Set<{ run: Cleanup }>();
  #closing: Promise<void> | undefined;

  /** Aborts, with the cause as its reason, when the scope begins to close. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Registers a cleanup; returns a function that takes it back. On a closed scope the cleanup runs at once. */
  defer(run: Cleanup): () => void {
    const entry = { run };
    if (this.#closing) void Promise.resolve(run());
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
    this.#closing ??= this.#unwind(cause);
    return this.#closing;
  }

  async #unwind(cause: unknown): Promise<void> {
    this.#controller.abort(cause);
    const failures: unknown[] = [];
    for (const entry of [...this.#cleanups].reverse()) {
      if (!this.#cleanups.delete(entry)) continue;
      try {
        await entry.run();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "cleanup failed");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
