import { z } from "zod";
import type { ChannelScreen, ScreenControl } from "../channels/screen-control.ts";
import { OWN_LOOK } from "../error-screens/look-store.ts";
import { AUDIO_MODES, SCREEN_REASONS, VISUAL_MODES } from "../media/screen-modes.ts";
import { channelId, FAILURES, isoTime, moment } from "./schemas.ts";
import type { ApiScope } from "./scope.ts";

/** What the routes of a channel's screen need. */
export interface ChannelScreenApiParts {
  readonly screenControl: Pick<ScreenControl, "of" | "change" | "setImage" | "show" | "end">;
}

/** The largest picture that is taken, in bytes. */
const MAX_IMAGE_BYTES = 10 * 2 ** 20;
const MAX_SECONDS = 86_400;

const { shape } = OWN_LOOK;
const CHANGE = z
  .strictObject({
    visual_mode: shape.visual_mode.nullable(),
    audio_mode: shape.audio_mode.nullable(),
    volume: shape.volume.nullable().describe("dBFS."),
    background_color: shape.background_color.nullable(),
    text_color: shape.text_color.nullable(),
    accent_color: shape.accent_color.nullable(),
    font_size: shape.font_size.nullable().describe("Pixels of a picture of 1080 lines."),
  })
  .meta({
    id: "ChannelErrorScreenChange",
    description:
      "A value is the channel's own from now on; null goes back to the configuration's; what is absent stays.",
  });

const SHOW = z
  .strictObject({
    reason: z.enum(SCREEN_REASONS).optional().describe("Whose words are shown; default maintenance."),
    title: z.string().max(500).optional().describe("In place of the reason's words."),
    subtitle: z.string().max(500).optional().describe("Below the title; none where only a title is given."),
    seconds: z
      .int()
      .min(1)
      .max(MAX_SECONDS)
      .optional()
      .describe("How long; without it until it is ended. From 60 on the screen says when it ends."),
  })
  .meta({ id: "ErrorScreenWish" });

const STATE = z
  .object({
    channel_id: z.int(),
    own: OWN_LOOK.extend({ image: z.boolean().describe("Whether it has a picture of its own.") }).describe(
      "What the channel has of its own.",
    ),
    visual_mode: z.enum(VISUAL_MODES).describe("What holds."),
    audio_mode: z.enum(AUDIO_MODES).describe("What holds."),
    showing: z
      .object({
        reason: z.enum(SCREEN_REASONS),
        title: z.string().optional(),
        subtitle: z.string().optional(),
        until: moment().optional().describe("Absent: until it is ended."),
      })
      .nullable()
      .describe("The screen that was asked for; null when there is none."),
  })
  .meta({ id: "ChannelErrorScreen", description: "The error screen of a channel." });

const params = z.object({ channel_id: channelId() });
const response = { 200: STATE, ...FAILURES };
const common = { tags: ["error screens"], params, response };
const PICTURE = {
  description:
    "A PNG, JPEG, WebP or GIF of at most 10 MiB and 40 million pixels, as the body. It is written anew.",
};

/** `/api/channels/{channel_id}/error-screen`: how a channel's screens look, and one of them on air by hand. */
export function registerChannelScreenApi(scope: ApiScope, { screenControl }: ChannelScreenApiParts): void {
  const url = "/channels/:channel_id/error-screen";
  scope.addContentTypeParser(
    /^(image\/.*|application\/octet-stream)$/,
    { parseAs: "buffer", bodyLimit: MAX_IMAGE_BYTES },
    (_request, body, done) => done(null, body),
  );
  scope.get(
    url,
    {
      schema: {
        ...{ operationId: "getChannelErrorScreen", ...common },
        summary: "How a channel's error screens look, and whether one was asked for",
      },
    },
    async ({ params: { channel_id } }) => shown(channel_id, screenControl.of(channel_id)),
  );
  scope.put(
    url,
    {
      schema: {
        ...{ operationId: "changeChannelErrorScreen", ...common, body: CHANGE },
        summary: "Change how a channel's error screens look",
      },
    },
    async ({ params: { channel_id }, body }) =>
      shown(channel_id, await screenControl.change(channel_id, body)),
  );
  scope.post(
    url,
    {
      schema: {
        ...{ operationId: "showErrorScreen", ...common, body: SHOW.nullish() },
        summary: "Show a screen now, in place of whatever is on; the schedule goes on underneath",
      },
    },
    async ({ params: { channel_id }, body }) =>
      shown(channel_id, await screenControl.show(channel_id, body ?? {})),
  );
  scope.delete(
    url,
    {
      schema: {
        ...{ operationId: "endErrorScreen", ...common },
        summary: "End it: the programme is back with the next group of pictures",
      },
    },
    async ({ params: { channel_id } }) => shown(channel_id, screenControl.end(channel_id)),
  );
  scope.put(
    `${url}/image`,
    {
      schema: {
        ...{ operationId: "setErrorScreenImage", ...common, ...PICTURE },
        summary: "Give a channel a picture of its own, for visual_mode static",
        consumes: ["image/png", "image/jpeg", "image/webp", "image/gif"],
        body: z.any().meta({ type: "string", format: "binary" }),
      },
    },
    async ({ params: { channel_id }, body }) =>
      shown(channel_id, await screenControl.setImage(channel_id, bytesOf(body))),
  );
  scope.delete(
    `${url}/image`,
    {
      schema: {
        ...{ operationId: "removeErrorScreenImage", ...common },
        summary: "Take it back",
      },
    },
    async ({ params: { channel_id } }) =>
      shown(channel_id, await screenControl.setImage(channel_id, undefined)),
  );
}

/** What is no body of a picture (none, or JSON) is refused as an empty one, with the reason. */
function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array(0);
}

function shown(channel_id: number, { own, effective, showing }: ChannelScreen) {
  const { image, ...look } = own;
  const { visualMode = "text", audioMode = "silent" } = effective;
  const until = showing?.untilMs === undefined ? undefined : isoTime(showing.untilMs);
  return {
    channel_id,
    own: { ...look, image: image !== undefined },
    visual_mode: visualMode,
    audio_mode: audioMode,
    showing: showing
      ? { reason: showing.reason, title: showing.title, subtitle: showing.subtitle, until }
      : null,
  };
}
