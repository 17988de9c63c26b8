import { z } from "zod";
import type { ChannelManager } from "../channels/channel-manager.ts";
import { type MediaEntry, mediaOf } from "../channels/media-index.ts";
import { FrameGrid } from "../media/house-format.ts";
import { channelId, FAILURES, whole } from "./schemas.ts";
import type { ApiScope } from "./scope.ts";

/** What the media routes need. */
export interface MediaApiParts {
  readonly channels: Pick<ChannelManager, "definitions">;
}

const MEDIA = z
  .object({
    id: z.int().describe("Stable; /vod/{id}.ts plays the file."),
    title: z.string(),
    channel_id: z.int().describe("The channel that it is played on, in whose format it is delivered."),
    channel_number: z.int(),
    duration_seconds: z.number().describe("What `start` of /vod/{id}.ts must be less than."),
  })
  .meta({ id: "Media" });

const LIST_QUERY = z.object({
  channel_id: channelId().optional().describe("Only this channel's."),
  limit: whole(1, 1000, 100),
  offset: whole(0, 1_000_000, 0),
});

/** `GET /api/media`: the files of all channels, with the ids under which they are played on demand. */
export function registerMediaApi(scope: ApiScope, { channels }: MediaApiParts): void {
  scope.get(
    "/media",
    {
      schema: {
        operationId: "listMedia",
        summary: "The files that can be played, in the order of their channels",
        tags: ["media"],
        querystring: LIST_QUERY,
        response: {
          200: z.object({
            total: z.int().describe("How many there are in all."),
            media: z.array(MEDIA).describe("At most `limit` of them from `offset` on."),
          }),
          ...FAILURES,
        },
      },
    },
    async ({ query: { channel_id, limit, offset } }) => {
      const wanted = channels.definitions
        .filter(({ id }) => channel_id === undefined || id === channel_id)
        .sort((a, b) => a.number - b.number);
      const all = [...mediaOf(wanted)];
      return { total: all.length, media: all.slice(offset, offset + limit).map(describeMedia) };
    },
  );
}

function describeMedia({ item, channel }: MediaEntry): z.output<typeof MEDIA> {
  const { id, number, format } = channel;
  return {
    id: item.mediaId,
    title: item.title,
    channel_id: id,
    channel_number: number,
    duration_seconds: new FrameGrid(format).milliseconds(item.frames) / 1000,
  };
}
