import type { Clock } from "../base/clock.ts";
import type { EventHub } from "../base/event-hub.ts";
import type { Log } from "../base/log.ts";
import type { Config } from "../config/schema.ts";
import { PROCESS_GAUGES } from "./gauges.ts";
import { describeProcessNews, processEvent } from "./news.ts";
import { ProcessWatch } from "./process-watch.ts";
import { processThresholds } from "./settings.ts";

/** What is told of where, and by which settings. */
export interface WatchProcessOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventHub;
  /** Asked each time: thresholds may change while the server runs. */
  readonly config: () => Config;
}

/** Watches this process; its news are events and warnings in the log. */
export function watchProcess({ clock, log, events, config }: WatchProcessOptions): ProcessWatch {
  return new ProcessWatch({
    ...{ clock, gauges: PROCESS_GAUGES, thresholds: () => processThresholds(config()) },
    onNews: (news) => {
      events.publish(processEvent(news));
      const { message, fields } = describeProcessNews(news);
      log.warn(fields, message);
    },
  });
}

/** Tells that the server was started again by its supervisor, and why. */
export function tellRestart(
  { log, events }: Pick<WatchProcessOptions, "log" | "events">,
  { restarts, lastEnd }: { readonly restarts: number; readonly lastEnd: string },
): void {
  const message = "the server was started again by its supervisor, after its last run had ended unasked";
  const fields = { restarts, last_end: lastEnd };
  events.publish({ type: "process.restarted", channelId: undefined, data: { message, ...fields } });
  log.warn(fields, message);
}
