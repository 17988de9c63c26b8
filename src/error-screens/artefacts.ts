import type { RenderQueue } from "./render-queue.ts";
import type { ScreenCache } from "./screen-cache.ts";

/** How an artefact comes about. */
export interface Recipe<T> {
  /** Hash of everything that its bytes depend on. */
  readonly key: string;
  /** Makes its bytes; asked once at a time for all artefacts, when they are neither in memory nor on disk. */
  render(signal?: AbortSignal): Promise<Uint8Array>;
  /** Reads them; throws when they are of no use. */
  read(bytes: Uint8Array): T;
}

/** How soon an artefact is needed, and whether it is worth keeping on disk. */
export interface Demand {
  readonly urgent: boolean;
  readonly keep: boolean;
}

/** Things that take an encoder to make: in memory (bounded, least recently used go), on disk, or rendered now. */
export class Artefacts<T extends object> {
  readonly #queue: RenderQueue;
  readonly #disk: ScreenCache | undefined;
  readonly #maxBytes: number;
  readonly #memory = new Map<string, { readonly value: T; readonly bytes: number }>();
  readonly #pending = new Map<string, Promise<T>>();
  #bytes = 0;

  constructor(queue: RenderQueue, disk: ScreenCache | undefined, maxBytes: number) {
    this.#queue = queue;
    this.#disk = disk;
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are held in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The artefact of a recipe; whoever asks meanwhile gets the same. Throws what rendering throws. */
  get(recipe: Recipe<T>, demand: Demand): Promise<T> {
    const known = this.#recall(recipe.key);
    if (known) return Promise.resolve(known);
    // An urgent demand does not wait for one that is not.
    const name = `${recipe.key} ${demand.urgent}`;
    const pending =
      this.#pending.get(name) ?? this.#make(recipe, demand).finally(() => this.#pending.delete(name));
    this.#pending.set(name, pending);
    return pending;
  }

  async #make(recipe: Recipe<T>, { urgent, keep }: Demand): Promise<T> {
    const { key } = recipe;
    const stored = keep ? await this.#load(recipe) : undefined;
    if (stored) return stored;
    return this.#queue.run(async (signal) => {
      const made = this.#recall(key);
      if (made) return made;
      const bytes = await recipe.render(signal);
      const value = recipe.read(bytes);
      this.#remember(key, value, bytes.length);
      if (keep) await this.#disk?.put(key, bytes);
      return value;
    }, urgent);
  }

  async #load({ key, read }: Recipe<T>): Promise<T | undefined> {
    const bytes = await this.#disk?.get(key);
    if (!bytes) return undefined;
    try {
      const value = read(bytes);
      this.#remember(key, value, bytes.length);
      return value;
    } catch {
      // Whole, and yet not what is needed: as good as none, and made anew.
      await this.#disk?.drop(key);
      return undefined;
    }
  }

  #recall(key: string): T | undefined {
    const entry = this.#memory.get(key);
    if (!entry) return undefined;
    this.#memory.delete(key);
    this.#memory.set(key, entry);
    return entry.value;
  }

  #remember(key: string, value: T, bytes: number): void {
    this.#bytes += bytes - (this.#memory.get(key)?.bytes ?? 0);
    this.#memory.delete(key);
    this.#memory.set(key, { value, bytes });
    for (const [oldest, entry] of this.#memory) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#memory.delete(oldest);
      this.#bytes -= entry.bytes;
    }
  }
}
