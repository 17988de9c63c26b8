import { refusalEvent, sessionEvent } from "./api/event-feed.ts";
import type { Clock } from "./base/clock.ts";
import type { EventHub } from "./base/event-hub.ts";
import type { Log } from "./base/log.ts";
import type { Scope } from "./base/scope.ts";
import type { Config } from "./config/schema.ts";
import { DeadConnections } from "./sessions/dead-connections.ts";
import { describeNews } from "./sessions/news.ts";
import { type SessionLimits, SessionManager } from "./sessions/session-manager.ts";
import { readTcpTables } from "./sessions/tcp-table.ts";

/** What the audience is watched with. */
export interface AudienceOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
}

/** The session manager, whose news are events and lines of the log. */
export function makeSessions({ config, clock, log }: AudienceOptions, events: EventHub): SessionManager {
  return new SessionManager({
    clock,
    limits: sessionLimits(config),
    onNews: (session, news) => {
      events.publish(sessionEvent(session, news));
      const { level, message, fields } = describeNews(session, news);
      log[level](fields, message);
    },
    onRefusal: (refusal) => {
      events.publish(refusalEvent(refusal));
      const { channel, limit, key, count } = refusal;
      log.warn({ channel: channel?.number, limit, key, count }, "max sessions reached; viewers refused");
    },
  });
}

/** Finds connections whose other end is gone. Only Linux shows what the kernel knows; elsewhere they become idle. */
export function watchConnections(
  { clock, log }: AudienceOptions,
  sessions: SessionManager,
  scope: Scope,
): void {
  if (process.platform !== "linux") return;
  const watch = new DeadConnections({
    clock,
    sessions: () => sessions.live,
    readTable: readTcpTables,
    onFailure: (err) =>
      log.warn({ err }, "dead connections cannot be looked for; the idle timeout ends them"),
  });
  scope.defer(() => watch.close());
}

/** The limits that a configuration sets. */
export function sessionLimits({ session_manager }: Config): SessionLimits {
  return {
    perChannel: session_manager.max_sessions_per_channel,
    total: session_manager.max_sessions_total,
    maxErrors: session_manager.max_errors,
    idleTimeoutMs: session_manager.idle_timeout_seconds * 1000,
    cleanupIntervalMs: session_manager.cleanup_interval_seconds * 1000,
  };
}
