import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import type { ChannelManager } from "../channels/channel-manager.ts";
import { onNow } from "../channels/on-now.ts";
import { FAILURES, isoTime, moment } from "./schemas.ts";
import type { ApiScope } from "./scope.ts";

/** What the channel routes need. */
export interface ChannelsApiParts {
  readonly channels: Pick<ChannelManager, "definitions" | "onAir">;
  readonly clock: Clock;
}

const CHANNEL = z
  .object({
    id: z.int().describe("Stable; what `channel_id` means everywhere."),
    number: z.int().describe("What players tune to."),
    name: z.string(),
    on_air: z.boolean().describe("Whether it is being made at present: from its first viewer on."),
    now: z
      .object({ title: z.string(), start: moment(), end: moment() })
      .describe("What is on by the schedule, on air or not."),
    next: z.object({ title: z.string() }),
  })
  .meta({ id: "Channel" });

/** `GET /api/channels`: every channel with its id, and what is on. */
export function registerChannelsApi(scope: ApiScope, { channels, clock }: ChannelsApiParts): void {
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
      const onAir = new Set(channels.onAir.map(({ definition }) => definition.id));
      const wallMs = clock.wallNow();
      const listed = [...channels.definitions].sort((a, b) => a.number - b.number);
      return {
        channels: listed.map((definition) => {
          const { id, number, name } = definition;
          const { title, startMs, endMs, nextTitle } = onNow(definition, wallMs);
          const now = { title, start: isoTime(startMs), end: isoTime(endMs) };
          return { id, number, name, on_air: onAir.has(id), now, next: { title: nextTitle } };
        }),
      };
    },
  );
}
