import type { Clock, Timer } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";

/** How often the supervisor hears that the event loop runs. */
const BEAT_MS = 1000;

/** What the supervisor (`bin/supervisor.js`) is to keep to. */
export interface SupervisionPolicy {
  /** Silence after which a server is taken for hung, and killed. */
  readonly hangMs: number;
  /** At most so many restarts within `windowMs`; then it gives up. */
  readonly maxRestarts: number;
  readonly windowMs: number;
}

/** What is needed of Node's `process`. */
export interface SupervisedProcess {
  readonly env: NodeJS.ProcessEnv;
  readonly connected: boolean;
  send?(message: object, handle: undefined, options: object, done: (failure: Error | null) => void): boolean;
  once(event: "disconnect", listener: () => void): unknown;
}

/** The server's end of the line to its supervisor. */
export class SupervisorLink {
  /** How often the server was started again, and how its last run ended (a signal, `status n`, `hung`). */
  readonly restart: { readonly restarts: number; readonly lastEnd: string } | undefined;
  readonly #process: SupervisedProcess;
  readonly #beat: Timer;
  readonly #lost = new AbortController();
  #isBusy = false;

  private constructor(process: SupervisedProcess, policy: SupervisionPolicy, clock: Clock) {
    const { EXSTREAMTV_RESTARTS: restarts, EXSTREAMTV_LAST_END: lastEnd } = process.env;
    this.restart = lastEnd ? { restarts: Number(restarts), lastEnd } : undefined;
    this.#process = process;
    process.once("disconnect", () => {
      this.#beat.cancel();
      this.#lost.abort(new AppError("interrupted", "The supervisor is gone."));
    });
    this.#say({ type: "serving", policy });
    this.#beat = clock.every(BEAT_MS, () => this.#say({ type: "beat" }));
  }

  /** Asks the supervisor to keep this process running; undefined when there is none. */
  static open(
    process: SupervisedProcess,
    policy: SupervisionPolicy,
    clock: Clock,
  ): SupervisorLink | undefined {
    const isSupervised = process.env.EXSTREAMTV_RESTARTS !== undefined && process.connected;
    return isSupervised ? new SupervisorLink(process, policy, clock) : undefined;
  }

  /** Aborts when the supervisor is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The server is on air: from now on no error of its start is for a person alone to mend. */
  ready(): void {
    this.#send({ type: "ready" });
  }

  /** A supervisor that does not read (somebody has stopped it) is not written to without end. */
  #say(message: object): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#send(message);
  }

  #send(message: object): void {
    if (!this.#process.connected) return;
    this.#process.send?.(message, undefined, {}, () => {
      this.#isBusy = false;
    });
  }
}
