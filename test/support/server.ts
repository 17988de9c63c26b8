import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SystemClock } from "../../src/base/clock.ts";
import { readProcess } from "../../src/ffmpeg/process-table.ts";

const clock = new SystemClock();
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 20_000;

/** House format of most tests: small enough for several encoders on two cores. */
export const SMALL_HOUSE = {
  house_format: { width: 384, height: 216, audio_bitrate_bps: 96_000 },
  stream_throttler: { target_bitrate_bps: 2_000_000 },
};

/** What a server under test is started with. */
export interface ServerUnderTestOptions {
  /** The media folder; undefined starts the demo channels. */
  readonly folder?: string;
  /** Content of its configuration file. */
  readonly config?: object;
  /** A data folder to be kept; by default a fresh one that is removed. */
  readonly dataFolder?: string;
  readonly env?: Record<string, string>;
  /** Flags of Node.js. */
  readonly nodeFlags?: readonly string[];
  /** Most file descriptors that it may have open. */
  readonly descriptors?: number;
}

/**
 * The server as a person runs it: started through bin/exstreamtv.js, so that it is a supervisor and, below it, the
 * process that does the work.
 */
export class ServerUnderTest implements AsyncDisposable {
  readonly base: string;
  /** Of the supervisor: what a person has started, and ends. */
  readonly supervisorPid: number;
  /** Its configuration file. */
  readonly configFile: string;
  readonly #process: ChildProcess;
  readonly #output: string[];
  readonly #folder: string;
  #pid: number;

  private constructor(child: ChildProcess, pid: number, output: string[], folder: string, base: string) {
    this.#process = child;
    this.supervisorPid = child.pid!;
    this.#pid = pid;
    this.#output = output;
    this.#folder = folder;
    this.configFile = join(folder, "config.yaml");
    this.base = base;
  }

  /** Starts it on a free port and waits until channels can be tuned. */
  static async start(options: ServerUnderTestOptions): Promise<ServerUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), "exstreamtv-e2e-"));
    const file = join(folder, "config.yaml");
    // YAML is a superset of JSON.
    await writeFile(file, JSON.stringify({ server: { host: "127.0.0.1", port: 0 }, ...options.config }));
    const args = ["--config", file, "--data", options.dataFolder ?? join(folder, "data")];
    if (options.folder) args.push(options.folder);
    const flags = options.nodeFlags ?? [];
    const command = [process.execPath, ...flags, join(ROOT, "bin/exstreamtv.js"), ...args];
    const limits = options.descriptors === undefined ? "" : `ulimit -n ${options.descriptors}; `;
    const child = spawn("bash", ["-c", `${limits}exec "$@"`, "bash", ...command], {
      cwd: folder,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => output.push(text));
    }
    const deadlineMs = clock.now() + START_TIMEOUT_MS;
    for (;;) {
      const [url] = addressesIn(output);
      if (url) return new ServerUnderTest(child, await workerOf(child.pid!), output, folder, url);
      if (child.exitCode !== null || child.signalCode !== null || clock.now() > deadlineMs) {
        child.kill("SIGKILL");
        throw new Error(`the server did not start:\n${output.join("")}`);
      }
      await clock.sleep(50);
    }
  }

  /** Of the process that does the work; its children are the encoders. */
  get pid(): number {
    return this.#pid;
  }

  /** Resolves when the supervisor has started the server for the `count`th time again and channels can be tuned. */
  async restarted(count = 1): Promise<void> {
    const deadlineMs = clock.now() + START_TIMEOUT_MS;
    while (addressesIn(this.#output).length <= count) {
      if (this.hasEnded || clock.now() > deadlineMs) throw new Error(`no restart:\n${this.output}`);
      await clock.sleep(20);
    }
    this.#pid = await workerOf(this.supervisorPid);
  }

  /** Whether the supervisor is gone. */
  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Everything it has printed. */
  get output(): string {
    return this.#output.join("");
  }

  /** The log lines with this message. */
  logged(message: string): Record<string, unknown>[] {
    return this.output.split("\n").flatMap((line) => {
      if (!line.startsWith("{")) return [];
      const entry = JSON.parse(line) as Record<string, unknown>;
      return entry.msg === message ? [entry] : [];
    });
  }

  /** Address of a channel's transport stream. */
  channel(number: number): string {
    return `${this.base}/iptv/channel/${number}.ts`;
  }

  /**
   * Process ids of its encoders, the oldest first; those that make screens behind the scenes are not meant, nor a
   * child that has not become its program yet.
   */
  async encoders(): Promise<number[]> {
    const children = await childrenOf(this.pid);
    const commands = await Promise.all(
      children.map((child) => readFile(`/proc/${child}/cmdline`, "utf8").catch(() => "")),
    );
    const isOther = /^$|bin[/]exstreamtv[.]js|painter-main|[/]work[/]screen-/;
    return children.filter((_, index) => !isOther.test(commands[index]!)).sort((a, b) => a - b);
  }

  /** Process ids of everything that it has started. */
  children(): Promise<number[]> {
    return childrenOf(this.pid);
  }

  /** Resident memory in bytes. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  /** Number of open file descriptors. */
  async fileDescriptors(): Promise<number> {
    return (await readdir(`/proc/${this.pid}/fd`)).length;
  }

  /** Ends it as an operator would; returns its exit code. SIGKILL is for the supervisor and the server at once. */
  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<number | null> {
    if (!this.hasEnded) {
      const watchdog = clock.after(STOP_TIMEOUT_MS, () => this.#kill("SIGKILL"));
      this.#kill(signal);
      await this.ended();
      watchdog.cancel();
    }
    return this.#process.exitCode;
  }

  /** Resolves when the supervisor is gone, and the server with it. */
  async ended(): Promise<void> {
    while (!this.hasEnded || (await readProcess(this.#pid))?.zombie === false) await clock.sleep(20);
  }

  #kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
    if (signal !== "SIGKILL") return;
    try {
      process.kill(this.#pid, signal);
    } catch {
      // It is gone already.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The process that does the work: below the supervisor, or the same where there is none. */
async function workerOf(started: number): Promise<number> {
  for (const child of await childrenOf(started)) {
    const command = await readFile(`/proc/${child}/cmdline`, "utf8").catch(() => "");
    if (command.includes("bin/exstreamtv.js")) return child;
  }
  return started;
}

/** Addresses that servers have printed when they were ready, one for each start. */
function addressesIn(output: readonly string[]): string[] {
  return [...output.join("").matchAll(/(http:\/\/[^/\s]+)\/iptv\/channels\.m3u/g)].map(([, url]) => url!);
}

/** Process ids of the direct children of a process that run (zombies do not). */
export async function childrenOf(pid: number): Promise<number[]> {
  const entries = await readdir("/proc");
  const found = await Promise.all(
    entries.map(async (entry) => {
      if (!/^\d+$/.test(entry)) return undefined;
      const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(parent) === pid && state !== "Z" ? Number(entry) : undefined;
    }),
  );
  return found.filter((child) => child !== undefined);
}
