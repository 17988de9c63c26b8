import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "../src/base/clock.ts";
import { OWNER_VARIABLE } from "../src/ffmpeg/environment.ts";
import { processIds, readProcess, variableOfProcess } from "../src/ffmpeg/process-table.ts";
import { childrenOf, ServerUnderTest } from "../test/support/server.ts";
import { Upstream } from "../test/support/upstream.ts";
import {
  DESCRIPTORS,
  makeWallClock,
  makeWrappers,
  mountSmallDisk,
  type SmallDisk,
  UPSTREAM_HOST,
  type WallClock,
  type Wrappers,
} from "./equipment.ts";
import { type ChannelUnderFire, HOUSE, makeFileChannels, makeNetworkChannels } from "./library.ts";
import { News, type NewsItem, ofChannel } from "./news.ts";
import { Viewers } from "./viewers.ts";

const VIEWERS = 20;
const TUNE_MS = 60_000;
const READY_MS = 60_000;
/** A little longer than the lead. */
const CALM_MS = 9_000;
const SETTLE_MS = 90_000;
const clock = new SystemClock();

/** What channels are played from: files, or another server. */
export type Stage = "files" | "network";

/** What a world is made of; a text in place of a means to hurt it says why this machine has none. */
interface Parts {
  readonly folder: string;
  readonly wrappers: Wrappers;
  readonly channels: readonly ChannelUnderFire[];
  readonly upstream: Upstream | undefined;
  readonly wallClock: WallClock | string;
  readonly disk: SmallDisk | string;
  readonly port: number;
}

/** The server under fire, with its media, its viewers, and the means to hurt it. */
export class World implements AsyncDisposable {
  readonly folder: string;
  readonly mediaFolder: string;
  readonly dataFolder: string;
  readonly wrappers: Wrappers;
  readonly channels: readonly ChannelUnderFire[];
  readonly viewers = new Viewers();
  readonly news = new News();
  /** What channels are played from, where that is not files. */
  readonly upstream: Upstream | undefined;
  readonly wallClock: WallClock | string;
  /** What holds the data folder and nothing else. */
  readonly disk: SmallDisk | string;
  server!: ServerUnderTest;
  readonly #port: number;

  private constructor(parts: Parts) {
    this.folder = parts.folder;
    this.mediaFolder = join(parts.folder, "media");
    this.dataFolder = join(parts.folder, "disk", "data");
    this.wrappers = parts.wrappers;
    this.channels = parts.channels;
    this.upstream = parts.upstream;
    this.wallClock = parts.wallClock;
    this.disk = parts.disk;
    this.#port = parts.port;
  }

  /** Makes the media, starts the server, and tunes twenty viewers. */
  static async open(stage: Stage): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "exstreamtv-chaos-"));
    const media = join(folder, "media");
    await mkdir(join(folder, "tmp"));
    const wrappers = await makeWrappers(folder);
    const upstream = stage === "network" ? await Upstream.start() : undefined;
    const host = wrappers.noResolver === undefined ? UPSTREAM_HOST : "127.0.0.1";
    const world = new World({
      ...{ folder, wrappers, upstream, port: await freePort() },
      channels: await (upstream ? makeNetworkChannels(media, upstream, host) : makeFileChannels(media)),
      wallClock: await makeWallClock(folder),
      disk: await mountSmallDisk(join(folder, "disk")),
    });
    try {
      await world.start();
      await world.tuneAll(TUNE_MS);
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts the server; its data and its address are those of the one before. */
  async start(): Promise<void> {
    const { wallClock } = this;
    this.server = await ServerUnderTest.start({
      folder: this.mediaFolder,
      dataFolder: this.dataFolder,
      config: this.#config(),
      env: {
        ...(typeof wallClock !== "string" && wallClock.env),
        EXSTREAMTV_FFMPEG: this.wrappers.ffmpeg,
        EXSTREAMTV_FFPROBE: this.wrappers.ffprobe,
        TMPDIR: join(this.folder, "tmp"),
      },
      descriptors: DESCRIPTORS,
    });
    await this.ready();
    await this.news.follow(this.server.base);
  }

  /** Writes the configuration anew, with these sections besides; the server reads it by itself. */
  async configure(sections: object): Promise<void> {
    const { configFile } = this.server;
    await writeFile(`${configFile}.new`, JSON.stringify({ ...this.#config(), ...sections }));
    await rename(`${configFile}.new`, configFile);
  }

  #config(): object {
    return {
      server: { host: "127.0.0.1", port: this.#port },
      house_format: { ...HOUSE, audio_bitrate_bps: 64_000 },
      stream_throttler: { target_bitrate_bps: 1_000_000 },
    };
  }

  /** Waits until channels can be tuned. */
  async ready(): Promise<void> {
    const deadlineMs = clock.now() + READY_MS;
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/health/ready`).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return;
      if (clock.now() > deadlineMs)
        throw new Error(`the server is not ready:\n${this.server.output.slice(-4000)}`);
      await clock.sleep(20);
    }
  }

  /** Address of a channel's stream. */
  address(channel: number): string {
    return `http://127.0.0.1:${this.#port}/iptv/channel/${channel}.ts`;
  }

  /** Tunes all who watch throughout; resolves with the ms up to each one's first byte. */
  tuneAll(withinMs: number): Promise<number[]> {
    // One seat of each channel is kept for whoever comes to record a fault.
    const seats = Array.from({ length: VIEWERS - this.channels.length }, (_, seat) => seat);
    return Promise.all(
      seats.map((seat) => {
        const channel = 1 + (seat % this.channels.length);
        return this.viewers.tune(`channel ${channel}, seat ${seat}`, this.address(channel), withinMs);
      }),
    );
  }

  /** Waits until every channel has shown its programme for longer than its lead; false when that takes too long. */
  async settled(): Promise<boolean> {
    const deadlineMs = clock.now() + SETTLE_MS;
    const numbers = this.channels.map((_, index) => index + 1);
    while (clock.now() < deadlineMs) {
      const changes = numbers.map((number) => this.#screenNews(number));
      const lastMs = Math.max(...changes.map((item) => item?.atMs ?? 0));
      const isCalm = changes.every((item) => item?.type !== "channel.screen_started");
      if (isCalm && clock.now() - lastMs > CALM_MS) return true;
      await clock.sleep(100);
    }
    return false;
  }

  /** Whether what is being made for a channel is a screen. */
  showsScreen(channel: number): boolean {
    return this.#screenNews(channel)?.type === "channel.screen_started";
  }

  #screenNews(channel: number): NewsItem | undefined {
    return this.news.items.findLast(ofChannel(channel, "on_air", "screen_started", "screen_ended"));
  }

  /** Process id of what serves, below its supervisor. */
  async worker(): Promise<number> {
    for (;;) {
      const [pid] = await childrenOf(this.server.supervisorPid);
      if (pid !== undefined) return pid;
      if (this.server.hasEnded) throw new Error("the server is gone, and its supervisor with it");
      await clock.sleep(20);
    }
  }

  /** Process ids of the encoders that run for a channel, the oldest first. */
  async encoders(channel: number): Promise<number[]> {
    const folder = join(this.mediaFolder, this.channels[channel - 1]!.folder);
    const all = await this.allEncoders();
    return all.filter(({ command }) => command.includes(folder)).map(({ pid }) => pid);
  }

  /** All encoders that run, the oldest first. */
  async allEncoders(): Promise<{ readonly pid: number; readonly command: string }[]> {
    const children = (await childrenOf(await this.worker())).sort((a, b) => a - b);
    const started = await Promise.all(children.map(async (pid) => ({ pid, command: await commandOf(pid) })));
    return started.filter(({ command }) => command.includes("-progress"));
  }

  /** Processes that bear the mark of a server of this data folder and are no child of the one that runs. */
  async strays(): Promise<number[]> {
    const worker = await this.worker();
    const children = new Set(await childrenOf(worker));
    const found: number[] = [];
    for (const pid of await processIds()) {
      const mark = await variableOfProcess(pid, OWNER_VARIABLE);
      if (mark === undefined || !(await this.#isOurs(mark)) || pid === worker) continue;
      const entry = await readProcess(pid);
      if (entry && !entry.zombie && !children.has(pid)) found.push(pid);
    }
    return found;
  }

  /** Files in the working folder and the folder for temporary files, which nothing should be left in. */
  async files(): Promise<string[]> {
    const folders = [join(this.folder, "tmp"), join(this.dataFolder, "work")];
    const entries = await Promise.all(
      folders.map((folder) => readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])),
    );
    return entries
      .flat()
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
  }

  /** Resident memory of what serves, in MiB. */
  async memoryMib(): Promise<number> {
    const status = await readFile(`/proc/${await this.worker()}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1024;
  }

  /** File descriptors that what serves has open. */
  async descriptors(): Promise<number> {
    return (await readdir(`/proc/${await this.worker()}/fd`)).length;
  }

  /** The server's wall-clock time, in ms since the Unix epoch. */
  wallNow(): number {
    return clock.wallNow() + (typeof this.wallClock === "string" ? 0 : this.wallClock.offsetMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.news.stop();
    await this.viewers[Symbol.asyncDispose]();
    await this.server?.[Symbol.asyncDispose]();
    await this.upstream?.[Symbol.asyncDispose]();
    if (typeof this.disk !== "string") await this.disk[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }

  #mark: string | undefined;

  /** Marks begin with the data folder's own. */
  async #isOurs(mark: string): Promise<boolean> {
    if (this.#mark === undefined) {
      for (const child of await childrenOf(await this.worker())) {
        this.#mark ??= (await variableOfProcess(child, OWNER_VARIABLE))?.split(":")[0];
      }
    }
    return this.#mark !== undefined && mark.startsWith(`${this.#mark}:`);
  }
}

async function commandOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
