import { createWriteStream, type WriteStream } from "node:fs";
import { connect, type Socket } from "node:net";
import { finished } from "node:stream/promises";
import { SystemClock } from "../../src/base/clock.ts";
import { type BodyReader, bodyReader } from "./http-body.ts";

const clock = new SystemClock();
/** All clients read into this one buffer: what it holds is used up before the next read. */
const SHARED_BUFFER = Buffer.alloc(256 * 1024);
const LARGEST_HEAD_BYTES = 64 * 1024;
const HEAD_TIMEOUT_MS = 20_000;

/** How a stream is opened. */
export interface OpenTsOptions {
  readonly method?: "GET" | "HEAD";
  readonly httpVersion?: "1.0" | "1.1";
  readonly headers?: Readonly<Record<string, string>>;
  /** Reads the head of the answer and then nothing, until `resume()`: a viewer who does not drain. */
  readonly pauseReading?: boolean;
  /** Sees the body as it comes, without the framing; the bytes are valid only during the call. */
  readonly onBody?: (bytes: Uint8Array) => void;
}

/** How a connection ended: by us, by the server, or broken; `complete` when the body's framing was fulfilled. */
export interface StreamEnd {
  readonly by: "client" | "server" | "error";
  readonly complete: boolean;
  readonly error?: Error;
}

/**
 * Opens a stream over a plain socket; resolves when the head of the answer has been read, whatever its status.
 * Rejects when the connection fails or no head comes within 20 s.
 */
export function openTs(url: string, options: OpenTsOptions = {}): Promise<TsClient> {
  return new Promise((resolve, reject) => new TsClient(url, options, resolve, reject));
}

/** One viewer: counts what it is sent, hands it on to whom it may concern, and keeps nothing of it. */
export class TsClient {
  status = 0;
  /** Names in lower case; of a repeated header the last one. */
  headers: Readonly<Record<string, string>> = {};
  /** Bytes of body so far, without the framing. */
  bytes = 0;
  /** From the start of connecting to the first byte of the body; undefined until then. */
  firstByteMs: number | undefined;
  /** Resolves when the connection is over and the saved file is written; never rejects. */
  readonly closed: Promise<StreamEnd>;

  readonly #socket: Socket;
  readonly #startedMs = clock.now();
  readonly #waiting = new Set<{ bytes: number; resolve: () => void; reject: (cause: Error) => void }>();
  #head = Buffer.alloc(0);
  #body: BodyReader | undefined;
  #file: WriteStream | undefined;
  #lastDataMs: number | undefined;
  #longestSilenceMs = 0;
  #paused = false;
  readonly #onBody: OpenTsOptions["onBody"];
  #end: Pick<StreamEnd, "by" | "error"> | undefined;

  /** Use `openTs`. */
  constructor(
    url: string,
    options: OpenTsOptions,
    opened: (client: TsClient) => void,
    failed: (cause: Error) => void,
  ) {
    const { hostname, port, host, pathname, search } = new URL(url);
    const { method = "GET", httpVersion = "1.1", headers = {} } = options;
    this.#onBody = options.onBody;
    const onHead = () => {
      timer.cancel();
      this.#begin(method === "HEAD", options.pauseReading ?? false);
      opened(this);
    };
    this.#socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || 80),
      onread: {
        buffer: SHARED_BUFFER,
        callback: (count) => {
          const chunk = SHARED_BUFFER.subarray(0, count);
          if (this.#body) this.#receive(chunk);
          else if (this.#readHead(chunk)) onHead();
          return true;
        },
      },
    });
    const timer = clock.after(HEAD_TIMEOUT_MS, () => this.#stop("error", new Error(`no answer from ${url}`)));
    this.closed = new Promise((resolve) => {
      this.#socket.once("close", () => {
        timer.cancel();
        resolve(this.#finish(failed));
      });
    });
    this.#socket.on("error", (error) => this.#stop("error", error));
    const fields = Object.entries({ Host: host, Accept: "*/*", ...headers });
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    this.#socket.write(`${method} ${pathname}${search} HTTP/${httpVersion}\r\n${lines}\r\n`);
  }

  /**
   * The longest wait for body since its first byte, in ms, the present one included; time spent paused does not
   * count.
   */
  get longestSilenceMs(): number {
    const silenceMs = this.#lastDataMs === undefined ? 0 : clock.now() - this.#lastDataMs;
    return Math.max(this.#longestSilenceMs, silenceMs);
  }

  /** Writes the body from here on to `file`; called right after `openTs`, the whole body. Once per client. */
  save(file: string): void {
    this.#file ??= createWriteStream(file).on("error", (error) => this.#stop("error", error));
  }

  /** Stops reading: the sockets' buffers fill, then the server feels it. */
  pause(): void {
    this.#paused = true;
    this.#longestSilenceMs = this.longestSilenceMs;
    this.#lastDataMs = undefined;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  /** Resolves when `bytes` of body have come; rejects when the connection ends before. */
  received(bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.bytes >= bytes) resolve();
      else if (this.#end) reject(new Error(`the stream ended after ${this.bytes} bytes`));
      else this.#waiting.add({ bytes, resolve, reject });
    });
  }

  /** Hangs up; resolves as `closed` does. */
  close(): Promise<StreamEnd> {
    this.#stop("client");
    return this.closed;
  }

  #begin(bodyless: boolean, pauseReading: boolean): void {
    this.#body = bodyReader(this.headers, bodyless || this.status === 204 || this.status === 304);
    const rest = this.#head;
    this.#head = Buffer.alloc(0);
    if (pauseReading) this.pause();
    // The caller gets to call save() before the first byte of the body is looked at.
    this.#socket.pause();
    clock.after(0, () => {
      this.#receive(rest);
      if (!this.#paused) this.#socket.resume();
    });
  }

  /** True when the head is complete; then what follows it stays in `#head`. */
  #readHead(chunk: Buffer): boolean {
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#head.length > LARGEST_HEAD_BYTES) this.#stop("error", new Error("the head does not end"));
      return false;
    }
    const [first = "", ...lines] = this.#head.toString("latin1", 0, end).split("\r\n");
    this.status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? 0);
    const fields = lines.map((line) => line.split(/: */, 1).concat(line.replace(/^[^:]*: */, "")));
    this.headers = Object.fromEntries(fields.map(([name, value]) => [name!.toLowerCase(), value!]));
    this.#head = this.#head.subarray(end + 4);
    return true;
  }

  #receive(chunk: Uint8Array): void {
    try {
      this.#body?.feed(chunk, (bytes) => this.#take(bytes));
      // On a connection that is kept alive nobody else hangs up after the end of a body.
      if (this.#body?.ended) this.#stop("server");
    } catch (error) {
      this.#stop("error", error as Error);
    }
    for (const waiter of this.#waiting) {
      if (this.bytes < waiter.bytes) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  #take(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const now = clock.now();
    this.firstByteMs ??= now - this.#startedMs;
    this.#longestSilenceMs = this.longestSilenceMs;
    if (!this.#paused) this.#lastDataMs = now;
    this.bytes += bytes.length;
    this.#onBody?.(bytes);
    this.#file?.write(Buffer.from(bytes));
  }

  #stop(by: StreamEnd["by"], error?: Error): void {
    this.#end ??= { by, ...(error && { error }) };
    this.#socket.destroy();
  }

  async #finish(failed: (cause: Error) => void): Promise<StreamEnd> {
    this.#end ??= { by: "server" };
    this.#longestSilenceMs = this.longestSilenceMs;
    this.#lastDataMs = undefined;
    failed(this.#end.error ?? new Error("the connection ended before an answer came"));
    for (const waiter of this.#waiting)
      waiter.reject(new Error(`the stream ended after ${this.bytes} bytes`));
    this.#waiting.clear();
    // A failure of the file has been noted by its own listener.
    if (this.#file) await finished(this.#file.end()).catch(() => {});
    const { ended = false, endless = false } = this.#body ?? {};
    return { ...this.#end, complete: ended || (endless && this.#end.by === "server") };
  }
}
