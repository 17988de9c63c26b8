import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SystemClock } from "../../src/base/clock.ts";
import { Broadcast, type BroadcastOptions } from "./broadcast.ts";
import type { Fault } from "./upstream-response.ts";
import { BroadcastSource, FileSource, type Source } from "./upstream-sources.ts";

export { type BroadcastOptions, LOOP_FRAMES, type Picture } from "./broadcast.ts";
export type { Fault } from "./upstream-response.ts";

/** One request as it came. */
export interface UpstreamRequest {
  /** With its query. */
  readonly path: string;
  readonly atMs: number;
}

const clock = new SystemClock();

/**
 * A real HTTP server on a port of its own whose sources misbehave on command. A broadcast `name` is served as
 * `/name.ts` (progressive, from where it is at present, in real time) and as `/name/index.m3u8` (HLS, segments of 2 s); a
 * file `name` as `/name`, with ranges.
 */
export class Upstream implements AsyncDisposable {
  readonly requests: UpstreamRequest[] = [];
  readonly #sources = new Map<string, Source>();
  #server: Server;
  #port = 0;

  private constructor() {
    this.#server = this.#make();
  }

  static async start(): Promise<Upstream> {
    const upstream = new Upstream();
    await upstream.accept();
    return upstream;
  }

  /** Address of a path, for instance `news.ts`, `news/index.m3u8`. */
  url(path: string): string {
    return `http://127.0.0.1:${this.#port}/${path}`;
  }

  /** Adds a broadcast, which is on air at once. */
  async broadcast(name: string, options: BroadcastOptions = {}): Promise<Broadcast> {
    const broadcast = await Broadcast.open(options);
    this.#sources.set(name, new BroadcastSource(broadcast));
    return broadcast;
  }

  /** Adds a file. */
  file(name: string, path: string): void {
    this.#sources.set(name, new FileSource(path));
  }

  /** Makes a source misbehave, or, without a fault, behave again. */
  misbehave(name: string, fault?: Fault): void {
    this.#source(name).misbehave(fault);
  }

  /** Resets what is under way, once. */
  hangUp(name: string): void {
    this.#source(name).hangUp();
  }

  /** Number of responses of a source that are under way. */
  connections(name: string): number {
    return this.#source(name).connections;
  }

  /** Requests of a source, playlists and segments included. */
  requestsOf(name: string): UpstreamRequest[] {
    return this.requests.filter(({ path }) => nameOf(path) === name);
  }

  /** Refuses connections, and ends those that there are. */
  async refuse(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Accepts connections again, on the same port. */
  async accept(): Promise<void> {
    if (this.#server.listening) return;
    this.#server = this.#make();
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.#sources.values()) source.end();
    if (this.#server.listening) await this.refuse();
  }

  #source(name: string): Source {
    const source = this.#sources.get(name);
    if (!source) throw new RangeError(`no source is called ${name}`);
    return source;
  }

  #make(): Server {
    return createServer((request, response) => {
      response.on("error", () => undefined);
      const path = request.url ?? "/";
      this.requests.push({ path, atMs: clock.now() });
      const source = this.#sources.get(nameOf(path));
      if (source) source.serve(request, response);
      else response.writeHead(404).end();
    });
  }
}

/** `news` of `/news.ts?token=x`, `/news/3.ts` and `/news`. */
function nameOf(path: string): string {
  return /^\/([^/.?]*)/.exec(path)?.[1] ?? "";
}
