const NULL_PID = 0x1fff;
const LAST_TABLE_PID = 0x1f;
const KEPT_PIDS = 16;

/** Watches how a stream begins: every viewer should get PAT, PMT, then the picture (TR 101 154 5). */
export class StartMonitor {
  /** PIDs of the first packets, as they came. */
  readonly firstPids: number[] = [];
  /** Undecided until the first packet of an elementary stream, or of anything out of order. */
  inOrder: boolean | undefined;
  #tables: "none" | "pat" | "pmt" = "none";

  /**
   * Takes packets until `inOrder` is decided. Null packets, other tables and packets without payload between are
   * no fault: decoders pass over them.
   */
  push(pid: number, hasPayload: boolean, pmtPid: number, videoPid: number, start: boolean): void {
    if (this.firstPids.length < KEPT_PIDS) this.firstPids.push(pid);
    if (this.inOrder !== undefined || pid === NULL_PID || !hasPayload) return;
    if (pid > 0 && pid <= LAST_TABLE_PID) return;
    if (pid === 0) this.#tables = this.#tables === "pmt" ? "pmt" : "pat";
    else if (this.#tables !== "none" && pid === pmtPid) this.#tables = "pmt";
    else this.inOrder = this.#tables === "pmt" && pid === videoPid && start;
  }

  /** Whether no more packets are needed. */
  get decided(): boolean {
    return this.inOrder !== undefined && this.firstPids.length === KEPT_PIDS;
  }
}
