import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "../base/atomic-write.ts";
import type { Clock } from "../base/clock.ts";
import { MEDIA_FACTS_VERSION, type MediaFacts } from "../ffmpeg/media-facts.ts";
import { probeAddress } from "../ffmpeg/probe-address.ts";
import type { SourceAddress } from "../ffmpeg/source-address.ts";

const FILE = "live-sources.json";
/** More sources than anybody has; the one that was found out longest ago is forgotten first. */
const MAX_SOURCES = 2_000;

const storedFacts = z.custom<MediaFacts>(
  (value) =>
    z.looseObject({ path: z.string(), demuxer: z.string(), durationSeconds: z.number() }).safeParse(value)
      .success,
);
const stored = z.object({ version: z.literal(MEDIA_FACTS_VERSION), sources: z.array(storedFacts) });

/** What `LiveFacts` needs. */
export interface LiveFactsOptions {
  readonly dataFolder: string;
  /** Asked at each probe: it may come back from elsewhere. */
  readonly ffprobe: () => string;
  readonly clock: Clock;
  /** Takes why what was found out could not be kept; that stops nothing. */
  readonly onFailure: (failure: unknown) => void;
}

/** What is wanted of a source. */
export interface FactsRequest {
  readonly address: SourceAddress;
  /** Its length where it does not state one. */
  readonly durationSeconds: number;
  readonly isFilm: boolean;
}

/**
 * What addresses are made of, found out when they are first opened and kept in the data folder by label, without
 * anything secret: a source that is away can be planned with what was last known of it.
 */
export class LiveFacts {
  readonly #options: LiveFactsOptions;
  readonly #known: Map<string, MediaFacts>;
  /** Those that were found out by this server, and have not been doubted since. */
  readonly #sure = new Set<string>();
  readonly #probes = new Map<string, Promise<MediaFacts>>();
  #saving: Promise<void> = Promise.resolve();

  private constructor(options: LiveFactsOptions, known: readonly MediaFacts[]) {
    this.#options = options;
    this.#known = new Map(known.map((facts) => [facts.path, facts]));
  }

  /** Reads what an earlier server has found out; a damaged file is as good as none: all is found out again. */
  static async open(options: LiveFactsOptions): Promise<LiveFacts> {
    const content = await readFile(join(options.dataFolder, FILE), "utf8").catch(() => "");
    let known: readonly MediaFacts[] = [];
    try {
      known = stored.safeParse(JSON.parse(content)).data?.sources ?? [];
    } catch {
      // Not JSON.
    }
    return new LiveFacts(options, known);
  }

  /** What was last known of a source. */
  known(address: SourceAddress): MediaFacts | undefined {
    return this.#known.get(address.label);
  }

  /** What a source is made of; it is asked when that is not known for certain. Throws what `probeAddress` throws. */
  async find(request: FactsRequest, signal: AbortSignal): Promise<MediaFacts> {
    const { label } = request.address;
    for (;;) {
      const known = this.#known.get(label);
      if (known && this.#sure.has(label)) return known;
      const running = this.#probes.get(label);
      if (!running) return this.#probe(request, signal);
      // Whatever comes of it, and whoever gave it up: then it is known, or this one's turn.
      await Promise.race([running.catch(() => undefined), aborted(signal)]);
      signal.throwIfAborted();
    }
  }

  async #probe(request: FactsRequest, signal: AbortSignal): Promise<MediaFacts> {
    const { address, durationSeconds, isFilm } = request;
    const { label } = address;
    const { ffprobe, clock } = this.#options;
    const probe = probeAddress(address, durationSeconds, { ffprobe: ffprobe(), clock, signal, isFilm });
    this.#probes.set(label, probe);
    try {
      const facts = await probe;
      this.#known.delete(label);
      this.#known.set(label, facts);
      this.#sure.add(label);
      if (this.#known.size > MAX_SOURCES) this.#known.delete(this.#known.keys().next().value!);
      this.#save();
      return facts;
    } finally {
      this.#probes.delete(label);
    }
  }

  /** A run with these facts came to nothing: it is asked again before the next one. */
  doubt(address: SourceAddress): void {
    this.#sure.delete(address.label);
  }

  /** Resolves when everything so far is on disk, or could not be put there. */
  async close(): Promise<void> {
    await this.#saving;
  }

  #save(): void {
    const { dataFolder, onFailure } = this.#options;
    this.#saving = this.#saving
      .then(() => {
        const content = { version: MEDIA_FACTS_VERSION, sources: [...this.#known.values()] };
        return writeAtomically(join(dataFolder, FILE), `${JSON.stringify(content)}\n`);
      })
      .catch(onFailure);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
