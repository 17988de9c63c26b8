import type { Config } from "../config/schema.ts";

/** What a channel's health is called; the guide says what each of them means. From well to worst. */
export const HEALTH_STATUSES = ["healthy", "degraded", "unhealthy", "failed"] as const;

/** One of them. */
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** The thresholds of the configuration's section `health`. */
export type HealthThresholds = Omit<Config["health"], "self_measurement" | "self_measurement_seconds">;

/** What a status is founded on. Times in ms, shares of 1. */
export interface HealthFigures {
  readonly onAirMs: number;
  /** Pictures per second, over the last ten seconds and as the house format has them. */
  readonly currentFps: number;
  readonly expectedFps: number;
  /** Media made against the time in which it was waited for; 1 when the encoder is held back, or there is none. */
  readonly speed: number;
  /** Finished media that waits, what it should be, and how it has changed over the last ten seconds. */
  readonly leadMs: number;
  readonly fullLeadMs: number;
  readonly leadChangeMs: number;
  /** Pictures of the programme that a screen stood in for in the last minute, of a minute's. */
  readonly droppedShare: number;
  /** For how long a screen has stood in without a break, and why; undefined while the programme is on. */
  readonly screen?: { readonly forMs: number; readonly reason: string; readonly failure?: string };
  /** Failures of sources lately, and which class was the last. */
  readonly failures: number;
  readonly lastFailure?: string;
  /** Samples of the stream that were faulty lately, and what was found last. */
  readonly faultySamples: number;
  readonly lastFinding?: string;
}

/** Why a channel is not well. */
export interface HealthReason {
  /** Stable name. */
  readonly code: string;
  /** The status that it asks for. */
  readonly status: HealthStatus;
  /** What was measured and what to do, for a person. */
  readonly sentence: string;
}

/** A status and what is needed to go on from it. Times are monotonic, in ms. */
export interface HealthState {
  readonly status: HealthStatus;
  readonly sinceMs: number;
  readonly reasons: readonly HealthReason[];
  /** For each status but healthy: whether it holds, and since when the figures have said otherwise. */
  readonly latches: readonly Latch[];
}

interface Latch {
  readonly isOn: boolean;
  readonly doubtedSinceMs: number | undefined;
}

/** How a channel begins: well. */
export function initialHealth(nowMs: number): HealthState {
  const latches = HEALTH_STATUSES.slice(1).map(() => ({ isOn: false, doubtedSinceMs: undefined }));
  return { status: "healthy", sinceMs: nowMs, reasons: [], latches };
}

/**
 * The next state, from what is measured: a status becomes worse when the figures have asked for it for
 * `worsen_seconds`, and better when they have not for `recover_seconds`. Pure.
 */
export function judgeHealth(
  figures: HealthFigures,
  thresholds: HealthThresholds,
  previous: HealthState,
  nowMs: number,
): HealthState {
  const reasons = assess(figures, thresholds);
  const worst = Math.max(0, ...reasons.map(({ status }) => rank(status)));
  const latches = previous.latches.map((latch, index) => turned(latch, worst > index, thresholds, nowMs));
  const level = latches.findLastIndex(({ isOn }) => isOn) + 1;
  const status = HEALTH_STATUSES[level]!;
  const shown = level > worst ? [...reasons, recovering(latches[level - 1]!, thresholds, nowMs)] : reasons;
  const sinceMs = status === previous.status ? previous.sinceMs : nowMs;
  return { status, sinceMs, latches, reasons: shown };
}

/** Everything that is not as it should be at this moment, the worst first. */
export function assess(figures: HealthFigures, thresholds: HealthThresholds): HealthReason[] {
  const found = [
    screenReason(figures, thresholds),
    framesReason(figures, thresholds),
    droppedReason(figures, thresholds),
    leadReason(figures, thresholds),
    speedReason(figures, thresholds),
    failuresReason(figures, thresholds),
    streamReason(figures, thresholds),
  ];
  return found.filter((reason) => reason !== undefined).sort((a, b) => rank(b.status) - rank(a.status));
}

function rank(status: HealthStatus): number {
  return HEALTH_STATUSES.indexOf(status);
}

function turned(latch: Latch, isWanted: boolean, thresholds: HealthThresholds, nowMs: number): Latch {
  if (isWanted === latch.isOn) return { isOn: latch.isOn, doubtedSinceMs: undefined };
  const doubtedSinceMs = latch.doubtedSinceMs ?? nowMs;
  const patienceMs = 1000 * (isWanted ? thresholds.worsen_seconds : thresholds.recover_seconds);
  if (nowMs - doubtedSinceMs < patienceMs) return { isOn: latch.isOn, doubtedSinceMs };
  return { isOn: isWanted, doubtedSinceMs: undefined };
}

function recovering(latch: Latch, { recover_seconds }: HealthThresholds, nowMs: number): HealthReason {
  const well = Math.round((nowMs - (latch.doubtedSinceMs ?? nowMs)) / 1000);
  const sentence = `It has been better for ${well} s; the status follows after ${recover_seconds} s.`;
  return { code: "recovering", status: "healthy", sentence };
}

function screenReason({ screen }: HealthFigures, limits: HealthThresholds): HealthReason | undefined {
  if (!screen || screen.forMs <= 1000 * limits.failed_after_seconds) return undefined;
  const why = screen.failure === undefined ? screen.reason : `${screen.reason}, ${screen.failure}`;
  return {
    code: "programme_absent",
    status: "failed",
    sentence: `A screen (${why}) has stood in for the programme for ${seconds(screen.forMs)}. Look at incidents and at the log; docs/failures.md says what each failure means.`,
  };
}

function framesReason(figures: HealthFigures, limits: HealthThresholds): HealthReason | undefined {
  const { currentFps, expectedFps, onAirMs } = figures;
  if (onAirMs < 1000 * limits.startup_seconds) return undefined;
  const percent = (100 * currentFps) / expectedFps;
  if (percent >= limits.fps_degraded_percent) return undefined;
  const told = `${currentFps.toFixed(2)} of ${expectedFps.toFixed(2)} pictures a second were sent`;
  if (currentFps === 0) {
    const sentence = `Nothing has been sent for ten seconds. Look at the log for faults of the server itself.`;
    return { code: "frames_missing", status: "failed", sentence };
  }
  return {
    code: "frames_missing",
    status: percent < limits.fps_unhealthy_percent ? "unhealthy" : "degraded",
    sentence: `${told}: the machine is overloaded, or was suspended. See what else it does.`,
  };
}

function droppedReason(figures: HealthFigures, limits: HealthThresholds): HealthReason | undefined {
  const percent = 100 * figures.droppedShare;
  if (percent <= limits.dropped_degraded_percent) return undefined;
  const isBad = percent > limits.dropped_unhealthy_percent;
  return {
    code: "frames_dropped",
    status: isBad ? "unhealthy" : "degraded",
    sentence: `Viewers saw a screen in place of ${percent.toFixed(1)} % of the last minute. Incidents say which source failed, and exstreamtv why FILE what is wrong with it.`,
  };
}

function leadReason(figures: HealthFigures, limits: HealthThresholds): HealthReason | undefined {
  const { leadMs, fullLeadMs, onAirMs, screen } = figures;
  // Behind a screen there is no lead, and it says so itself.
  if (screen || onAirMs < 1000 * limits.startup_seconds) return undefined;
  const percent = (100 * leadMs) / fullLeadMs;
  if (percent >= limits.lead_degraded_percent) return undefined;
  return {
    code: "lead_low",
    status: percent < limits.lead_unhealthy_percent ? "unhealthy" : "degraded",
    sentence: `${seconds(leadMs)} of ${seconds(fullLeadMs)} of lead are left. It fills by itself when the source delivers again; when it is used up a screen goes on air.`,
  };
}

/** An encoder that is slower than real time. */
function speedReason(figures: HealthFigures, limits: HealthThresholds): HealthReason | undefined {
  const { speed, leadMs, leadChangeMs } = figures;
  if (100 * speed >= limits.speed_degraded_percent || leadChangeMs >= 0) return undefined;
  return {
    code: "encoder_slow",
    status: "degraded",
    sentence: `The encoder makes ${speed.toFixed(2)} s of media in a second, and the lead shrinks: ${seconds(leadMs)} are left. Choose a smaller house_format, a hardware encoder (ffmpeg.encoder: auto) or fewer channels at a time; exstreamtv machine says how many this machine encodes.`,
  };
}

function failuresReason(figures: HealthFigures, limits: HealthThresholds): HealthReason | undefined {
  const { failures, lastFailure } = figures;
  if (failures < limits.failures_degraded) return undefined;
  return {
    code: "source_failing",
    status: failures >= limits.failures_unhealthy ? "unhealthy" : "degraded",
    sentence: `Sources failed ${failures} times in ${limits.failures_minutes} minutes, the last time with ${lastFailure}; errors_recent and incidents say which, docs/failures.md and docs/errors.md what to do.`,
  };
}

function streamReason(figures: HealthFigures, limits: HealthThresholds): HealthReason | undefined {
  const { faultySamples, lastFinding } = figures;
  if (faultySamples === 0) return undefined;
  return {
    code: "stream_faulty",
    status: faultySamples >= limits.faulty_samples_unhealthy ? "unhealthy" : "degraded",
    sentence: `What was sent is faulty (${faultySamples} samples in ${limits.failures_minutes} minutes): ${lastFinding} Please report it with the log: that is a fault of this server.`,
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
