import type { Gauges, MemorySample } from "./gauges.ts";

const MIB = 1024 * 1024;

/** Gauges that a test sets. */
export class SetGauges implements Gauges {
  cpu = 0;
  starved: number | undefined;
  sample: MemorySample = {
    ...{ heapUsed: 50 * MIB, heapLimit: 1000 * MIB, external: 0 },
    ...{ rss: 200 * MIB, available: 8000 * MIB },
  };
  readonly #gc = new Set<(ms: number) => void>();
  readonly #continue = new Set<() => void>();

  cpuMs(): number {
    return this.cpu;
  }

  starvedMs(): number | undefined {
    return this.starved;
  }

  memory(): MemorySample {
    return this.sample;
  }

  onGc(listener: (ms: number) => void): () => void {
    this.#gc.add(listener);
    return () => void this.#gc.delete(listener);
  }

  onContinue(listener: () => void): () => void {
    this.#continue.add(listener);
    return () => void this.#continue.delete(listener);
  }

  collected(ms: number): void {
    for (const listener of this.#gc) listener(ms);
  }

  continued(): void {
    for (const listener of this.#continue) listener();
  }

  /** Number of listeners. */
  get listeners(): number {
    return this.#gc.size + this.#continue.size;
  }
}
