import { z } from "zod";
import { AppError } from "../base/errors.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import type { ErrorScreenGenerator } from "../error-screens/generator.ts";
import type { ErrorScreenConfig } from "../error-screens/message.ts";
import type { ScreenSettings } from "../error-screens/settings.ts";
import { SCREEN_REASONS } from "../media/screen-modes.ts";
import type { MediaApiParts } from "./media.ts";
import { channelId, FAILURES } from "./schemas.ts";
import type { ApiScope } from "./scope.ts";

/** What the routes of error screens need. */
export interface ErrorScreensApiParts extends Pick<MediaApiParts, "channels"> {
  readonly screens: {
    readonly generator: Pick<ErrorScreenGenerator, "preview">;
    readonly settings: Pick<ScreenSettings, "for" | "look">;
    /** What is a channel's own. */
    lookOf(channelId: number): ErrorScreenConfig;
  };
}

const SIZE = { width: 1280, height: 720 };
const pixels = (max: number) => z.coerce.number().int().min(16).max(max).optional();
const flag = () => z.enum(["true", "false"]).default("true");

/** Looks are checked where they are understood, so that every way to give one says the same of a fault. */
const PREVIEW_QUERY = z.object({
  reason: z
    .enum(SCREEN_REASONS)
    .default("recovering")
    .describe("Whose words are shown where none are given."),
  channel_id: channelId().optional().describe("Shows its name and number, in its size."),
  title: z.string().optional(),
  subtitle: z.string().optional(),
  channel_name: z.string().optional(),
  channel_number: z.string().max(20).optional(),
  timestamp: flag().describe("Whether the time of day is shown, and counted down to the return."),
  estimated_return: z.iso.datetime({ offset: true }).optional().describe("When the programme goes on."),
  error_code: z.string().optional(),
  visual_mode: z.string().optional().describe("text, static, test_pattern or slate."),
  background_color: z.string().optional().describe("#rrggbb or a basic name, for instance navy."),
  text_color: z.string().optional(),
  accent_color: z.string().optional(),
  font_size: z.coerce.number().optional().describe("Pixels of a picture of 1080 lines, 24 to 200."),
  width: pixels(3840).describe("Default the channel's, or 1280."),
  height: pixels(2160).describe("Default the channel's, or 720."),
});

type PreviewQuery = z.output<typeof PREVIEW_QUERY>;

/** `GET /api/error-screens/preview.png`: what viewers would see. */
export function registerErrorScreensApi(scope: ApiScope, { channels, screens }: ErrorScreensApiParts): void {
  scope.get(
    "/error-screens/preview.png",
    {
      schema: {
        operationId: "previewErrorScreen",
        summary: "What an error screen looks like, as a PNG",
        tags: ["error screens"],
        querystring: PREVIEW_QUERY,
        response: {
          200: {
            description: "The picture.",
            content: { "image/png": { schema: z.any().meta({ type: "string", format: "binary" }) } },
          },
          ...FAILURES,
        },
      },
    },
    async ({ query }, reply) => {
      const channel = channelOf(channels, query.channel_id);
      const { message, look } = wishOf(
        query,
        screens.settings,
        channel,
        channel ? screens.lookOf(channel.id) : {},
      );
      const { width = channel?.format.width ?? SIZE.width, height = channel?.format.height ?? SIZE.height } =
        query;
      const png = await screens.generator.preview(message, screens.settings.look(look), { width, height });
      return reply.type("image/png").send(Buffer.from(png.buffer, png.byteOffset, png.byteLength));
    },
  );
}

function channelOf({ definitions }: ErrorScreensApiParts["channels"], id: number | undefined) {
  if (id === undefined) return undefined;
  const channel = definitions.find((definition) => definition.id === id);
  if (!channel) throw new AppError("channel_not_found", `There is no channel with the id ${id}.`);
  return channel;
}

function wishOf(
  query: PreviewQuery,
  settings: Pick<ScreenSettings, "for">,
  channel: ChannelDefinition | undefined,
  own: ErrorScreenConfig,
) {
  const { reason, channel_name, channel_number, estimated_return, error_code, title, subtitle } = query;
  const { visual_mode, background_color, text_color, accent_color, font_size } = query;
  const wanted = settings.for(reason, {
    channelName: channel_name ?? channel?.name,
    channelNumber: channel_number ?? channel?.number,
    estimatedReturn: estimated_return === undefined ? undefined : new Date(estimated_return),
    errorCode: error_code,
    isLive: query.timestamp === "true",
  });
  const given = { visual_mode, background_color, text_color, accent_color, font_size };
  return {
    message: {
      ...wanted.message,
      title: title ?? wanted.message.title,
      subtitle: subtitle ?? wanted.message.subtitle,
    },
    look: {
      ...wanted.config,
      ...own,
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    },
  };
}
