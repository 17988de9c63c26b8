// The viewers, in a process of their own so that what else goes on has no part in what they see. Orders come over
// the IPC channel, each is answered once; see viewers.ts.
import { SystemClock } from "../src/base/clock.ts";
import { Analyser } from "../src/mpegts/analyser.ts";
import { openTs, type TsClient } from "../test/support/http-ts-client.ts";
import type { Answer, Order, Sighting } from "./viewers.ts";

const RETRY_MS = 50;
const clock = new SystemClock();
const viewers = new Map<string, Viewer>();

/** One viewer: what it is sent is judged as it comes, over all its connections. */
class Viewer {
  readonly #name: string;
  readonly #url: string;
  #analyser = new Analyser();
  #client: TsClient | undefined;
  #disconnects = 0;
  #bytes = 0;
  #lastMs = clock.now();
  #silenceMs = 0;
  #faults: Record<string, number> = {};
  #leaving = false;

  constructor(name: string, url: string) {
    this.#name = name;
    this.#url = url;
  }

  /** Connects, trying again until there is an answer; resolves at the first byte with the ms that it took. */
  async tune(withinMs: number, save?: string): Promise<number> {
    const beganMs = clock.now();
    for (;;) {
      try {
        const client = await openTs(this.#url, { onBody: (bytes) => this.#take(bytes) });
        if (client.status !== 200) throw new Error(`status ${client.status}`);
        if (save) client.save(save);
        this.#client = client;
        void client.closed.then(() => this.#ended(client));
        await client.received(1);
        return clock.now() - beganMs;
      } catch (error) {
        await this.#client?.close();
        if (clock.now() - beganMs > withinMs) throw new Error(`${this.#name}: ${error}`, { cause: error });
        await clock.sleep(RETRY_MS);
      }
    }
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    await this.#client?.close();
  }

  /** What it has seen; the longest silence begins anew. */
  look(): Sighting {
    const silenceMs = this.#client ? Math.max(this.#silenceMs, clock.now() - this.#lastMs) : 0;
    this.#silenceMs = 0;
    const connected = this.#client !== undefined;
    const faults = sum(this.#faults, failedChecks(this.#analyser));
    return {
      name: this.#name,
      connected,
      disconnects: this.#disconnects,
      bytes: this.#bytes,
      silenceMs,
      faults,
    };
  }

  #take(bytes: Uint8Array): void {
    const now = clock.now();
    this.#silenceMs = Math.max(this.#silenceMs, now - this.#lastMs);
    this.#lastMs = now;
    this.#bytes += bytes.length;
    this.#analyser.push(bytes, now);
  }

  #ended(client: TsClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    if (!this.#leaving) this.#disconnects += 1;
    // The next connection is another stream.
    this.#faults = sum(this.#faults, failedChecks(this.#analyser));
    this.#analyser = new Analyser();
    this.#lastMs = clock.now();
  }
}

/** How often each check has failed. */
function failedChecks(analyser: Analyser): Record<string, number> {
  if (analyser.packets === 0) return {};
  const failed = analyser.report().checks.filter(({ status }) => status === "fail");
  return Object.fromEntries(failed.map(({ check, errors }) => [check, Math.max(1, errors)]));
}

function sum(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const total = { ...a };
  for (const [key, count] of Object.entries(b)) total[key] = (total[key] ?? 0) + count;
  return total;
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case "tune": {
      const viewer = viewers.get(order.name) ?? new Viewer(order.name, order.url);
      viewers.set(order.name, viewer);
      return viewer.tune(order.withinMs, order.save);
    }
    case "leave": {
      const viewer = viewers.get(order.name);
      await viewer?.leave();
      viewers.delete(order.name);
      return viewer?.look();
    }
    case "look":
      return [...viewers.values()].map((viewer) => viewer.look());
  }
}

process.on("message", (order: Order & { id: number }) => {
  const answer = (rest: Omit<Answer, "id">) => process.send?.({ id: order.id, ...rest });
  obey(order).then(
    (value) => answer({ value }),
    (error: unknown) => answer({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
