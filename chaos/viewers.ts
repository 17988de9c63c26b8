import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What the process of the viewers is told to do. */
export type Order =
  | {
      readonly do: "tune";
      readonly name: string;
      readonly url: string;
      readonly withinMs: number;
      /** File for the body. */
      readonly save?: string;
    }
  | { readonly do: "leave"; readonly name: string }
  | { readonly do: "look" };

/** What it answers. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** What one viewer has seen since it was there. */
export interface Sighting {
  readonly name: string;
  readonly connected: boolean;
  /** How often its connection ended without its doing. */
  readonly disconnects: number;
  readonly bytes: number;
  /** The longest time without a byte since the last look. */
  readonly silenceMs: number;
  /** Checks of the analyser that have failed, and how often. */
  readonly faults: Readonly<Record<string, number>>;
}

/** Viewers in a process of their own, each of whose streams is judged by the analyser as it comes. */
export class Viewers implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (cause: Error) => void }>();
  #orders = 0;

  constructor() {
    this.#process = fork(fileURLToPath(new URL("viewers-process.ts", import.meta.url)));
    this.#process.on("message", ({ id, value, error }: Answer) => {
      const waiting = this.#open.get(id);
      this.#open.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
    this.#process.once("exit", () => {
      for (const { reject } of this.#open.values()) reject(new Error("the viewers' process has ended"));
      this.#open.clear();
    });
  }

  /**
   * Tunes a viewer, a new one or one whose connection has ended; resolves with the ms up to its first byte. Tries
   * again until `withinMs` are over. The body is written to `save`.
   */
  async tune(name: string, url: string, withinMs: number, save?: string): Promise<number> {
    return (await this.#ask({ do: "tune", name, url, withinMs, ...(save && { save }) })) as number;
  }

  /** Hangs up and forgets the viewer; what it saw. */
  async leave(name: string): Promise<Sighting> {
    return (await this.#ask({ do: "leave", name })) as Sighting;
  }

  /** What all of them have seen. */
  async look(): Promise<Sighting[]> {
    return (await this.#ask({ do: "look" })) as Sighting[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.disconnect();
    await exited;
  }

  #ask(order: Order): Promise<unknown> {
    const id = this.#orders++;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#process.send({ id, ...order });
    });
  }
}
