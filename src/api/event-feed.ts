import type { NewEvent } from "../base/event-hub.ts";
import { type ChannelEvent, describeEvent } from "../channels/events.ts";
import type { SessionNews, StreamSession } from "../sessions/session.ts";
import type { Refusal } from "../sessions/session-manager.ts";

/** What happened on a channel, as `channel.…`. */
export function channelEvent(
  channel: { readonly id: number; readonly number: number; readonly name: string },
  event: ChannelEvent,
): NewEvent {
  const { message, fields } = describeEvent(event);
  const named = Object.entries(fields).map(([key, value]) => [snakeCase(key), value]);
  return {
    type: `channel.${event.type}`,
    channelId: channel.id,
    data: { channel_number: channel.number, name: channel.name, message, ...Object.fromEntries(named) },
  };
}

/** A change of a session, as `session.` and its new state; or `session.jumped`, `.failed`, `.established`. */
export function sessionEvent(session: StreamSession, news: SessionNews): NewEvent {
  const { channel, mediaId, client, protocol } = session.request;
  const about = {
    session_id: session.id,
    channel_number: channel?.number ?? null,
    media_id: mediaId ?? null,
    client_id: session.clientId,
    client_ip: client.ip,
    player: session.player ?? null,
    protocol,
  };
  const at = { channelId: channel?.id };
  switch (news.type) {
    case "created":
      return { ...at, type: "session.created", data: { ...about, user_agent: client.userAgent } };
    case "established":
      return { ...at, type: "session.established", data: about };
    case "jumped":
      return { ...at, type: "session.jumped", data: { ...about, jumps: session.jumps } };
    case "error": {
      const { class: errorClass, message } = news.error;
      return { ...at, type: "session.failed", data: { ...about, class: errorClass, message } };
    }
    case "changed": {
      const change = { from: news.from, state: news.to, reason: news.reason };
      return { ...at, type: `session.${news.to}`, data: { ...about, ...change, ...endFigures(session) } };
    }
  }
}

function endFigures(session: StreamSession): object {
  if (session.endReason === undefined) return {};
  const { bytesSent, jumps, durationMs, isProbe } = session;
  return { bytes_sent: bytesSent, jumps, duration_seconds: Math.round(durationMs / 1000), probe: isProbe };
}

/** Viewers were refused: `session.refused`. */
export function refusalEvent({ channel, limit, key, count }: Refusal): NewEvent {
  const data = { channel_number: channel?.number ?? null, limit, key, count };
  return { type: "session.refused", channelId: channel?.id, data };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
