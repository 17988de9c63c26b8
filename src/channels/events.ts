import { AppError } from "../base/errors.ts";
import type { ThrottleModeName } from "../config/schema.ts";
import type { FailureClass } from "../ffmpeg/failures.ts";
import type { ScreenReason } from "../media/screen-modes.ts";
import type { RunProfile } from "../source/source.ts";
import type { HealthStatus } from "./health.ts";
import type { StepName } from "./restart-policy.ts";
import type { SwapKind } from "./swap.ts";

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
      /** What was decided, and how long is waited before it is done. */
      readonly step: StepName;
      readonly delayMs: number;
    }
  | { readonly type: "source_resumed"; readonly title: string; readonly frame: number }
  | {
      readonly type: "item_given_up";
      readonly title: string;
      readonly frame: number;
      readonly error: AppError;
      readonly class?: FailureClass;
      readonly sentence?: string;
      /** Whether it is looked at now and then, or not even that. */
      readonly step: "now_and_then" | "given_up";
    }
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
      /** Has a Gop ready, and takes over with the first one that may follow what waits in the lead. */
      readonly type: "swap_prepared";
      readonly kind: SwapKind;
      readonly title: string;
      readonly preparationMs: number;
    }
  | {
      readonly type: "swapped";
      readonly kind: SwapKind;
      readonly from: string;
      readonly title: string;
      /** Where that is what was changed. */
      readonly profile?: RunProfile;
      /** Channel frame. */
      readonly frame: number;
      readonly preparationMs: number;
    }
  | {
      readonly type: "swap_kept";
      readonly kind: SwapKind;
      readonly title: string;
      readonly class: string;
      readonly sentence: string;
    }
  | {
      readonly type: "health_changed";
      readonly from: HealthStatus;
      readonly status: HealthStatus;
      /** Code of the foremost reason, and its sentence. */
      readonly reason: string;
      readonly sentence: string;
    }
  | {
      readonly type: "stream_faulty";
      /** Name of the check that failed, and what it found. */
      readonly check: string;
      readonly sentence: string;
      /** Channel frame with which the sample begins, and its length in frames. */
      readonly frame: number;
      readonly frames: number;
    }
  | {
      readonly type: "incident_opened" | "incident_closed";
      /** What kind of failure, and where it occurs: a path, or an address without secrets. */
      readonly class: string;
      readonly source: string;
      readonly count: number;
    }
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
  return {
    ...DESCRIPTIONS[event.type],
    ...byStep(event),
    ...(isExpected(event) ? { level: "info" } : {}),
    fields,
  };
}

/** What is said of a failure by what is done about it. */
function byStep(event: ChannelEvent): Partial<EventDescription> {
  if (event.type === "item_given_up" && event.step === "now_and_then") {
    return {
      level: "warn",
      message: "programme is away; error screen until it is back or the next one begins",
    };
  }
  if (event.type !== "source_failed") return {};
  switch (event.step) {
    case "now_and_then":
      return { level: "debug", message: "programme is still away" };
    case "waiting":
      return { level: "debug", message: "source is left alone for a while" };
    case "given_up":
      return { message: "encoder failed; none takes over" };
    case "again":
    case "safe":
    case "over":
      return {};
    default:
      return { message: "encoder failed; another source takes over" };
  }
}

/** A screen that is nobody's fault. */
function isExpected(event: ChannelEvent): boolean {
  if (event.type === "health_changed") return event.status === "healthy";
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
  reanchored: { level: "warn", message: "the wall clock was set; channel moves to where its schedule is" },
  swap_prepared: { level: "debug", message: "alternative is ready to take over" },
  swapped: { level: "info", message: "alternative has taken over" },
  swap_kept: { level: "warn", message: "alternative was not used; what was on goes on" },
  health_changed: { level: "warn", message: "the channel's health has changed" },
  stream_faulty: { level: "error", message: "what the channel sends is faulty" },
  incident_opened: { level: "info", message: "incident opened" },
  incident_closed: { level: "info", message: "incident closed" },
  source_held_up: { level: "warn", message: "no encoder for this programme yet; it goes on by itself" },
};
