import { PID_COUNT } from "./continuity.ts";
import type { Findings } from "./findings.ts";
import { ROLE } from "./psi-monitor.ts";

/** How long a referenced PID may be absent (ETSI TR 101 290 1.6: the user's choice). */
const ABSENCE_LIMIT_MS = 5000;
/** How long a PID may go unreferenced (ETSI TR 101 290 3.4). */
const UNREFERENCED_LIMIT_MS = 500;

/** Watches which PIDs are there against which the tables refer to. */
export class PidMonitor {
  readonly #findings: Findings;
  readonly #seenMs = new Float64Array(PID_COUNT).fill(Number.NaN);
  readonly #expected = new Map<number, { sinceMs: number; told: boolean }>();
  readonly #unreferenced = new Map<number, { sinceMs: number; told: boolean }>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** A packet of `pid` has come. */
  seen(pid: number, role: number, nowMs: number): void {
    this.#seenMs[pid] = nowMs;
    if (role === ROLE.unreferenced && !this.#unreferenced.has(pid)) {
      this.#unreferenced.set(pid, { sinceMs: nowMs, told: false });
    }
  }

  /** The tables now refer to these PIDs, whose packets must keep coming. */
  expect(pids: Iterable<number>, nowMs: number): void {
    const wanted = new Set(pids);
    for (const pid of this.#expected.keys()) if (!wanted.has(pid)) this.#expected.delete(pid);
    for (const pid of wanted) {
      if (!this.#expected.has(pid)) this.#expected.set(pid, { sinceMs: nowMs, told: false });
    }
  }

  tick(nowMs: number, roles: Uint8Array): void {
    for (const [pid, state] of this.#expected) this.#judgeAbsence(pid, state, nowMs);
    for (const [pid, state] of this.#unreferenced) {
      if (roles[pid] !== ROLE.unreferenced) this.#unreferenced.delete(pid);
      else if (!state.told && nowMs - state.sinceMs > UNREFERENCED_LIMIT_MS) {
        state.told = true;
        this.#findings.add("unreferenced_pid", () => `PID ${pid} is referred to by no table.`);
      }
    }
  }

  #judgeAbsence(pid: number, state: { sinceMs: number; told: boolean }, nowMs: number): void {
    const seenMs = this.#seenMs[pid]!;
    const sinceMs = seenMs > state.sinceMs ? seenMs : state.sinceMs;
    if (nowMs - sinceMs <= ABSENCE_LIMIT_MS) state.told = false;
    else if (!state.told) {
      state.told = true;
      this.#findings.add("pid", () => `PID ${pid} is referred to but has been absent for 5 s.`);
    }
  }
}
