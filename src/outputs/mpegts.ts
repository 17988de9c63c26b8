import type { Socket } from "node:net";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import type { ChannelManager } from "../channels/channel-manager.ts";
import { TsViewer, type ViewerEnd, type ViewerFigures } from "./ts-viewer.ts";

/** What the MPEG-TS output needs. */
export interface MpegTsOutputOptions {
  readonly manager: ChannelManager;
  readonly clock: Clock;
  /** Asked each time, so that a change applies to viewers that are there. */
  readonly idleTimeoutMs: () => number;
  readonly onViewer: (news: ViewerNews) => void;
}

/** A viewer came or went. */
export interface ViewerNews {
  readonly channel: ChannelDefinition;
  readonly address: string;
  readonly userAgent: string;
  /** Undefined when it came. */
  readonly left?: ViewerFigures & { readonly reason: ViewerEnd };
}

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
    await Promise.all([...viewers].map((viewer) => viewer.close("shutdown")));
  });
  app.route<{ Params: { number: string } }>({
    method: ["GET", "HEAD"],
    url: "/iptv/channel/:number.ts",
    handler: (request, reply) => serve(request, reply, options, viewers),
  });
}

/** Connections that carry a stream, and nothing else until their end. */
const streaming = new WeakSet<Socket>();

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
  if (streaming.has(socket)) {
    // A second request behind the first one, on a connection whose answer never ends.
    socket.destroy();
    return reply.hijack();
  }
  const hold = options.manager.hold(number);
  const { channel } = hold;
  reply.hijack();
  streaming.add(socket);
  // The length is not known and the end of the connection is the end of the stream, in HTTP/1.1 as in 1.0.
  reply.raw.useChunkedEncodingByDefault = false;
  reply.raw.writeHead(200, HEADERS);
  reply.raw.flushHeaders();
  // A client may close its sending side after the request. The http module takes that for its leave; whether it
  // has really gone shows when it is written to.
  socket.removeAllListeners("end");
  socket.setTimeout(0);
  socket.setNoDelay(true);
  const viewer = new TsViewer(socket, channel.ring, channel.pace(), options.clock, options.idleTimeoutMs);
  viewers.add(viewer);
  const about = {
    channel: channel.definition,
    address: request.ip,
    userAgent: request.headers["user-agent"] ?? "",
  };
  options.onViewer(about);
  const unsubscribe = channel.subscribe({
    onRelease: () => viewer.pump(),
    onThrottle: () => viewer.setPace(channel.pace()),
    onOffAir: () => void viewer.close("off_air"),
  });
  const leave = () => {
    unsubscribe();
    hold.release();
    viewers.delete(viewer);
    options.onViewer({ ...about, left: { ...viewer.figures, reason: viewer.endReason } });
  };
  if (socket.destroyed) leave();
  else {
    socket.once("close", leave);
    viewer.pump();
  }
  return reply;
}

function channelNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new AppError("channel_not_found", `"${text.slice(0, 20)}" is not a channel number.`);
}
