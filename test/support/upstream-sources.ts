import { open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { SystemClock, type Timer } from "../../src/base/clock.ts";
import { type Broadcast, SEGMENT_SECONDS } from "./broadcast.ts";
import { drained, type Fault, Outgoing } from "./upstream-response.ts";

const TICK_MS = 40;
const PACKET = 188;
/** Segments in a playlist. */
const WINDOW = 4;
/** Segments that can still be had. */
const KEPT = 10;

const clock = new SystemClock();

/** What is served under one name. */
export abstract class Source {
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

/** A broadcast, from where it is at present. */
export class BroadcastSource extends Source {
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

/** A file, with ranges. */
export class FileSource extends Source {
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
