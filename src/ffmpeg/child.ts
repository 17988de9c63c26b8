import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { PassThrough, pipeline, type Readable } from "node:stream";
import type { Clock, Timer } from "../base/clock.ts";
import { childEnvironment } from "./environment.ts";
import { LineReader } from "./lines.ts";
import { type Progress, ProgressMeter } from "./progress.ts";

const STDERR_LINES = 64;
const STDERR_LINE_CHARACTERS = 500;
/** How long after the exit the pipes may stay open (an unread stdout, a helper that inherited them). */
const STDIO_GRACE_MS = 1000;
/** Signals of `kill`, each with the wait before it. A blocked read ignores the first TERM, not the second. */
const KILL_LADDER: readonly { waitMs: number; signal: NodeJS.Signals }[] = [
  { waitMs: 0, signal: "SIGTERM" },
  { waitMs: 2000, signal: "SIGTERM" },
  { waitMs: 1000, signal: "SIGKILL" },
];

/** What to start and how. */
export interface ChildOptions {
  readonly binary: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly clock: Clock;
  /** Read what `-progress pipe:3` (to be given in `args`) writes. */
  readonly progress?: boolean;
  /** Takes what filters write there in between, line by line. */
  readonly onProgressLine?: (line: string) => void;
  /** Changes each line of stderr before anybody sees it: what is secret is taken out. */
  readonly conceal?: (line: string) => string;
  /** Takes every line of stderr as it comes, cut to 500 characters. */
  readonly onStderr?: (line: string) => void;
}

/** How a process ended; both null when it never started. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * One ffmpeg or ffprobe process, in a process group of its own, spawned by the constructor. Its owner reads
 * `stdout` (unread bytes hold the process back through the pipe) and ends it with `kill` or disposal.
 */
export class FfmpegChild implements AsyncDisposable {
  readonly pid: number | undefined;
  /** The output; stays readable after the exit. A reader sees ERR_STREAM_PREMATURE_CLOSE after `kill`. */
  readonly stdout: Readable;
  readonly progress: Progress;
  /** The last 64 lines of stderr, each cut to 500 characters; the array is live. */
  readonly stderrTail: readonly string[];
  /** Never rejects; resolves once the process is gone and its pipes are closed, at the latest 1 s after its exit. */
  readonly exited: Promise<ChildExit>;

  readonly #clock: Clock;
  readonly #process: ChildProcess | undefined;
  #spawnError: Error | undefined;
  #exit: ChildExit | undefined;
  #ladder: Timer | undefined;
  #killing = false;

  constructor(options: ChildOptions) {
    this.#clock = options.clock;
    const meter = new ProgressMeter(options.clock);
    const tail: string[] = [];
    this.progress = meter;
    this.stderrTail = tail;
    try {
      this.#process = start(options);
    } catch (failure) {
      this.#spawnError = failure as Error;
    }
    this.pid = this.#process?.pid;
    this.stdout = readOnDemand(this.#process?.stdout);
    readLines(this.#process?.stderr, STDERR_LINE_CHARACTERS, (said) => {
      const line = options.conceal?.(said) ?? said;
      tail.push(line);
      options.onStderr?.(line);
      if (tail.length > STDERR_LINES) tail.shift();
    });
    if (options.progress) {
      readLines(this.#process?.stdio?.[3] as Readable, 200, (line) => {
        meter.take(line);
        options.onProgressLine?.(line);
      });
    }
    this.exited = this.#watch();
    if (this.pid !== undefined) living.add(this);
  }

  /** Why the process could not be started; known by the time `exited` resolves. */
  get spawnError(): Error | undefined {
    return this.#spawnError;
  }

  /** Ends the process group: stdout is destroyed, then TERM, 2 s, TERM, 1 s, KILL. Idempotent. */
  kill(): Promise<ChildExit> {
    this.stdout.destroy();
    if (!this.#killing) {
      this.#killing = true;
      this.#climb(0);
    }
    return this.exited;
  }

  /** SIGKILL to the process group at once, for a process that is stopped or stuck; stdout is destroyed. */
  killNow(): Promise<ChildExit> {
    this.stdout.destroy();
    this.#killing = true;
    this.#ladder?.cancel();
    this.#signalGroup("SIGKILL");
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #climb(rung: number): void {
    const step = KILL_LADDER[rung];
    if (!step || this.#exit) return;
    const act = () => {
      this.#signalGroup(step.signal);
      this.#climb(rung + 1);
    };
    if (step.waitMs === 0) act();
    else this.#ladder = this.#clock.after(step.waitMs, act);
  }

  /** Never after the exit was seen: by then the number may belong to somebody else's process. */
  #signalGroup(signal: NodeJS.Signals): void {
    if (this.pid === undefined || this.#exit) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // ESRCH, on macOS EPERM for zombies: the group is gone and the news of its exit is on the way.
    }
  }

  #watch(): Promise<ChildExit> {
    const { promise, resolve } = Promise.withResolvers<ChildExit>();
    const child = this.#process;
    const ended = (exit: ChildExit) => {
      this.#exit ??= exit;
      living.delete(this);
      this.#ladder?.cancel();
    };
    if (!child) {
      ended({ code: null, signal: null });
      resolve(this.#exit!);
      return promise;
    }
    let grace: Timer | undefined;
    const settle = () => {
      grace?.cancel();
      child.stderr?.destroy();
      (child.stdio?.[3] as Readable | undefined)?.destroy();
      resolve(this.#exit!);
    };
    child.once("exit", (code, signal) => {
      ended({ code, signal });
      grace = this.#clock.after(STDIO_GRACE_MS, settle);
    });
    child.once("close", settle);
    child.on("error", (failure) => {
      if (child.pid !== undefined) return;
      this.#spawnError ??= failure;
      ended({ code: null, signal: null });
      settle();
    });
    return promise;
  }
}

const living = new Set<FfmpegChild>();
let childMark: string | undefined;

/** From now on every child of this process carries `mark` in its environment (`ownerMark`), whoever starts it. */
export function markChildren(mark: string | undefined): void {
  childMark = mark;
}

/** Process ids of the children that have not ended. */
export function livingChildren(): number[] {
  return [...living].map((child) => child.pid!);
}

/** SIGKILL to every living child and its group, without waiting: for the server's own exit. */
export function killAllNow(): void {
  for (const child of [...living]) void child.killNow();
}

function start(options: ChildOptions): ChildProcess {
  const stdio: StdioOptions = ["ignore", "pipe", "pipe"];
  if (options.progress) stdio.push("pipe");
  return spawn(options.binary, options.args, {
    cwd: options.cwd,
    detached: true,
    env: childEnvironment(process.env, childMark),
    shell: false,
    stdio,
    windowsHide: true,
  });
}

/**
 * Node throws away what nobody has read when a child exits; behind a PassThrough the output waits for its
 * reader. Failures of the pipe reach a reader through the stream and nobody else.
 */
function readOnDemand(source: Readable | null | undefined): Readable {
  const output = new PassThrough();
  output.on("error", () => {});
  if (source) pipeline(source, output, () => {});
  else output.end();
  return output;
}

function readLines(source: Readable | null | undefined, maxLength: number, onLine: (line: string) => void) {
  if (!source) return;
  const lines = new LineReader(maxLength, onLine);
  source.setEncoding("utf8");
  source.on("data", (text: string) => lines.push(text));
  source.on("end", () => lines.end());
  // A pipe that breaks ends with the process; its exit is what is reported.
  source.on("error", () => {});
}
