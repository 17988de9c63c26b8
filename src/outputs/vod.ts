import type { Socket } from "node:net";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../base/clock.ts";
import { AppError, toAppError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { Scope } from "../base/scope.ts";
import type { ChannelManager } from "../channels/channel-manager.ts";
import type { ChannelEvent } from "../channels/events.ts";
import { itemStream } from "../channels/item-stream.ts";
import { findMedia, type MediaEntry } from "../channels/media-index.ts";
import type { Config } from "../config/schema.ts";
import { FrameGrid } from "../media/house-format.ts";
import type { StreamSession } from "../sessions/session.ts";
import type { SessionManager } from "../sessions/session-manager.ts";
import { StreamThrottler, type StreamThrottlerOptions } from "../throttle/stream-throttler.ts";
import { clientOf } from "./client.ts";
import { dedicate, followConnection, isTaken, letGo } from "./connection.ts";
import { SocketWriter } from "./socket-writer.ts";

/**
 * A Gop that does not come within so long ends the stream, or is the answer that there is none. The restart policy
 * has done its steps by then; players that wait for an answer do not do so for much longer.
 */
const PATIENCE_MS = 15_000;
/** How often a viewer is looked after whose connection takes nothing. */
const LOOK_MS = 1_000;

/** What on-demand playback needs. */
export interface VodOutputOptions {
  readonly channels: Pick<ChannelManager, "definitions">;
  readonly sessions: Pick<SessionManager, "reserve">;
  readonly clock: Clock;
  readonly random: Random;
  /** Decoding time of each stream's first frame, in 90 kHz ticks. */
  readonly startTicks: number;
  /** Asked anew for each request. */
  readonly settings: () => OnDemandSettings;
  /** A file begins to be played. */
  readonly onStart: () => void;
  readonly onEvent: (media: MediaEntry, event: ChannelEvent) => void;
}

/** What an operator decides about on-demand playback. */
export interface OnDemandSettings {
  /** Encoders that may run for on-demand viewers at the same time. */
  readonly maxEncoders: number;
  /** Streams leave as burst, or, where that is not enabled, as fast as they are made. */
  readonly throttle: Pick<StreamThrottlerOptions, "enabled" | "targetBitrateBps" | "burstSeconds">;
}

/** The settings that a configuration stands for. */
export function onDemandSettings({ on_demand, stream_throttler: keys }: Config): OnDemandSettings {
  return {
    maxEncoders: on_demand.max_encoders,
    throttle: {
      enabled: keys.enabled,
      targetBitrateBps: keys.target_bitrate_bps,
      burstSeconds: keys.burst_seconds,
    },
  };
}

type VodRequest = FastifyRequest<{ Params: { mediaId: string }; Querystring: { start?: unknown } }>;

const HEADERS = {
  "content-type": "video/mp2t",
  "cache-control": "no-store",
  "access-control-allow-origin": "*",
  // Bytes are made as they are played: there are no others to choose from.
  "accept-ranges": "none",
  connection: "close",
};

/** `GET|HEAD /vod/{mediaId}.ts?start=seconds`: a file of the library in house format, from any frame to its end. */
export function registerVodOutput(app: FastifyInstance, options: VodOutputOptions): void {
  const output = new VodOutput(options);
  app.addHook("preClose", () => output.close());
  app.route({
    method: ["GET", "HEAD"],
    url: "/vod/:mediaId.ts",
    handler: (request: VodRequest, reply: FastifyReply) => output.serve(request, reply),
  });
}

/** One viewer's playback. */
interface Playback {
  readonly media: MediaEntry;
  readonly startFrame: number;
  readonly session: StreamSession;
  readonly socket: Socket;
  /** Ends with the session; the encoder lives in it. */
  readonly scope: Scope;
  readonly throttle: OnDemandSettings["throttle"];
}

class VodOutput {
  readonly #options: VodOutputOptions;
  readonly #playbacks = new Set<Playback>();

  constructor(options: VodOutputOptions) {
    this.#options = options;
  }

  /** Ends every playback; resolves when their processes are gone. */
  async close(): Promise<void> {
    const playbacks = [...this.#playbacks];
    for (const { session } of playbacks) session.end("shutdown");
    await Promise.all(playbacks.map(({ scope }) => scope.close()));
  }

  async serve(request: VodRequest, reply: FastifyReply): Promise<FastifyReply> {
    const media = findMedia(this.#options.channels.definitions, mediaIdOf(request.params.mediaId));
    if (media.item.live) {
      throw new AppError("live_not_on_demand", `"${media.item.title}" is live: it is on its channel only.`);
    }
    const startFrame = startFrameOf(request.query.start, media);
    // Probing players ask for the head alone: that must not start an encoder.
    if (request.method === "HEAD") return reply.headers(HEADERS).send();
    await this.#roomAgain();
    // From here to the slot nothing waits: neither can be taken twice.
    if (isTaken(request.raw.socket)) return reply.hijack();
    const playback = this.#begin(request, reply, media, startFrame);
    const { session, scope } = playback;
    try {
      const stream = this.#stream(playback);
      // Until there is something to send, a failure can still be told.
      const { value: first } = await stream.next();
      reply.hijack();
      if (first && (await this.#play(first, stream, playback, reply))) session.end("finished");
    } catch (thrown) {
      const isAnswered = reply.sent;
      if (session.endReason) reply.hijack();
      else {
        const error = toAppError(thrown);
        session.failed("request_failed", error.message);
        session.end("failed");
        // What was set for a stream does not suit the next request.
        if (!isAnswered) {
          reply.header("connection", "close");
          throw error;
        }
      }
    } finally {
      await scope.close();
    }
    return reply;
  }

  /** A player that jumps leaves and comes at once: it waits until the encoder that it had is gone. */
  async #roomAgain(): Promise<void> {
    if (this.#playbacks.size < this.#options.settings().maxEncoders) return;
    const ending = [...this.#playbacks].filter(({ session }) => session.endReason);
    if (ending.length > 0) await Promise.race(ending.map(({ scope }) => scope.close()));
  }

  /** Takes a slot and a session, before anything is started for them. */
  #begin(request: VodRequest, reply: FastifyReply, media: MediaEntry, startFrame: number): Playback {
    const { clock, settings, sessions, onStart } = this.#options;
    const { maxEncoders, throttle } = settings();
    if (this.#playbacks.size >= maxEncoders) throw full(maxEncoders);
    const { socket } = request.raw;
    const session = sessions.reserve({
      ...{ mediaId: media.item.mediaId, protocol: "vod" },
      client: clientOf(request),
    });
    const scope = new Scope();
    const playback = { media, startFrame, session, socket, scope, throttle };
    this.#playbacks.add(playback);
    onStart();
    session.throttle = () => ({
      mode: throttle.enabled ? "burst" : "disabled",
      factor: undefined,
      decisions: [],
    });
    scope.defer(() => void this.#playbacks.delete(playback));
    dedicate(socket);
    const looking = clock.every(LOOK_MS, () => session.look());
    scope.defer(() => looking.cancel());
    session.onEnd((reason) => {
      // A failure before there is anything to send is told on the connection.
      if (reason !== "failed" || reply.sent) letGo(socket, reason, clock);
      void scope.close();
    });
    followConnection(session, socket);
    return playback;
  }

  #stream({ media, startFrame, scope }: Playback): AsyncGenerator<Uint8Array, void, void> {
    const { clock, random, startTicks, onEvent } = this.#options;
    const { item, channel } = media;
    const { format, open } = channel;
    return itemStream(
      {
        ...{ item, startFrame, format, open, startTicks, clock, random, patienceMs: PATIENCE_MS },
        onEvent: (event) => onEvent(media, event),
      },
      scope,
    );
  }

  /** Answers, and sends what the stream gives until its end; false when the connection ended first. */
  async #play(
    first: Uint8Array,
    rest: AsyncIterable<Uint8Array>,
    { session, socket, scope, throttle }: Playback,
    reply: FastifyReply,
  ): Promise<boolean> {
    const throttler = new StreamThrottler({
      ...throttle,
      mode: "burst",
      ...{ clock: this.#options.clock, signal: scope.signal },
    });
    // The length is not known and the end of the connection is the end of the stream, in HTTP/1.1 as in 1.0.
    reply.raw.useChunkedEncodingByDefault = false;
    reply.raw.writeHead(200, HEADERS);
    reply.raw.flushHeaders();
    const writer = new SocketWriter(socket, (bytes) => session.sent(bytes));
    for await (const bytes of throttler.throttle(beginningWith(first, rest))) {
      if (!(await writer.write(bytes))) return false;
    }
    return writer.flush();
  }
}

async function* beginningWith(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  yield first;
  yield* rest;
}

function full(limit: number): AppError {
  const what =
    limit === 0
      ? "Files are not played on demand here."
      : `${limit === 1 ? "One file is" : `${limit} files are`} being played on demand already.`;
  return new AppError(
    "on_demand_full",
    `${what} on_demand.max_encoders (now ${limit}) allows more, if the machine can encode them.`,
    { members: { limit, key: "on_demand.max_encoders" } },
  );
}

function mediaIdOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new AppError(
    "media_not_found",
    `"${text.slice(0, 20)}" is not the id of a file; /api/media lists them.`,
  );
}

/** The frame nearest to `start`, in seconds. Throws `start_invalid`. */
function startFrameOf(start: unknown, { item, channel }: MediaEntry): number {
  if (start === undefined) return 0;
  const grid = new FrameGrid(channel.format);
  if (typeof start === "string" && /^\d{1,9}(\.\d{1,9})?$/.test(start)) {
    const frame = Math.round(grid.framesIn(Number(start) * 1000));
    if (frame < item.frames) return frame;
  }
  const seconds = (grid.milliseconds(item.frames) / 1000).toFixed(3);
  throw new AppError(
    "start_invalid",
    `start is one number of seconds from 0 to less than ${seconds}, the length of "${item.title}"; it was ${JSON.stringify(start).slice(0, 50)}.`,
    { members: { duration_seconds: Number(seconds) } },
  );
}
