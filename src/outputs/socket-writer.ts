import type { Socket } from "node:net";

const NOTHING = new Uint8Array(0);

/** Hands bytes to a client's connection, no faster than it takes them. */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #onTaken: (bytes: number) => void;
  #taken: number;

  /** `onTaken` is called with the number of bytes that the connection has taken since the last time. */
  constructor(socket: Socket, onTaken: (bytes: number) => void) {
    this.#socket = socket;
    this.#onTaken = onTaken;
    this.#taken = socket.bytesWritten;
  }

  /** Resolves when there is room for more; false when the connection has closed instead. */
  async write(bytes: Uint8Array): Promise<boolean> {
    const socket = this.#socket;
    if (socket.destroyed) return false;
    const hasRoom = socket.write(bytes);
    this.#count();
    if (!hasRoom) await roomOrEnd(socket);
    this.#count();
    return !socket.destroyed;
  }

  /** Resolves when the connection has taken everything; false when it has closed instead. */
  async flush(): Promise<boolean> {
    const isTaken = await new Promise<boolean>((resolve) => {
      this.#socket.write(NOTHING, (failure) => resolve(!failure));
    });
    if (isTaken) this.#count();
    return isTaken;
  }

  #count(): void {
    const taken = this.#socket.bytesWritten - this.#socket.writableLength;
    if (taken > this.#taken) this.#onTaken(taken - this.#taken);
    this.#taken = taken;
  }
}

/** Resolves when a socket has taken all that it was given, or closes. */
function roomOrEnd(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}
