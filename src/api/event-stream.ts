import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../base/clock.ts";
import type { EventHub, HubEvent } from "../base/event-hub.ts";
import { isoTime } from "./schemas.ts";

/** A comment goes out this often, so that both ends notice when the other one is gone. */
const HEARTBEAT_MS = 15_000;
/** What may wait for a reader; one that lets more come together is dropped. */
const MAX_WAITING_BYTES = 512 * 1024;
/** How long a dropped reader has to read up to the words that say so. */
const FAREWELL_MS = 10_000;

/** Which events a reader wants. */
export interface EventFilter {
  /** Families (`session`) or single types (`session.idle`); undefined for all. */
  readonly types: readonly string[] | undefined;
  readonly channelId: number | undefined;
}

/** What a stream of events is made with. */
export interface EventStreamOptions {
  readonly hub: EventHub;
  readonly clock: Clock;
  /** Tells this server's events from those of an earlier run, in their ids. */
  readonly run: string;
  readonly filter: EventFilter;
  /** The `Last-Event-ID` of a reader that comes back. */
  readonly lastEventId: string | undefined;
}

/**
 * One reader of `GET /api/events` (server-sent events, HTML 9.2). It begins after the event that it had last, as
 * far as that is still kept; what it has missed for good is told as `feed.gap`. One that does not read is told
 * `feed.dropped` and let go; it may come back with its last id.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #options: EventStreamOptions;
  readonly #heartbeat: Timer;
  readonly #stop: () => void;
  #farewell: Timer | undefined;
  #isOver = false;

  /** Sends the head at once. `onClosed` is called when the connection is over. */
  constructor(response: ServerResponse, options: EventStreamOptions, onClosed: () => void) {
    const { hub, clock } = options;
    this.#response = response;
    this.#options = options;
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // The connection is never used again, and proxies must pass on what comes when it comes.
      connection: "close",
      "x-accel-buffering": "no",
    });
    response.write("retry: 3000\n\n");
    this.#heartbeat = clock.every(HEARTBEAT_MS, () => this.#send(": heartbeat\n\n"));
    this.#stop = hub.listen((event) => this.#deliver(event));
    response.once("close", () => {
      this.#end();
      this.#farewell?.cancel();
      onClosed();
    });
    this.#replay();
  }

  /** Ends it from our side; readers come back by themselves. */
  close(): void {
    if (this.#isOver) return;
    this.#end();
    this.#response.end();
  }

  #replay(): void {
    const { hub, run, lastEventId } = this.#options;
    if (lastEventId === undefined) return;
    const [, ofRun, number] = /^([\w]{1,20})-(\d{1,15})$/.exec(lastEventId) ?? [];
    const last = ofRun === run ? Number(number) : 0;
    if (ofRun !== run || last > hub.newest) {
      this.#gap("the server was started again, or the id is not one of its own");
    } else if (last < hub.oldest - 1) {
      this.#gap("the events in between are not kept any more");
    }
    for (const event of hub.after(last > hub.newest ? 0 : last)) this.#deliver(event);
  }

  #gap(reason: string): void {
    this.#send(`event: feed.gap\ndata: ${JSON.stringify({ type: "feed.gap", reason })}\n\n`);
  }

  #deliver(event: HubEvent): void {
    const { sequence, atMs, type, channelId, data } = event;
    if (!isWanted(event, this.#options.filter)) return;
    const told = JSON.stringify({ type, at: isoTime(atMs), channel_id: channelId ?? null, ...data });
    this.#send(`id: ${this.#options.run}-${sequence}\nevent: ${type}\ndata: ${told}\n\n`);
  }

  #send(text: string): void {
    if (this.#isOver) return;
    if (this.#response.writableLength <= MAX_WAITING_BYTES) this.#response.write(text);
    else this.#drop();
  }

  #drop(): void {
    const reason = "too slow: what was not read has been dropped; connect again with Last-Event-ID";
    this.#end();
    this.#response.end(`event: feed.dropped\ndata: ${JSON.stringify({ type: "feed.dropped", reason })}\n\n`);
    this.#farewell = this.#options.clock.after(FAREWELL_MS, () => this.#response.destroy());
  }

  #end(): void {
    this.#isOver = true;
    this.#stop();
    this.#heartbeat.cancel();
  }
}

function isWanted({ type, channelId }: HubEvent, filter: EventFilter): boolean {
  if (filter.channelId !== undefined && channelId !== filter.channelId) return false;
  return (
    filter.types === undefined ||
    filter.types.some((wanted) => type === wanted || type.startsWith(`${wanted}.`))
  );
}
