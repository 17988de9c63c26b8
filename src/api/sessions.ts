import { z } from "zod";
import { ERROR_CLASSES, PROTOCOLS, type StreamSession } from "../sessions/session.ts";
import type { SessionManager } from "../sessions/session-manager.ts";
import { END_REASONS } from "../sessions/state.ts";
import { channelId, FAILURES, isoTime, moment, whole } from "./schemas.ts";
import type { ApiScope } from "./scope.ts";

/** What the session routes need. */
export interface SessionsApiParts {
  readonly sessions: SessionManager;
}

const THROTTLE = z.object({
  mode: z.string(),
  factor: z.number().nullable().describe("Delivery against media rate; null when it is unbounded."),
  decisions: z.array(
    z.object({
      at: moment(),
      reason: z.string(),
      factor: z.number(),
      behind_seconds: z.number().nullable(),
    }),
  ),
});

const SESSION = z
  .object({
    session_id: z.string(),
    channel_id: z.int().nullable().describe("Null for a file on demand."),
    channel_number: z.int().nullable(),
    media_id: z.int().nullable().describe("The file that is played on demand; null for a channel."),
    client_id: z
      .string()
      .describe("The same for sessions of one address and user agent, until the server is started again."),
    client_ip: z.string().describe("As server.trusted_proxies says, or that of the connection."),
    user_agent: z.string(),
    player: z.string().nullable().describe("What the user agent is known as."),
    protocol: z.enum(PROTOCOLS),
    state: z.enum(["created", "active", "idle", "error", "disconnected"]),
    created_at: moment(),
    last_activity_at: moment().describe("When its connection last took something."),
    duration_seconds: z.number(),
    bytes_sent: z.int().describe("What its connection has taken."),
    current_bitrate_bps: z.int().describe("Over the last ten seconds."),
    mean_bitrate_bps: z.int().describe("Since its first byte."),
    jumps: z.int().describe("How often it was too slow and went on at a newer picture."),
    error_count: z.int(),
    errors: z
      .array(z.object({ at: moment(), class: z.enum(ERROR_CLASSES), message: z.string() }))
      .describe("The newest fifty."),
    throttle: THROTTLE.nullable().describe("How delivery to it is paced."),
    ended_at: moment().nullable(),
    end_reason: z.enum(END_REASONS).nullable(),
  })
  .meta({ id: "Session" });

const SESSIONS = z
  .object({
    total_sessions: z.int(),
    sessions_by_channel: z
      .record(z.string(), z.int())
      .describe("By channel id. Files on demand belong to no channel."),
    average_duration_seconds: z.int(),
    total_bytes_sent: z.int(),
    sessions: z.array(SESSION).describe("The oldest first, at most `limit` of them from `offset` on."),
  })
  .meta({ id: "Sessions" });

/** What takes a few milliseconds to put into words: channels are served by the same thread. */
const MAX_LISTED = 200;

const LIST_QUERY = z.object({
  channel_id: channelId().optional().describe("Only this channel's; the totals too."),
  limit: whole(1, MAX_LISTED, 100),
  offset: whole(0, 1_000_000, 0),
});

const ONE = z.object({ id: z.string().min(1).max(64) });

/** `/api/ai/sessions`: who watches, what became of those who did, and how one is ended. */
export function registerSessionsApi(scope: ApiScope, { sessions }: SessionsApiParts): void {
  scope.get(
    "/ai/sessions",
    {
      schema: {
        operationId: "listSessions",
        summary: "The sessions that live, and what they come to",
        tags: ["sessions"],
        querystring: LIST_QUERY,
        response: { 200: SESSIONS, ...FAILURES },
      },
    },
    async ({ query: { channel_id, limit, offset } }) => {
      const { count, byChannel, averageDurationMs, bytesSent } = sessions.totals(channel_id);
      const listed = [...sessions.live].filter(
        ({ request }) => channel_id === undefined || request.channel?.id === channel_id,
      );
      return {
        total_sessions: count,
        sessions_by_channel: Object.fromEntries(byChannel),
        average_duration_seconds: Math.round(averageDurationMs / 1000),
        total_bytes_sent: bytesSent,
        sessions: listed.slice(offset, offset + limit).map(describeSession),
      };
    },
  );
  const forOne = (operationId: string, summary: string) => ({
    schema: {
      operationId,
      summary,
      tags: ["sessions"],
      params: ONE,
      response: { 200: SESSION, ...FAILURES },
    },
  });
  scope.get(
    "/ai/sessions/:id",
    forOne("getSession", "One session, also for a while after its end"),
    async ({ params }) => describeSession(sessions.find(params.id)),
  );
  scope.delete(
    "/ai/sessions/:id",
    forOne("endSession", "End a session: its connection is closed, its slot is free"),
    async ({ params }) => {
      const session = sessions.find(params.id);
      session.end("ended_by_operator");
      return describeSession(session);
    },
  );
}

function describeSession(session: StreamSession): z.output<typeof SESSION> {
  const { channel, mediaId, client, protocol } = session.request;
  return {
    session_id: session.id,
    channel_id: channel?.id ?? null,
    channel_number: channel?.number ?? null,
    media_id: mediaId ?? null,
    client_id: session.clientId,
    client_ip: client.ip,
    user_agent: client.userAgent,
    player: session.player ?? null,
    protocol,
    state: session.state,
    created_at: isoTime(session.createdAtMs),
    last_activity_at: isoTime(session.lastActivityMs),
    duration_seconds: Math.round(session.durationMs) / 1000,
    bytes_sent: session.bytesSent,
    current_bitrate_bps: session.currentBps,
    mean_bitrate_bps: session.meanBps,
    jumps: session.jumps,
    error_count: session.errorCount,
    errors: session.errors.map(({ atMs, class: errorClass, message }) => ({
      ...{ at: isoTime(atMs), class: errorClass, message },
    })),
    throttle: describeThrottle(session),
    ended_at: session.endedAtMs === undefined ? null : isoTime(session.endedAtMs),
    end_reason: session.endReason ?? null,
  };
}

function describeThrottle({ throttle }: StreamSession): z.output<typeof THROTTLE> | null {
  if (!throttle) return null;
  const { mode, factor, decisions } = throttle();
  return {
    mode,
    factor: factor ?? null,
    decisions: decisions.map(({ atMs, reason, factor: decided, behindSeconds }) => ({
      ...{ at: isoTime(atMs), reason, factor: decided, behind_seconds: behindSeconds ?? null },
    })),
  };
}
