import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { EventHub } from "../base/event-hub.ts";
import { EventStream } from "./event-stream.ts";
import { channelId, FAILURES } from "./schemas.ts";
import type { ApiScope } from "./scope.ts";

/** Readers at once: a browser's tabs and a few programs. */
const MAX_READERS = 32;

/** What the route of events needs. */
export interface EventsApiParts {
  readonly events: EventHub;
  readonly clock: Clock;
}

const TYPE = /^[a-z_]{1,40}(?:\.[a-z_]{1,40})?$/;

const QUERY = z.object({
  type: z
    .string()
    .max(500)
    .transform((text) => text.split(","))
    .refine(
      (types) => types.every((type) => TYPE.test(type)),
      "expected names such as session,channel.on_air",
    )
    .optional()
    .describe("Families (session, channel) or types (session.idle), with commas between them."),
  channel_id: channelId().optional().describe("Only what is about this channel."),
  last_event_id: z
    .string()
    .max(40)
    .optional()
    .describe("For readers that cannot set the header Last-Event-ID."),
});

/** `GET /api/events`: what happens, as server-sent events. */
export function registerEventsApi(scope: ApiScope, { events, clock }: EventsApiParts): void {
  const readers = new Set<EventStream>();
  const run = Math.floor(clock.wallNow()).toString(36);
  scope.addHook("preClose", async () => {
    for (const reader of readers) reader.close();
  });
  scope.get(
    "/events",
    {
      // A HEAD would never be answered.
      exposeHeadRoute: false,
      schema: {
        operationId: "streamEvents",
        summary: "What happens, as server-sent events",
        description:
          "Each event has an id, a type and data (JSON). After a lost connection, the header Last-Event-ID brings what came in between, as far as it is kept. Types: session.created, .active, .idle, .error, .disconnected, .established, .jumped, .failed, .refused; channel.on_air, .off_air and others; process.loop_blocked, .memory_high, .memory_growing, .restarted; feed.gap, feed.dropped.",
        tags: ["events"],
        querystring: QUERY,
        response: {
          200: {
            description: "A stream of events that does not end.",
            content: { "text/event-stream": { schema: z.string() } },
          },
          ...FAILURES,
        },
      },
    },
    (request, reply) => {
      if (readers.size >= MAX_READERS) {
        throw new AppError("too_many_listeners", `${MAX_READERS} programs listen already; end one of them.`);
      }
      const { type, channel_id, last_event_id } = request.query;
      const header = request.headers["last-event-id"];
      reply.hijack();
      request.raw.socket.setTimeout(0);
      const stream: EventStream = new EventStream(
        reply.raw,
        {
          ...{ hub: events, clock, run },
          filter: { types: type, channelId: channel_id },
          lastEventId: typeof header === "string" ? header : last_event_id,
        },
        () => void readers.delete(stream),
      );
      readers.add(stream);
    },
  );
}
