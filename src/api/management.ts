import type { FastifyInstance } from "fastify";
import { type ChannelHealthApiParts, registerChannelHealthApi } from "./channel-health.ts";
import { type ChannelScreenApiParts, registerChannelScreenApi } from "./channel-screen.ts";
import { type ChannelsApiParts, registerChannelsApi } from "./channels.ts";
import { type ErrorScreensApiParts, registerErrorScreensApi } from "./error-screens.ts";
import { type EventsApiParts, registerEventsApi } from "./events.ts";
import { type MediaApiParts, registerMediaApi } from "./media.ts";
import { openManagementScope } from "./scope.ts";
import { registerSessionsApi, type SessionsApiParts } from "./sessions.ts";
import { registerSwapApi, type SwapApiParts } from "./swap.ts";
import { registerThrottleApi, type ThrottleApiParts } from "./throttle.ts";

/** What the management routes speak of. */
export interface ApiParts
  extends ChannelsApiParts,
    MediaApiParts,
    ThrottleApiParts,
    SessionsApiParts,
    EventsApiParts,
    ErrorScreensApiParts,
    ChannelScreenApiParts,
    SwapApiParts,
    ChannelHealthApiParts {
  /** `server.host`: the one name beside localhost under which management is reached. */
  readonly host: string;
}

/** `/api/…`: what operators see and change. Each group of routes is a function of the scope and its parts. */
export function registerManagement(app: FastifyInstance, parts: ApiParts): void {
  openManagementScope(app, parts.host, (scope) => {
    registerChannelsApi(scope, parts);
    registerMediaApi(scope, parts);
    registerThrottleApi(scope, parts);
    registerSessionsApi(scope, parts);
    registerEventsApi(scope, parts);
    registerErrorScreensApi(scope, parts);
    registerChannelScreenApi(scope, parts);
    registerSwapApi(scope, parts);
    registerChannelHealthApi(scope, parts);
  });
}
