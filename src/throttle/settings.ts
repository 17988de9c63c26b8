import type { Config, ThrottleModeName } from "../config/schema.ts";

/** How a channel's bytes leave: what the configuration and the channel's own override come to. */
export interface ThrottleSettings {
  readonly mode: ThrottleModeName;
  /** Rate of the whole transport stream in bit/s. */
  readonly targetBps: number;
  /** How far behind live a new viewer begins in burst and adaptive mode. */
  readonly burstSeconds: number;
  readonly adaptive: AdaptiveSettings;
}

/** How adaptive mode finds a viewer's pace; factors are of the media's own pace. */
export interface AdaptiveSettings {
  readonly minFactor: number;
  readonly maxFactor: number;
  /** Added after a window in which the viewer took everything. */
  readonly step: number;
  /** Multiplied by after a window in which it did not. */
  readonly backoff: number;
  readonly windowSeconds: number;
}

/** The settings that a configuration stands for. */
export function throttleSettings({ stream_throttler: keys }: Config): ThrottleSettings {
  return {
    mode: keys.enabled ? keys.mode : "disabled",
    targetBps: keys.target_bitrate_bps,
    burstSeconds: keys.burst_seconds,
    adaptive: {
      minFactor: keys.adaptive_min_factor,
      maxFactor: keys.adaptive_max_factor,
      step: keys.adaptive_step,
      backoff: keys.adaptive_backoff,
      windowSeconds: keys.adaptive_window_seconds,
    },
  };
}
