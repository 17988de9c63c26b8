import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { HEALTH_STATUSES } from "../channels/health.ts";
import type { HealthWatch } from "../channels/health-watch.ts";
import { onNow } from "../channels/on-now.ts";
import { FAILURES, isoTime, moment } from "./schemas.ts";
import type { ApiScope } from "./scope.ts";

/** What the channel routes need. */
export interface ChannelsApiParts {
  readonly clock: Clock;
  readonly health: Pick<HealthWatch, "of" | "list">;
}

const CHANNEL = z
  .object({
    id: z.int().describe("Stable; what `channel_id` means everywhere."),
    number: z.int().describe("What players tune to."),
    name: z.string(),
    on_air: z.boolean().describe("Whether it is being made at present: from its first viewer on."),
    status: z
      .enum(HEALTH_STATUSES)
      .describe("As in /api/ai/channels/{id}/health; healthy while nobody watches."),
    now: z
      .object({ title: z.string(), start: moment(), end: moment() })
      .describe("What is on by the schedule, on air or not."),
    next: z.object({ title: z.string() }),
  })
  .meta({ id: "Channel" });

/** `GET /api/channels`: every channel with its id, and what is on. */
export function registerChannelsApi(scope: ApiScope, { clock, health }: ChannelsApiParts): void {
  scope.get(
    "/channels",
    {
      schema: {
        operationId: "listChannels",
        summary: "Every channel, and what is on",
        tags: ["channels"],
        response: { 200: z.object({ channels: z.array(CHANNEL) }), ...FAILURES },
      },
    },
    async () => {
      const wallMs = clock.wallNow();
      return {
        channels: health.list().map(({ channel, state, onAir }) => {
          const { id, number, name } = channel;
          const { title, startMs, endMs, nextTitle } = onNow(channel, wallMs);
          const now = { title, start: isoTime(startMs), end: isoTime(endMs) };
          const { status } = state;
          return { id, number, name, on_air: onAir !== undefined, status, now, next: { title: nextTitle } };
        }),
      };
    },
  );
}
