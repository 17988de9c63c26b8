import type { AddressInfo, Socket } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import type { ErrorScreensApiParts } from "./api/error-screens.ts";
import { registerHealth } from "./api/health.ts";
import { type ApiParts, registerManagement } from "./api/management.ts";
import { registerProblems } from "./api/problems.ts";
import type { Clock } from "./base/clock.ts";
import { AppError } from "./base/errors.ts";
import type { EventHub } from "./base/event-hub.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";
import type { ChannelManager } from "./channels/channel-manager.ts";
import { describeEvent } from "./channels/events.ts";
import type { Config } from "./config/schema.ts";
import type { Screens } from "./error-screens/screens.ts";
import type { Descriptors } from "./ffmpeg/descriptors.ts";
import { registerM3uOutput } from "./outputs/m3u.ts";
import { registerMpegTsOutput } from "./outputs/mpegts.ts";
import { type OnDemandSettings, registerVodOutput } from "./outputs/vod.ts";
import type { SessionManager } from "./sessions/session-manager.ts";

/** Clients get this long to send their request, in ms, and this much header, in bytes. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 16_384;
/** How often slow requests are looked for, in ms. */
const CONNECTION_CHECK_MS = 1_000;
/** The time to send a request while file descriptors are short: who asks for nothing must not hold one. */
const SHORT_REQUEST_TIMEOUT_MS = 2_000;

/** Connections that may wait to be taken: everybody comes back at once after a restart. The system has its own bound. */
const BACKLOG = 4096;

/** What the HTTP side is made of. */
export interface HttpParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly manager: ChannelManager;
  readonly throttle: ApiParts["throttle"];
  readonly sessions: SessionManager;
  readonly events: EventHub;
  readonly screens: ErrorScreensApiParts["screens"] & Pick<Screens, "limitStream">;
  readonly screenControl: ApiParts["screenControl"];
  readonly swaps: ApiParts["swaps"];
  readonly health: ApiParts["health"];
  readonly random: Random;
  readonly descriptors: Descriptors;
  /** Decoding time of the first frame of every stream, in 90 kHz ticks. */
  readonly startTicks: number;
  /** Asked anew for each file that is played on demand. */
  readonly onDemand: () => OnDemandSettings;
  /** A file begins to be played on demand. */
  readonly onDemandStart: () => void;
  /** Whether channels can be tuned. */
  readonly isReady: () => boolean;
}

/** Everything that is answered over HTTP. It does not listen yet. */
export function makeApp(parts: HttpParts): FastifyInstance {
  const { config, clock, log, manager, throttle, sessions, events, isReady } = parts;
  const { host, trusted_proxies } = config.server;
  const app = fastify({
    logger: false,
    trustProxy: trusted_proxies.length > 0 ? [...trusted_proxies] : false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      headersTimeout: REQUEST_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
    },
    // After the viewers have had their last bytes: a connection without a request must not hold the shutdown up.
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
  });
  registerProblems(app, log);
  keepDescriptors(app, parts.descriptors);
  registerHealth(app, isReady);
  // A player that is told of no channels deletes those it knew: until they are known, it is told to wait.
  app.addHook("onRequest", async (request) => {
    if (isReady() || !/^\/(iptv|vod|api)\//.test(request.url)) return;
    throw new AppError("not_ready", "The server is still reading the media folder.");
  });
  registerM3uOutput(app, manager);
  const limitStream = parts.screens.limitStream.bind(parts.screens);
  registerMpegTsOutput(app, { manager, sessions, clock, limitStream });
  registerVodOutput(app, {
    ...{ channels: manager, sessions, clock, random: parts.random, startTicks: parts.startTicks },
    ...{ settings: parts.onDemand, onStart: parts.onDemandStart },
    onEvent: ({ item }, event) => {
      const { level, message, fields } = describeEvent(event);
      log[level]({ media: item.mediaId, ...fields }, message);
    },
  });
  const { screens, screenControl, swaps, health } = parts;
  registerManagement(app, {
    ...{ host, channels: manager, throttle, sessions, events, clock },
    ...{ screens, screenControl, swaps, health },
  });
  return app;
}

/**
 * Keeps file descriptors for what is on air and for management: while they are short, nobody new is let in to watch,
 * and while even the reserve runs out, no connection is kept at all.
 */
function keepDescriptors(app: FastifyInstance, descriptors: Descriptors): void {
  const { server } = app;
  // Judged when it comes: of many at once, the first ones are let in.
  const late = new WeakSet<Socket>();
  server.on("connection", (socket) => {
    descriptors.opened();
    const { shortage } = descriptors;
    const isShort = shortage !== "none";
    server.headersTimeout = isShort ? SHORT_REQUEST_TIMEOUT_MS : REQUEST_TIMEOUT_MS;
    if (!isShort) return;
    late.add(socket);
    server.closeIdleConnections();
    if (shortage === "grave") socket.destroy();
  });
  app.addHook("onRequest", async (request) => {
    if (!late.has(request.raw.socket) || !/^\/(iptv|vod)\//.test(request.url)) return;
    throw new AppError(
      "descriptors_short",
      "The server may open only a few more files; encoders.fd_reserve keeps them for those who watch already.",
    );
  });
}

/** Begins to listen where the configuration says; returns the port. Throws `address_in_use`, `address_unusable`. */
export async function listen(app: FastifyInstance, config: Config): Promise<number> {
  const { host, port } = config.server;
  try {
    await app.listen({ host, port, backlog: BACKLOG });
  } catch (failure) {
    const { code, message } = failure as NodeJS.ErrnoException;
    if (code !== "EADDRINUSE") {
      const what = `It is not possible to listen on port ${port} of ${host}: ${message}.`;
      throw new AppError("address_unusable", `${what} Choose another one with --host and --port.`, {
        cause: failure,
      });
    }
    const remedy = "End the other program, or choose another port with --port or server.port.";
    throw new AppError("address_in_use", `Port ${port} on ${host} is in use. ${remedy}`, { cause: failure });
  }
  return (app.server.address() as AddressInfo).port;
}
