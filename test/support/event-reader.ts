import { get, type IncomingMessage } from "node:http";

/** One event as it came. */
export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads `GET /api/events`, as a browser's EventSource would, but comes back only when it is told to. */
export class EventReader {
  readonly events: ReceivedEvent[] = [];
  readonly #url: string;
  readonly #onEvent: ((event: ReceivedEvent) => void) | undefined;
  #response: IncomingMessage | undefined;

  /** `onEvent` is called with each event when it comes. */
  constructor(url: string, onEvent?: (event: ReceivedEvent) => void) {
    this.#url = url;
    this.#onEvent = onEvent;
  }

  /** Connects, with the id of the last event if there was one; resolves when the head has come. */
  async connect(): Promise<void> {
    const last = this.events.at(-1)?.id;
    const headers = last === undefined ? {} : { "last-event-id": last };
    this.#response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(this.#url, { agent: false, headers }, resolve).on("error", reject);
    });
    let text = "";
    this.#response.setEncoding("utf8").on("error", () => undefined);
    this.#response.on("data", (chunk: string) => {
      const blocks = (text + chunk).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) this.#take(block);
    });
  }

  disconnect(): void {
    this.#response?.destroy();
  }

  #take(block: string): void {
    const fields = new Map(block.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]));
    const [type, data] = [fields.get("event"), fields.get("data")];
    if (!type || !data) return;
    const event = { id: fields.get("id") ?? "", type, data: JSON.parse(data) };
    this.events.push(event);
    this.#onEvent?.(event);
  }
}
