/** What a session does at present. The names are the guide's. */
export type SessionStateName = "created" | "active" | "idle" | "error" | "disconnected";

/**
 * Why a session ended: its client left; its connection was found dead; it took nothing for too long; it failed too
 * often in a row; its channel went off air; the server stops; an operator ended it; all was sent; it never began;
 * a fault ends the server.
 */
export const END_REASONS = [
  ...(["client_gone", "connection_lost", "idle_timeout", "too_many_errors", "off_air"] as const),
  ...(["shutdown", "ended_by_operator", "finished", "failed", "fault"] as const),
] as const;

/** One of the reasons for which sessions end. */
export type EndReason = (typeof END_REASONS)[number];

/** Why a session is in another state than before. */
export type ChangeReason = EndReason | "first_byte" | "no_drain" | "drain_resumed" | "error" | "recovered";

/** Where a session stands. */
export interface SessionState {
  readonly name: SessionStateName;
  /** Errors in a row, without recovery between them. */
  readonly errorRun: number;
  /** Only when disconnected. */
  readonly endReason?: EndReason;
}

/** What happens to a session. */
export type SessionInput =
  /** The connection took something. */
  | { readonly type: "bytes" }
  /** Something went wrong that the viewer saw. */
  | { readonly type: "error" }
  /** What went wrong is over. */
  | { readonly type: "recovered" }
  /** Time has passed; the connection last took something at `activityMs` (or the session was made then). */
  | { readonly type: "look"; readonly activityMs: number }
  | { readonly type: "end"; readonly reason: EndReason };

/** What has to be done about a transition. */
export type SessionEffect =
  | {
      readonly type: "changed";
      readonly from: SessionStateName;
      readonly to: SessionStateName;
      readonly reason: ChangeReason;
    }
  /** The slot is free, and the connection has to go. Exactly once in the life of a session. */
  | { readonly type: "release"; readonly reason: EndReason };

/** When a session changes by itself, in ms and errors. */
export interface StateLimits {
  /** Without its first byte for so long, a session ends. */
  readonly firstByteMs: number;
  /** Without a byte for so long, it is idle. */
  readonly idleAfterMs: number;
  /** Without a byte for so long, it ends. */
  readonly idleTimeoutMs: number;
  /** With so many errors in a row, it ends. */
  readonly maxErrors: number;
}

/** Where every session begins. */
export const CREATED: SessionState = { name: "created", errorRun: 0 };

type Step = readonly [SessionState, readonly SessionEffect[]];

/** The guide's state machine. `nowMs` is monotonic, as `activityMs` is. */
export function transition(
  state: SessionState,
  input: SessionInput,
  nowMs: number,
  limits: StateLimits,
): Step {
  if (state.name === "disconnected") return [state, []];
  switch (input.type) {
    case "bytes":
      if (state.name === "created") return to(state, "active", "first_byte");
      return state.name === "idle" ? to(state, "active", "drain_resumed") : [state, []];
    case "recovered":
      return state.name === "error" ? to({ ...state, errorRun: 0 }, "active", "recovered") : [state, []];
    case "error":
      return failed({ ...state, errorRun: state.errorRun + 1 }, limits);
    case "look":
      return looked(state, nowMs - input.activityMs, limits);
    case "end":
      return ended(state, input.reason);
  }
}

function failed(state: SessionState, { maxErrors }: StateLimits): Step {
  const [inError, effects] = state.name === "error" ? [state, []] : to(state, "error", "error");
  if (state.errorRun < maxErrors) return [inError, effects];
  const [over, last] = ended(inError, "too_many_errors");
  return [over, [...effects, ...last]];
}

function looked(state: SessionState, silentMs: number, limits: StateLimits): Step {
  const { firstByteMs, idleAfterMs, idleTimeoutMs } = limits;
  if (state.name === "active") {
    if (silentMs < Math.min(idleAfterMs, idleTimeoutMs)) return [state, []];
    const [idle, effects] = to(state, "idle", "no_drain");
    const [after, more] = looked(idle, silentMs, limits);
    return [after, [...effects, ...more]];
  }
  const patienceMs = state.name === "created" ? Math.min(firstByteMs, idleTimeoutMs) : idleTimeoutMs;
  return silentMs < patienceMs ? [state, []] : ended(state, "idle_timeout");
}

function to(state: SessionState, name: SessionStateName, reason: ChangeReason): Step {
  return [{ ...state, name }, [{ type: "changed", from: state.name, to: name, reason }]];
}

function ended(state: SessionState, reason: EndReason): Step {
  const [over, effects] = to({ ...state, endReason: reason }, "disconnected", reason);
  return [over, [...effects, { type: "release", reason }]];
}
