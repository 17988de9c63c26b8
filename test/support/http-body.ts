/** Receives the decoded bytes of a body; they are valid only during the call. */
export type BodySink = (bytes: Uint8Array) => void;

/** Takes the framing off an HTTP/1.x body (RFC 9112 6.3, 7.1) without keeping any of it. */
export interface BodyReader {
  /** Throws when the framing is malformed. */
  feed(bytes: Uint8Array, sink: BodySink): void;
  /** True once the framing says that the body has ended. */
  readonly ended: boolean;
  /** True for a body without framing: the end of the connection is its end. */
  readonly endless: boolean;
}

/** The reader that the answer's headers call for; `bodyless` for the answer to HEAD and the statuses without one. */
export function bodyReader(headers: Readonly<Record<string, string>>, bodyless: boolean): BodyReader {
  if (bodyless) return new SizedBody(0);
  if (headers["transfer-encoding"]?.toLowerCase() === "chunked") return new ChunkedBody();
  const length = headers["content-length"];
  return new SizedBody(length === undefined ? Number.POSITIVE_INFINITY : Number(length));
}

class SizedBody implements BodyReader {
  #missing: number;

  constructor(bytes: number) {
    this.#missing = bytes;
  }

  get ended(): boolean {
    return this.#missing === 0;
  }

  get endless(): boolean {
    return this.#missing === Number.POSITIVE_INFINITY;
  }

  feed(bytes: Uint8Array, sink: BodySink): void {
    if (bytes.length > this.#missing) throw new Error("more body than the headers announced");
    this.#missing -= bytes.length;
    sink(bytes);
  }
}

const LF = 10;

class ChunkedBody implements BodyReader {
  #state: "size" | "data" | "after data" | "trailer" = "size";
  #line = "";
  #missing = 0;
  #ended = false;
  readonly endless = false;

  get ended(): boolean {
    return this.#ended;
  }

  feed(bytes: Uint8Array, sink: BodySink): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "data") {
        const part = bytes.subarray(at, at + this.#missing);
        at += part.length;
        this.#missing -= part.length;
        sink(part);
        if (this.#missing === 0) this.#state = "after data";
      } else {
        const byte = bytes[at++]!;
        if (byte === LF) this.#endOfLine();
        else this.#line += String.fromCharCode(byte);
      }
    }
  }

  #endOfLine(): void {
    const line = this.#line.replace(/\r$/, "");
    this.#line = "";
    if (this.#state === "size") {
      if (!/^[0-9a-f]+(;.*)?$/i.test(line)) throw new Error(`not a chunk size: ${line.slice(0, 20)}`);
      this.#missing = Number.parseInt(line, 16);
      this.#state = this.#missing === 0 ? "trailer" : "data";
    } else if (line === "") {
      if (this.#state === "trailer") this.#ended = true;
      this.#state = "size";
    } else if (this.#state === "after data") throw new Error("a chunk is longer than it said");
  }
}
