import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import type { Channel } from "../channels/channel.ts";
import { HEALTH_STATUSES } from "../channels/health.ts";
import type { ChannelHealth, HealthWatch } from "../channels/health-watch.ts";
import { onNow } from "../channels/on-now.ts";
import { SCREEN_REASONS } from "../media/screen-modes.ts";
import type { SessionManager } from "../sessions/session-manager.ts";
import type { PlayItem } from "../source/source.ts";
import { channelId, FAILURES, isoTime, moment } from "./schemas.ts";
import type { ApiScope } from "./scope.ts";

/** What the routes of channels' health need. */
export interface ChannelHealthApiParts {
  readonly health: Pick<HealthWatch, "of" | "list">;
  readonly sessions: SessionManager;
  readonly clock: Clock;
}

/** Incidents that one answer shows. */
const MOST_INCIDENTS = 20;
/** What the way through the transport stream takes: PCR to decoding time. */
const WIRE_SECONDS = 0.7;

const REASON = z.object({
  code: z.string().describe("Stable name."),
  status: z.enum(HEALTH_STATUSES).describe("The status that it asks for."),
  message: z.string().describe("What was measured, and what to do."),
});

const INCIDENT = z.object({
  id: z.int(),
  class: z.string().describe("As in errors_recent; or stream_ and the name of a check, for what was sent."),
  source: z.string().describe("Path, or address without secrets."),
  count: z.int(),
  first_at: moment(),
  last_at: moment(),
});

const HEALTH = z
  .object({
    channel_id: z.int(),
    status: z.enum(HEALTH_STATUSES),
    on_air: z.boolean().describe("False: nobody watches, nothing is made, and nothing is wrong."),
    since: moment().describe("Since when the status is what it is; off air: now."),
    reasons: z.array(REASON).describe("Everything that is not as it should be, the worst first."),
    current_fps: z.number().describe("Pictures aired per second in the last 10 s, whatever they show."),
    expected_fps: z.number().describe("What the channel's house format has."),
    current_speed: z
      .number()
      .describe(
        "Media that the encoder made, against the time in which it was being read, in the last 10 s. 1 while it is held back by a full lead, or there is none.",
      ),
    current_bitrate_kbps: z.int().describe("Of the last 10 s, without null packets."),
    dropped_frames: z
      .int()
      .describe(
        "Pictures of the programme that were due and not aired, because of a failure, since the channel went on air: a screen or a held picture stood in for them.",
      ),
    duplicated_frames: z
      .int()
      .describe("Pictures that were repeated in place of ones that were due, since it went on air."),
    lead_seconds: z.number().describe("Finished media that waits for its time: what a failure may take."),
    latency_seconds: z
      .number()
      .nullable()
      .describe("From arrival to the picture, when a live input is on; null otherwise."),
    sessions_active: z.int().describe("Sessions that live, as in /api/ai/sessions."),
    source: z
      .string()
      .nullable()
      .describe("Where the programme came from last: a path, or an address without secrets."),
    screen: z
      .enum(SCREEN_REASONS)
      .nullable()
      .describe("The screen that stands in for the programme because of a failure; null when none does."),
    item: z
      .object({ media_id: z.int(), title: z.string(), start: moment(), end: moment() })
      .describe("What is on by the schedule."),
    restarts: z.int().describe("Encoders that took over for one that failed, since it went on air."),
    errors_recent: z
      .record(z.string(), z.int())
      .describe(
        "Failures of sources in the last health.failures_minutes, by class (docs/failures.md) or code.",
      ),
    incidents_open: z.int(),
    incidents: z.array(INCIDENT).describe("The newest twenty of those that are open, the oldest first."),
    self_measurement: z
      .object({
        samples: z.int().describe("Stretches of what was sent that were examined since it went on air."),
        faulty: z.int().describe("How many of them were faulty."),
        skipped: z.int().describe("How many were left out, because there was more to do."),
      })
      .nullable()
      .describe("Null while it is off air."),
  })
  .meta({ id: "ChannelHealth" });

/** `/api/ai/channels/…/health`: how each channel is, and why. */
export function registerChannelHealthApi(
  scope: ApiScope,
  { health, sessions, clock }: ChannelHealthApiParts,
): void {
  const describe = (known: ChannelHealth) => {
    const { id } = known.channel;
    return describeHealth(known, sessions.totals(id).count, clock);
  };
  scope.get(
    "/ai/channels/:channel_id/health",
    {
      schema: {
        operationId: "getChannelHealth",
        summary: "How a channel is, and why",
        tags: ["channels"],
        params: z.object({ channel_id: channelId() }),
        response: { 200: HEALTH, ...FAILURES },
      },
    },
    async ({ params: { channel_id } }) => describe(health.of(channel_id)),
  );
  scope.get(
    "/ai/channels/health",
    {
      schema: {
        operationId: "listChannelHealth",
        summary: "How every channel is, in the order of their numbers",
        tags: ["channels"],
        response: { 200: z.object({ channels: z.array(HEALTH) }), ...FAILURES },
      },
    },
    async () => ({ channels: health.list().map(describe) }),
  );
}

function describeHealth(known: ChannelHealth, sessionsActive: number, clock: Clock): z.output<typeof HEALTH> {
  const { channel, state, onAir, recent, incidents } = known;
  const { num, den } = channel.format.fps;
  const wallMs = clock.wallNow();
  const { mediaId, title, startMs, endMs } = onNow(channel, wallMs);
  const off = { code: "off", status: "healthy" as const, sentence: "Nobody watches: nothing is made." };
  const reasons = onAir ? state.reasons : [off];
  const figures = onAir?.channel.figures;
  return {
    channel_id: channel.id,
    status: state.status,
    on_air: onAir !== undefined,
    since: isoTime(wallMs - (clock.now() - state.sinceMs)),
    reasons: reasons.map(({ code, status, sentence }) => ({ code, status, message: sentence })),
    current_fps: rounded(onAir?.rates.fps ?? 0, 2),
    expected_fps: rounded(num / den, 3),
    current_speed: rounded(onAir?.rates.speed ?? 1, 2),
    current_bitrate_kbps: Math.round((onAir?.rates.bps ?? 0) / 1000),
    dropped_frames: figures?.droppedFrames ?? 0,
    duplicated_frames: figures?.duplicatedFrames ?? 0,
    lead_seconds: onAir ? leadSeconds(onAir.channel) : 0,
    latency_seconds: onAir && isLive(onAir.channel.onNow.item) ? latencySeconds(onAir.channel) : null,
    sessions_active: sessionsActive,
    source: figures?.run?.source ?? null,
    screen: figures?.screen?.cue.reason ?? null,
    item: { media_id: mediaId, title, start: isoTime(startMs), end: isoTime(endMs) },
    restarts: figures?.restarts ?? 0,
    errors_recent: Object.fromEntries(recent),
    incidents_open: incidents.length,
    incidents: incidents.slice(-MOST_INCIDENTS).map((incident) => ({
      ...{ id: incident.id, class: incident.class, source: incident.source, count: incident.count },
      ...{ first_at: isoTime(incident.firstMs), last_at: isoTime(incident.lastMs) },
    })),
    self_measurement: figures
      ? { samples: figures.samples, faulty: figures.samplesFaulty, skipped: figures.samplesSkipped }
      : null,
  };
}

function leadSeconds({ leadFrames, definition }: Channel): number {
  const { num, den } = definition.format.fps;
  return rounded((leadFrames * den) / num, 2);
}

/** Glass to glass: a live input is played as far behind its arrival as the lead is long. */
function latencySeconds(channel: Channel): number {
  const { gopFrames, fps } = channel.definition.format;
  return rounded(leadSeconds(channel) + (gopFrames * fps.den) / fps.num + WIRE_SECONDS, 2);
}

function isLive(item: PlayItem): boolean {
  return "live" in item && item.live !== undefined;
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
