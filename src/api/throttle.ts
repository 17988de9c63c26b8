import { z } from "zod";
import type { ChannelThrottle, ThrottleControl } from "../channels/throttle-control.ts";
import { MAX_TARGET_BPS, MIN_TARGET_BPS, THROTTLE_MODES } from "../config/schema.ts";
import { channelId, FAILURES } from "./schemas.ts";
import type { ApiScope } from "./scope.ts";

/** What the throttle routes need. */
export interface ThrottleApiParts {
  readonly throttle: Pick<ThrottleControl, "of" | "change">;
}

const mode = () => z.enum(THROTTLE_MODES);
const targetBps = () => z.int().min(MIN_TARGET_BPS).max(MAX_TARGET_BPS);

const CHANGE = z
  .strictObject({
    mode: mode().nullable().optional(),
    target_bitrate_bps: targetBps()
      .nullable()
      .optional()
      .describe("Rate of the whole transport stream in bit/s."),
  })
  .meta({
    id: "ChannelThrottleChange",
    description:
      "A value is the channel's own from now on; null goes back to the configuration's; what is absent stays.",
  });

const ORIGIN = z.enum(["channel", "configuration"]);

const THROTTLE = z
  .object({
    channel_id: z.int(),
    mode: mode(),
    target_bitrate_bps: targetBps().describe("Rate of the whole transport stream in bit/s."),
    from: z
      .object({ mode: ORIGIN, target_bitrate_bps: ORIGIN })
      .describe("Where each value comes from: the channel's own, or the configuration."),
    configuration: z
      .object({ mode: mode(), target_bitrate_bps: targetBps() })
      .describe("What the configuration says, and null would go back to."),
  })
  .meta({ id: "ChannelThrottle", description: "How a channel's bytes leave the server." });

const params = z.object({ channel_id: channelId() });
const response = { 200: THROTTLE, ...FAILURES };

/** `GET|PUT /api/channels/{channel_id}/throttle`: how a channel's bytes leave, changed without losing a viewer. */
export function registerThrottleApi(scope: ApiScope, { throttle }: ThrottleApiParts): void {
  const url = "/channels/:channel_id/throttle";
  scope.get(
    url,
    {
      schema: {
        ...{ operationId: "getChannelThrottle", tags: ["channels"], params, response },
        summary: "How a channel's bytes leave, and where that comes from",
      },
    },
    async ({ params: { channel_id } }) => shown(channel_id, throttle.of(channel_id)),
  );
  scope.put(
    url,
    {
      schema: {
        ...{ operationId: "changeChannelThrottle", tags: ["channels"], params, body: CHANGE, response },
        summary: "Change how a channel's bytes leave, from the next group of pictures on",
      },
    },
    async ({ params: { channel_id }, body }) => shown(channel_id, await throttle.change(channel_id, body)),
  );
}

function shown(channel_id: number, { settings, override, configured }: ChannelThrottle) {
  const from = (own: unknown) => (own === undefined ? ("configuration" as const) : ("channel" as const));
  return {
    channel_id,
    mode: settings.mode,
    target_bitrate_bps: settings.targetBps,
    from: { mode: from(override.mode), target_bitrate_bps: from(override.target_bitrate_bps) },
    configuration: { mode: configured.mode, target_bitrate_bps: configured.targetBps },
  };
}
