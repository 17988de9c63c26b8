import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import type { ChannelHold, ChannelManager } from "../channels/channel-manager.ts";
import type { StreamSession } from "../sessions/session.ts";
import type { SessionManager } from "../sessions/session-manager.ts";
import { clientOf } from "./client.ts";
import { dedicate, followConnection, isTaken } from "./connection.ts";
import { TsViewer } from "./ts-viewer.ts";

/** What the MPEG-TS output needs. */
export interface MpegTsOutputOptions {
  readonly manager: ChannelManager;
  readonly sessions: SessionManager;
  readonly clock: Clock;
  /** What a player that is one too many is shown, until the signal aborts; undefined: it is refused. */
  readonly limitStream?: (
    channel: ChannelDefinition,
    signal: AbortSignal,
  ) => AsyncIterable<Uint8Array> | undefined;
}

/** A probe is followed by others, and then by the player: what was started for it runs on for so long. */
const PROBE_LINGER_MS = 5_000;

const HEADERS = {
  "content-type": "video/mp2t",
  "cache-control": "no-store",
  "access-control-allow-origin": "*",
  connection: "close",
};

/** `GET|HEAD /iptv/channel/{number}.ts`: a channel as one endless transport stream over HTTP/1.0 or 1.1. */
export function registerMpegTsOutput(app: FastifyInstance, options: MpegTsOutputOptions): void {
  const viewers = new Set<TsViewer>();
  app.addHook("preClose", async () => {
    options.sessions.close();
    await Promise.all([...viewers].map(({ closed }) => closed));
  });
  app.route<{ Params: { number: string } }>({
    method: ["GET", "HEAD"],
    url: "/iptv/channel/:number.ts",
    handler: (request, reply) => serve(request, reply, options, viewers),
  });
}

async function serve(
  request: FastifyRequest<{ Params: { number: string } }>,
  reply: FastifyReply,
  options: MpegTsOutputOptions,
  viewers: Set<TsViewer>,
): Promise<FastifyReply> {
  const number = channelNumber(request.params.number);
  // Probing players ask for the head alone: that must not put a channel on air.
  if (request.method === "HEAD") {
    options.manager.find(number);
    return reply.headers(HEADERS).send();
  }
  const { socket } = request.raw;
  if (isTaken(socket)) return reply.hijack();
  // The slot first: what has none must not put a channel on air.
  const definition = options.manager.find(number);
  let session: StreamSession;
  try {
    session = options.sessions.reserve({ channel: definition, protocol: "ts", client: clientOf(request) });
  } catch (refusal) {
    return refuse(refusal, definition, request, reply, options);
  }
  const hold = holdFor(session, options.manager, number);
  session.onEnd(() => hold.release(session.isProbe ? PROBE_LINGER_MS : 0));
  const { channel } = hold;
  reply.hijack();
  // The length is not known and the end of the connection is the end of the stream, in HTTP/1.1 as in 1.0.
  reply.raw.useChunkedEncodingByDefault = false;
  reply.raw.writeHead(200, HEADERS);
  reply.raw.flushHeaders();
  dedicate(socket);
  const viewer = new TsViewer(socket, channel.ring, channel.pace(), session, options.clock);
  viewers.add(viewer);
  const unsubscribe = channel.subscribe({
    onRelease: (nowMs) => viewer.pump(nowMs),
    onThrottle: () => viewer.setPace(channel.pace()),
    onOffAir: () => session.end("off_air"),
  });
  session.onEnd(unsubscribe);
  socket.once("close", () => void viewers.delete(viewer));
  followConnection(session, socket);
  if (socket.destroyed) viewers.delete(viewer);
  else viewer.pump();
  return reply;
}

/** A player that shows nothing else is shown why it is refused, where that is wished for; a program is told. */
function refuse(
  refusal: unknown,
  channel: ChannelDefinition,
  { raw, headers }: FastifyRequest,
  reply: FastifyReply,
  { limitStream }: MpegTsOutputOptions,
): FastifyReply {
  const isLimit = refusal instanceof AppError && refusal.code === "max_sessions_reached";
  if (!isLimit || headers.accept?.includes("json")) throw refusal;
  const gone = new AbortController();
  const stream = limitStream?.(channel, gone.signal);
  if (!stream) throw refusal;
  raw.socket.once("close", () => gone.abort());
  return reply.headers(HEADERS).send(Readable.from(stream, { objectMode: false }));
}

/** Puts the channel on air for a session; the session ends when that fails. */
function holdFor(session: StreamSession, manager: ChannelManager, number: number): ChannelHold {
  try {
    return manager.hold(number);
  } catch (failure) {
    session.end("failed");
    throw failure;
  }
}

function channelNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new AppError("channel_not_found", `"${text.slice(0, 20)}" is not a channel number.`);
}
