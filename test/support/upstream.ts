import { open } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SystemClock, type Timer } from "../../src/base/clock.ts";
import { Broadcast, type BroadcastOptions, SEGMENT_SECONDS } from "./broadcast.ts";

export { type BroadcastOptions, LOOP_FRAMES, type Picture } from "./broadcast.ts";

/** How a source misbehaves; what is under way is treated alike: stalled, dripping, reset, or broken off. */
export type Fault =
  /** Answers with this status and nothing else. */
  | { readonly kind: "status"; readonly code: number }
  /** A web page with status 200, as of a login or a provider that is out of order. */
  | { readonly kind: "html" }
  /** Redirects to itself for ever. */
  | { readonly kind: "redirect_loop" }
  /** Resets the connection after so many bytes of body; default 0. */
  | { readonly kind: "reset"; readonly afterBytes?: number }
  /** Sends nothing more after so many bytes of body and keeps the connection; default 0. */
  | { readonly kind: "stall"; readonly afterBytes?: number }
  /** Sends so slowly. */
  | { readonly kind: "drip"; readonly bytesPerSecond: number }
  /** Announces more than it sends, and ends. */
  | { readonly kind: "truncate"; readonly afterBytes: number }
  /** 403 but for requests with `?token=` this. */
  | { readonly kind: "token"; readonly token: string }
  /** HLS alone: the playlist does not go on. */
  | { readonly kind: "stale" };

/** One request as it came. */
export interface UpstreamRequest {
  /** With its query. */
  readonly path: string;
  readonly atMs: number;
}

const TICK_MS = 40;
const PACKET = 188;
/** Segments in a playlist. */
const WINDOW = 4;
/** Segments that can still be had. */
const KEPT = 10;

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

/** A response under way, paced and cut as its source's fault wants it. */
class Outgoing {
  readonly #response: ServerResponse;
  #sent = 0;
  #drip: Timer | undefined;
  #backlog: Uint8Array[] = [];
  #isLast = false;
  #fault: Fault | undefined;

  constructor(response: ServerResponse, fault: Fault | undefined) {
    this.#response = response;
    this.follow(fault);
    response.on("close", () => this.#drip?.cancel());
  }

  get isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  follow(fault: Fault | undefined): void {
    this.#fault = fault;
    this.#drip?.cancel();
    const rate = fault?.kind === "drip" ? fault.bytesPerSecond : undefined;
    if (rate !== undefined) this.#drip = clock.every(100, () => this.#release(rate / 10));
    if (this.#backlog.length > 0) this.#release(Number.POSITIVE_INFINITY);
  }

  /** `isLast`: the body ends with it. */
  write(bytes: Uint8Array, isLast = false): void {
    if (this.isOver) return;
    this.#isLast ||= isLast;
    const fault = this.#fault;
    if (fault?.kind === "drip") {
      this.#backlog.push(bytes);
      return;
    }
    const limit = limitOf(fault);
    const room = limit === undefined ? bytes.length : Math.max(0, limit - this.#sent);
    if (room > 0) this.#response.write(bytes.subarray(0, room));
    this.#sent += Math.min(room, bytes.length);
    if (room < bytes.length || (limit === 0 && fault?.kind === "reset")) this.#cut(fault);
    else if (this.#isLast) this.#response.end();
  }

  reset(): void {
    this.#response.socket?.resetAndDestroy();
  }

  end(): void {
    this.#response.destroy();
  }

  #cut(fault: Fault | undefined): void {
    if (fault?.kind === "reset") this.reset();
    // What was announced does not come; a stalled one simply stays.
    if (fault?.kind === "truncate") this.#response.socket?.end();
  }

  #release(bytes: number): void {
    let room = bytes;
    while (room > 0 && this.#backlog.length > 0 && !this.isOver) {
      const first = this.#backlog[0]!;
      const piece = first.subarray(0, room);
      room -= piece.length;
      if (piece.length === first.length) this.#backlog.shift();
      else this.#backlog[0] = first.subarray(piece.length);
      this.#sent += piece.length;
      this.#response.write(piece);
    }
    if (this.#isLast && this.#backlog.length === 0 && !this.isOver) this.#response.end();
    // A body that drips does not grow without bound when it was meant to be live.
    if (this.#backlog.length > 1000) this.#backlog = this.#backlog.slice(-500);
  }
}

function limitOf(fault: Fault | undefined): number | undefined {
  switch (fault?.kind) {
    case "reset":
    case "stall":
      return fault.afterBytes ?? 0;
    case "truncate":
      return fault.afterBytes;
    default:
      return undefined;
  }
}

/** Resolves when a response takes more again, or is over. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

abstract class Source {
  protected readonly outgoing = new Set<Outgoing>();
  protected fault: Fault | undefined;

  get connections(): number {
    return [...this.outgoing].filter((each) => !each.isOver).length;
  }

  misbehave(fault: Fault | undefined): void {
    this.fault = fault;
    const goesOn = fault === undefined || fault.kind === "stall" || fault.kind === "drip";
    for (const each of this.outgoing) {
      if (fault?.kind === "reset") each.reset();
      else if (goesOn) each.follow(fault);
      else if (fault.kind !== "stale") each.end();
    }
  }

  hangUp(): void {
    for (const each of this.outgoing) each.reset();
  }

  end(): void {
    for (const each of this.outgoing) each.end();
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    const { fault } = this;
    const url = new URL(request.url ?? "/", "http://upstream");
    if (fault?.kind === "status") response.writeHead(fault.code).end();
    else if (fault?.kind === "html") {
      response.writeHead(200, { "content-type": "text/html" });
      response.end(`<!DOCTYPE html><html><body>${"<p>Please log in.</p>".repeat(200)}</body></html>`);
    } else if (fault?.kind === "redirect_loop") response.writeHead(302, { location: request.url }).end();
    else if (fault?.kind === "token" && url.searchParams.get("token") !== fault.token)
      response.writeHead(403).end();
    else this.answer(url, request, response);
  }

  protected send(response: ServerResponse): Outgoing {
    const outgoing = new Outgoing(response, this.fault);
    this.outgoing.add(outgoing);
    response.on("close", () => this.outgoing.delete(outgoing));
    return outgoing;
  }

  protected abstract answer(url: URL, request: IncomingMessage, response: ServerResponse): void;
}

class BroadcastSource extends Source {
  readonly #broadcast: Broadcast;
  readonly #timer: Timer;
  readonly #startedMs = clock.now();
  /** The segments that can be had, with their numbers; the last one is on air. */
  readonly #segments = new Map<number, Uint8Array>();
  readonly #live = new Set<Outgoing>();
  #stale: string | undefined;
  #number = -1;
  #sent = 0;

  constructor(broadcast: Broadcast) {
    super();
    this.#broadcast = broadcast;
    // So that there is a playlist at once.
    for (let number = 0; number <= WINDOW; number++) this.#begin();
    this.#timer = clock.every(TICK_MS, () => this.#tick());
  }

  override misbehave(fault: Fault | undefined): void {
    this.#stale = fault?.kind === "stale" ? this.#playlist("") : undefined;
    super.misbehave(fault);
  }

  override end(): void {
    this.#timer.cancel();
    super.end();
  }

  protected override answer({ pathname, search }: URL, _: IncomingMessage, response: ServerResponse): void {
    const segment = this.#segments.get(Number(/\/(\d+)\.ts$/.exec(pathname)?.[1] ?? Number.NaN));
    if (pathname.endsWith(".m3u8")) {
      const text = this.#stale ?? this.#playlist(search);
      response.writeHead(200, { "content-type": "application/vnd.apple.mpegurl" });
      this.send(response).write(Buffer.from(text), true);
    } else if (segment) {
      response.writeHead(200, { "content-type": "video/mp2t", "content-length": segment.length });
      this.send(response).write(segment, true);
    } else if (/^\/[^/]*\.ts$/.test(pathname)) {
      response.writeHead(200, { "content-type": "video/mp2t" });
      response.flushHeaders();
      const outgoing = this.send(response);
      this.#live.add(outgoing);
      response.on("close", () => this.#live.delete(outgoing));
    } else response.writeHead(404).end();
  }

  /** Those that are complete; the one on air is not. */
  #playlist(search: string): string {
    const numbers = [...this.#segments.keys()].slice(0, -1).slice(-WINDOW);
    const head = ["#EXTM3U", "#EXT-X-VERSION:3", `#EXT-X-TARGETDURATION:${SEGMENT_SECONDS}`];
    const entries = numbers.flatMap((number) => [`#EXTINF:${SEGMENT_SECONDS}.0,`, `${number}.ts${search}`]);
    return [...head, `#EXT-X-MEDIA-SEQUENCE:${numbers[0]}`, ...entries, ""].join("\n");
  }

  #begin(): void {
    this.#segments.set(++this.#number, this.#broadcast.next());
    this.#segments.delete(this.#number - KEPT);
    this.#sent = 0;
  }

  /** Sends what is due since the last tick. */
  #tick(): void {
    const elapsed = (clock.now() - this.#startedMs) / 1000 + WINDOW * SEGMENT_SECONDS;
    while (this.#number * SEGMENT_SECONDS < elapsed) {
      const segment = this.#segments.get(this.#number)!;
      const share = Math.min(1, elapsed / SEGMENT_SECONDS - this.#number);
      const due = Math.floor((segment.length / PACKET) * share) * PACKET;
      for (const each of this.#live) each.write(segment.subarray(this.#sent, due));
      this.#sent = due;
      if (share < 1) return;
      this.#begin();
    }
  }
}

class FileSource extends Source {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  protected override answer(_: URL, request: IncomingMessage, response: ServerResponse): void {
    void this.#answer(request, response).catch(() => response.destroy());
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await using file = await open(this.#path);
    const { size } = await file.stat();
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const [from, to] = [Number(range?.[1] ?? 0), Math.min(size - 1, Number(range?.[2] || size - 1))];
    response.writeHead(range ? 206 : 200, {
      ...{ "content-type": "video/mp4", "accept-ranges": "bytes", "content-length": to - from + 1 },
      ...(range ? { "content-range": `bytes ${from}-${to}/${size}` } : {}),
    });
    const outgoing = this.send(response);
    const piece = Buffer.alloc(64 * 1024);
    for (let at = from; at <= to && !outgoing.isOver; ) {
      const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, to + 1 - at), at);
      at += bytesRead;
      outgoing.write(Uint8Array.from(piece.subarray(0, bytesRead)), at > to);
      if (response.writableNeedDrain && !outgoing.isOver) {
        await drained(response);
      }
    }
  }
}
