import type { SessionNews, StreamSession } from "./session.ts";

/** How news of a session read in the log. */
export interface NewsDescription {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
}

/** Says what news mean, for a person: who comes and goes, and what is wrong. Probes are nobody's news. */
export function describeNews(session: StreamSession, news: SessionNews): NewsDescription {
  const { channel, mediaId, client, protocol } = session.request;
  const about = {
    ...{ channel: channel?.number, media: mediaId, session: session.id, protocol },
    ...{ address: client.ip, userAgent: client.userAgent, player: session.player },
  };
  switch (news.type) {
    case "created":
      return { level: "debug", message: "session created", fields: about };
    case "established":
      return { level: "info", message: "viewer tuned in", fields: about };
    case "jumped":
      return { level: "debug", message: "viewer too slow; on at the newest picture", fields: about };
    case "error": {
      const { class: errorClass, message: reason } = news.error;
      const level = errorClass === "reader_fault" ? "error" : "warn";
      return { level, message: "error of a viewer", fields: { ...about, class: errorClass, reason } };
    }
    case "changed": {
      const { from, to, reason } = news;
      if (to !== "disconnected") {
        return { level: "debug", message: "session changed", fields: { ...about, from, to, reason } };
      }
      const { bytesSent, jumps, durationMs, isProbe } = session;
      const figures = { reason, bytesSent, jumps, seconds: Math.round(durationMs / 1000) };
      return isProbe
        ? { level: "debug", message: "player probed", fields: { ...about, ...figures } }
        : { level: "info", message: "viewer left", fields: { ...about, ...figures } };
    }
  }
}
