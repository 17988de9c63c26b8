import type { FastifyInstance } from "fastify";
import type { ChannelManager } from "../channels/channel-manager.ts";
import { baseUrl } from "./base-url.ts";

/** `GET /iptv/channels.m3u`: the line-up as an extended M3U with the attributes that IPTV players read. */
export function registerM3uOutput(app: FastifyInstance, manager: ChannelManager): void {
  app.get("/iptv/channels.m3u", async (request, reply) => {
    reply.type("audio/x-mpegurl; charset=utf-8").header("cache-control", "no-store");
    return channelsM3u(manager.definitions, baseUrl(request));
  });
}

/** What a line-up says of one channel. */
export interface ListedChannel {
  readonly id: number;
  readonly number: number;
  readonly name: string;
}

/** The text of the playlist; `base` is scheme and authority without a slash at the end. */
export function channelsM3u(channels: readonly ListedChannel[], base: string): string {
  const entries = [...channels]
    .sort((a, b) => a.number - b.number)
    .map(({ id, number, name }) => {
      const attributes = [
        `channel-id="${id}"`,
        `tvg-id="exstreamtv.${id}"`,
        `tvg-name="${attribute(name)}"`,
        `tvg-chno="${number}"`,
        `group-title="EXStreamTV"`,
      ];
      return `#EXTINF:-1 ${attributes.join(" ")},${title(name)}\n${base}/iptv/channel/${number}.ts\n`;
    });
  return `#EXTM3U\n${entries.join("")}`;
}

/** The format has no escapes: what cannot be carried is replaced by what looks the same. */
function attribute(text: string): string {
  return title(text).replaceAll('"', "”");
}

function title(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replaceAll(",", "‚")
    .trim();
}
