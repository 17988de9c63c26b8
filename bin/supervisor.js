// @ts-check
// Keeps the server running: starts it, watches it, and starts it again. It holds nothing else, so that whatever
// befalls the server does not befall it. As the launcher, it keeps to what Node.js 14 understands.
import { spawn } from "node:child_process";
import { isatty } from "node:tty";
import { DEFAULT_POLICY, decide } from "./restart-policy.js";

/** @typedef {import("./restart-policy.js").RestartPolicy} RestartPolicy */

/** What the server says to its supervisor. @typedef {{ type: "serving", policy: RestartPolicy } | { type: "ready" } | { type: "beat" }} Message */

/**
 * What is started. `onUnstartable` is told when that is not possible the first time.
 * @typedef {{
 *   readonly command: string,
 *   readonly args: readonly string[],
 *   readonly env: NodeJS.ProcessEnv,
 *   readonly onUnstartable: (error: Error) => void,
 * }} Supervised
 */

const FORWARDED = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
/** How often the server is looked at. */
const LOOK_MS = 1000;
/** A server that was told to end, and has not after so long, is killed; its own bound is shorter. */
const STOP_MS = 12000;

/**
 * Runs the server until it ends for good, and then ends this process in the same way. A process that never says
 * that it serves (any other verb of the command line) is run once.
 * @param {Supervised} supervised
 */
export function supervise(supervised) {
  new Supervisor(supervised).start();
}

class Supervisor {
  /** @param {Supervised} supervised */
  constructor(supervised) {
    this.supervised = supervised;
    /** @type {RestartPolicy} */
    this.policy = DEFAULT_POLICY;
    /** @type {import("node:child_process").ChildProcess | undefined} */
    this.child = undefined;
    /** @type {NodeJS.Timeout | undefined} */
    this.backoff = undefined;
    /** @type {number[]} */
    this.restartsMs = [];
    this.restarts = 0;
    this.lastEnd = "";
    this.serves = false;
    this.wasReady = false;
    this.isStopping = false;
    /** Time without a word of the server, in looks of our own: while we are stopped ourselves, none passes. */
    this.silentMs = 0;
    this.terminal = [0, 1, 2].find((descriptor) => isatty(descriptor));
  }

  start() {
    // Whoever read our words may be gone: that ends nothing.
    process.stderr.on("error", () => undefined);
    for (const signal of FORWARDED) process.on(signal, this.onSignal);
    setInterval(() => this.look(), LOOK_MS).unref();
    this.run();
  }

  run() {
    const { command, args, env } = this.supervised;
    const told = { EXSTREAMTV_RESTARTS: String(this.restarts), EXSTREAMTV_LAST_END: this.lastEnd };
    this.backoff = undefined;
    this.silentMs = 0;
    let isHung = false;
    const child = spawn(command, args, {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { ...env, ...told },
    });
    this.child = child;
    this.killHung = () => {
      isHung = true;
      child.kill("SIGKILL");
    };
    child.on("message", (message) => this.take(/** @type {Message} */ (message)));
    child.once("error", (error) => {
      if (child.pid !== undefined) return;
      if (!this.serves) return this.supervised.onUnstartable(error);
      this.ended(1, null, `not startable: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      this.ended(code, signal, isHung ? "hung" : signal !== null ? signal : `status ${code}`);
    });
  }

  /** @param {Message} message */
  take(message) {
    this.silentMs = 0;
    if (message.type === "serving") {
      this.serves = true;
      this.policy = message.policy;
    }
    if (message.type === "ready") this.wasReady = true;
  }

  look() {
    if (!this.child || !this.serves || this.isStopping) return;
    this.silentMs += LOOK_MS;
    if (this.silentMs < this.policy.hangMs) return;
    this.silentMs = 0;
    this.say("error", "the server hangs: it is killed and started again", { silentMs: this.policy.hangMs });
    if (this.killHung) this.killHung();
  }

  /**
   * @param {number | null} code
   * @param {NodeJS.Signals | null} signal
   * @param {string} how
   */
  ended(code, signal, how) {
    this.child = undefined;
    const { serves, wasReady, isStopping, restartsMs, policy } = this;
    // Monotonic, also where the wall clock is set.
    const nowMs = Number(process.hrtime.bigint() / BigInt(1000000));
    const ending = { code, signal, serves, wasReady, isStopping, restartsMs, nowMs };
    const decision = decide(ending, policy, Math.random);
    if (decision.step === "end") return this.endAs(code, signal);
    if (decision.step !== "restart") {
      const limit = `${policy.maxRestarts} restarts within ${policy.windowMs / 1000} s`;
      this.say("error", `the server has ended again (${how}) after ${limit}: it is not started any more`, {
        how,
      });
      return process.exit(1);
    }
    this.lastEnd = how;
    this.restarts++;
    this.restartsMs = [...restartsMs.slice(-policy.maxRestarts), nowMs];
    const waitMs = Math.round(decision.delayMs);
    this.say("error", `the server has ended (${how}); it is started again in ${waitMs} ms`, { how, waitMs });
    this.backoff = setTimeout(() => this.run(), waitMs);
  }

  /**
   * @param {number | null} code
   * @param {NodeJS.Signals | null} signal
   */
  endAs(code, signal) {
    if (signal === null) return process.exit(code === null ? 1 : code);
    // The number is for the rare signal that does not end this process.
    for (const forwarded of FORWARDED) process.removeListener(forwarded, this.onSignal);
    process.exitCode = 1;
    process.kill(process.pid, signal);
  }

  /** @type {(signal: NodeJS.Signals) => void} */
  onSignal = (signal) => {
    const isTerminalLost = this.terminal !== undefined && !isatty(this.terminal);
    // SIGHUP makes the server read its configuration anew.
    if (signal !== "SIGHUP" || isTerminalLost) this.isStopping = true;
    if (this.child) {
      this.child.kill(signal);
      const { child } = this;
      if (this.isStopping && this.serves) setTimeout(() => child.kill("SIGKILL"), STOP_MS).unref();
    } else if (this.isStopping) {
      if (this.backoff) clearTimeout(this.backoff);
      this.endAs(null, signal);
    }
  };

  /**
   * One line, in the form of the server's log.
   * @param {"error"} level
   * @param {string} text
   * @param {object} fields
   */
  say(level, text, fields) {
    const line = isatty(2)
      ? `  ${level.toUpperCase()}: ${text}`
      : JSON.stringify({ level: 50, time: Date.now(), ...fields, msg: text });
    process.stderr.write(`${line}\n`);
  }
}
