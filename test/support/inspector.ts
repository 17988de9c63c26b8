import { SystemClock } from "../../src/base/clock.ts";
import type { ServerUnderTest } from "./server.ts";

const clock = new SystemClock();
const LISTEN_MS = 20_000;

/**
 * A line into the real server: Node.js opens its debugger at SIGUSR1, and runs what it is told there. The server has
 * to be started with `--inspect-port=0` (a free port), and no code of its own is needed for it.
 */
export class Inspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  #calls = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
      if (id !== undefined) this.#waiting.get(id)?.(result);
    });
  }

  /** Opens the debugger of the process that does the work. */
  static async open(server: ServerUnderTest): Promise<Inspector> {
    const said = server.output.length;
    process.kill(server.pid, "SIGUSR1");
    const deadlineMs = clock.now() + LISTEN_MS;
    for (;;) {
      const [, url] = /Debugger listening on (ws:\S+)/.exec(server.output.slice(said)) ?? [];
      if (url) {
        const socket = new WebSocket(url);
        await new Promise((resolve, reject) => {
          socket.addEventListener("open", resolve, { once: true });
          socket.addEventListener("error", reject, { once: true });
        });
        return new Inspector(socket);
      }
      if (clock.now() > deadlineMs) throw new Error("the debugger does not open");
      await clock.sleep(20);
    }
  }

  /** Starts an expression in the server's own thread; resolves with Node's answer, or when the line breaks. */
  run(expression: string): Promise<unknown> {
    const id = ++this.#calls;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.addEventListener("close", resolve, { once: true });
      this.#socket.send(JSON.stringify({ id, method: "Runtime.evaluate", params: { expression } }));
    });
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
