import type { NewEvent } from "../base/event-hub.ts";
import type { ProcessNews } from "./process-watch.ts";

/** How news of the process read in the log. */
export interface ProcessNewsDescription {
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** Says what news of the process mean, for a person; all of them are warnings. */
export function describeProcessNews(news: ProcessNews): ProcessNewsDescription {
  if (news.type === "loop_blocked") {
    const { block, reason, sentence, count } = news;
    const fields = {
      ...{ reason, blocked_ms: Math.round(block.wallMs), cpu_ms: Math.round(block.cpuMs) },
      ...{ gc_ms: Math.round(block.gcMs), count },
      ...(block.starvedMs === undefined ? {} : { starved_ms: Math.round(block.starvedMs) }),
      ...(block.work ? { work: block.work.name, work_ms: Math.round(block.work.ms) } : {}),
    };
    return { fields, message: `the event loop was held up: nothing was sent meanwhile. ${sentence}` };
  }
  const { finding } = news;
  const { bytes, limitBytes } = finding;
  const figures = { bytes: Math.round(bytes), limit_bytes: Math.round(limitBytes) };
  if (finding.type === "high") {
    const what = finding.of === "heap" ? "heap of JavaScript" : "memory of the process";
    const consequence =
      finding.of === "heap"
        ? "beyond it the process ends and is started again"
        : "beyond it the system ends the process";
    return {
      fields: { of: finding.of, ...figures },
      message: `the ${what} is near its limit: ${consequence}`,
    };
  }
  const { bytesPerHour, hoursLeft } = finding;
  return {
    fields: {
      ...figures,
      bytes_per_hour: Math.round(bytesPerHour),
      hours_left: Number(hoursLeft.toFixed(1)),
    },
    message: "the heap grows steadily, and will be full if it goes on like this",
  };
}

/** The same as an event: `process.loop_blocked`, `process.memory_high`, `process.memory_growing`. */
export function processEvent(news: ProcessNews): NewEvent {
  const { fields, message } = describeProcessNews(news);
  const type = news.type === "memory" ? `memory_${news.finding.type}` : news.type;
  return { type: `process.${type}`, channelId: undefined, data: { message, ...fields } };
}
