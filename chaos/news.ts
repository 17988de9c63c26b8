import { SystemClock } from "../src/base/clock.ts";
import { EventReader, type ReceivedEvent } from "../test/support/event-reader.ts";

/** An event of the server, and when it came. */
export interface NewsItem extends ReceivedEvent {
  /** On the monotonic clock of this process. */
  readonly atMs: number;
}

/** Says whether an event is the one that is waited for. */
export type NewsFilter = (item: NewsItem) => boolean;

const clock = new SystemClock();

/** Everything that a server tells in `/api/events`, over all its runs. */
export class News {
  readonly items: NewsItem[] = [];
  readonly #waiting = new Set<{ filter: NewsFilter; resolve: (item: NewsItem) => void }>();
  #reader: EventReader | undefined;

  /** Listens to a server; to the one before no more. */
  async follow(base: string): Promise<void> {
    this.stop();
    this.#reader = new EventReader(`${base}/api/events`, (event) => this.#take(event));
    await this.#reader.connect();
  }

  stop(): void {
    this.#reader?.disconnect();
    this.#reader = undefined;
  }

  /** The first event from `fromMs` on that `filter` takes, if it comes within `withinMs`. */
  async wait(filter: NewsFilter, fromMs: number, withinMs: number): Promise<NewsItem | undefined> {
    const known = this.since(fromMs).find(filter);
    if (known) return known;
    const { promise, resolve } = Promise.withResolvers<NewsItem | undefined>();
    const waiter = { filter: (item: NewsItem) => item.atMs >= fromMs && filter(item), resolve };
    this.#waiting.add(waiter);
    const timer = clock.after(withinMs, () => resolve(undefined));
    const found = await promise;
    timer.cancel();
    this.#waiting.delete(waiter);
    return found;
  }

  /** What has come since a moment. */
  since(fromMs: number): NewsItem[] {
    return this.items.filter(({ atMs }) => atMs >= fromMs);
  }

  #take(event: ReceivedEvent): void {
    const item = { ...event, atMs: clock.now() };
    this.items.push(item);
    for (const waiter of this.#waiting) if (waiter.filter(item)) waiter.resolve(item);
  }
}

/** Events of one of these types, without their `channel.`, of one channel, or of any. */
export function ofChannel(number: number | undefined, ...types: string[]): NewsFilter {
  return ({ type, data }) =>
    types.includes(type.replace(/^channel\./, "")) &&
    (number === undefined || data.channel_number === number);
}
