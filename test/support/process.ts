import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { text } from "node:stream/consumers";
import { SystemClock } from "../../src/base/clock.ts";

const clock = new SystemClock();
const GRACE_MS = 3000;

/** How a bounded child process is run. */
export interface RunOptions {
  /** Wall time after which the child is told to stop (SIGTERM, and SIGKILL 3 s later). */
  readonly seconds: number;
  /** Receives standard output as it comes; without it, standard output is returned as text. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** File descriptor that becomes the child's standard input. */
  readonly stdin?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Folder to run in; default this process's. */
  readonly cwd?: string;
  /** Numeric user and group to run as; only root may choose. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** It keeps a clock: other work on the machine should not make it late (where we may say so, as root). */
  readonly inRealTime?: true;
}

/** How a child process ended. */
export interface RunResult {
  /** Exit status, null when a signal ended the child. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True when `seconds` ran out first. */
  readonly timedOut: boolean;
  /** Empty when `onStdout` was given. */
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) killGroup(child, "SIGKILL");
});

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is already gone.
  }
}

/** Threads that it starts from now on inherit it. Where it is refused (containers may) it stays as it is. */
function preferOverOthers({ pid }: ChildProcess): void {
  if (pid !== undefined && process.getuid?.() === 0) spawnSync("chrt", ["--rr", "--pid", "1", String(pid)]);
}

/**
 * Runs a program in a process group of its own for at most `seconds`, and leaves nothing of the group behind.
 * Rejects only when the program cannot be started.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const child = spawn(command, args, {
    stdio: [options.stdin ?? "ignore", "pipe", "pipe"],
    detached: true,
    env: options.env ?? process.env,
    cwd: options.cwd,
    ...options.user,
  });
  running.add(child);
  if (options.inRealTime) preferOverOthers(child);
  let timedOut = false;
  let killer = clock.after(options.seconds * 1000, () => {
    timedOut = true;
    killGroup(child, "SIGTERM");
    killer = clock.after(GRACE_MS, () => killGroup(child, "SIGKILL"));
  });
  try {
    const { onStdout } = options;
    if (onStdout) child.stdout!.on("data", onStdout);
    const [stdout, stderr, end] = await Promise.all([
      onStdout ? "" : text(child.stdout!),
      text(child.stderr!),
      ended(child),
    ]);
    return { ...end, timedOut, stdout, stderr };
  } finally {
    killer.cancel();
    if (child.exitCode === null && child.signalCode === null) killGroup(child, "SIGKILL");
    running.delete(child);
  }
}

function ended(child: ChildProcess): Promise<Pick<RunResult, "status" | "signal">> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    // A grandchild that keeps the pipes open must not keep us waiting.
    child.once("exit", () => killGroup(child, "SIGKILL"));
    child.once("close", (status, signal) => resolve({ status, signal }));
  });
}

/** Like `run`, but rejects with the program's own words unless it ends by itself with status 0. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const result = await run(command, args, options);
  if (result.status === 0 && !result.timedOut) return result;
  const how = result.timedOut
    ? `no end after ${options.seconds} s`
    : `status ${result.status ?? result.signal}`;
  throw new Error(`${command}: ${how}\n${result.stderr.slice(-2000)}`);
}

/** The lines of a program's output that hold more than white space. */
export function linesOf(output: string): string[] {
  return output.split(/[\r\n]+/).filter((line) => line.trim() !== "");
}
