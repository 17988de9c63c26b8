import { AppError } from "../base/errors.ts";
import type { ThrottleModeName } from "../config/schema.ts";
import type { FailureClass } from "../ffmpeg/failures.ts";
import type { ScreenReason } from "../media/screen-modes.ts";

/** Everything that happens on a channel and that somebody may want to know. */
export type ChannelEvent =
  | { readonly type: "on_air" }
  | { readonly type: "off_air" }
  | { readonly type: "item_started"; readonly title: string; readonly startFrame: number }
  | {
      readonly type: "source_failed";
      readonly title: string;
      readonly frame: number;
      readonly failures: number;
      readonly error: AppError;
      /** What ffmpeg's failure is called and what it means; undefined when it has no name. */
      readonly class?: FailureClass;
      readonly sentence?: string;
    }
  | { readonly type: "source_resumed"; readonly title: string; readonly frame: number }
  | { readonly type: "item_given_up"; readonly title: string; readonly frame: number }
  | {
      readonly type: "screen_started";
      readonly reason: ScreenReason;
      /** What should be on; absent where somebody wants the screen. */
      readonly title?: string;
      readonly by?: "operator";
      /** Class or code of the failure. */
      readonly failure?: string;
    }
  | { readonly type: "screen_changed"; readonly reason: ScreenReason; readonly failure?: string }
  | { readonly type: "screen_ended"; readonly frames: number }
  | { readonly type: "throttle_changed"; readonly mode: ThrottleModeName; readonly targetBps: number }
  | {
      readonly type: "rate_exceeded";
      readonly targetBps: number;
      /** The highest rate, and the number of Gops, since the last event of this type. */
      readonly highestBps: number;
      readonly gops: number;
    }
  | { readonly type: "feeding_failed"; readonly error: AppError }
  | { readonly type: "release_failed"; readonly error: AppError }
  | { readonly type: "reader_failed"; readonly error: AppError }
  | { readonly type: "reanchored"; readonly stepMs: number }
  | {
      /** An encoder has to wait, or to make way, for want of places, memory or file descriptors. */
      readonly type: "source_held_up";
      readonly title: string;
      readonly error: AppError;
    };

/** Takes the events of one channel. Must not throw. */
export type ChannelEventSink = (event: ChannelEvent) => void;

/** How an event reads in the log. */
export interface EventDescription {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** Says what an event means, for a person. */
export function describeEvent(event: ChannelEvent): EventDescription {
  const fields: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(event)) {
    if (key === "type" || value === undefined) continue;
    if (value instanceof AppError) Object.assign(fields, { code: value.code, reason: value.message });
    else fields[key] = value;
  }
  return { ...DESCRIPTIONS[event.type], ...(isExpected(event) ? { level: "info" } : {}), fields };
}

/** A screen that is nobody's fault. */
function isExpected(event: ChannelEvent): boolean {
  if (event.type !== "screen_started") return false;
  return event.by !== undefined || event.reason === "loading" || event.reason === "off_air";
}

const DESCRIPTIONS: Record<ChannelEvent["type"], Omit<EventDescription, "fields">> = {
  on_air: { level: "info", message: "channel on air" },
  off_air: { level: "info", message: "channel off air" },
  item_started: { level: "debug", message: "next programme is being fed" },
  source_failed: { level: "warn", message: "encoder failed; another one takes over" },
  source_resumed: { level: "info", message: "encoder resumed" },
  item_given_up: { level: "error", message: "programme given up; error screen until the next one" },
  screen_started: { level: "warn", message: "error screen on air" },
  screen_changed: { level: "info", message: "error screen changed" },
  screen_ended: { level: "info", message: "back to the programme" },
  throttle_changed: { level: "info", message: "throttle settings changed" },
  rate_exceeded: {
    level: "warn",
    message: "content does not fit the target rate; it is sent faster rather than starved",
  },
  feeding_failed: { level: "error", message: "fault in the feeder; starting it anew" },
  release_failed: { level: "error", message: "fault while releasing; the channel is taken off air" },
  reader_failed: { level: "error", message: "fault while sending to a viewer; the viewer is let go" },
  reanchored: { level: "warn", message: "the wall clock was set; channel moved to where its schedule is" },
  source_held_up: { level: "warn", message: "no encoder for this programme yet; it goes on by itself" },
};
