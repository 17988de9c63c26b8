import { cpus } from "node:os";
import { seededRandom } from "../src/base/random.ts";
import type { Fault } from "./fault.ts";
import type { ChaosReport, FaultResult } from "./report.ts";
import { tryFault } from "./try-fault.ts";
import { type Stage, World } from "./world.ts";

/** What is tried, and how. */
export interface CampaignOptions {
  readonly faults: readonly Fault[];
  readonly seed: number;
  /** Length of faults that last, in ms. */
  readonly lastingMs: number;
  /** Ends the run: everything is cleared away, and the run rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of each result when it is there. */
  readonly onResult?: (result: FaultResult) => void;
}

/**
 * Tries faults one after the other on a server with three channels and twenty viewers. Each has dice of its own, so
 * that it can be repeated by itself.
 */
export async function runCampaign(options: CampaignOptions): Promise<ChaosReport> {
  const results: FaultResult[] = [];
  for (const stage of ["files", "network"] as const) {
    const waiting = options.faults.filter((fault) => (fault.stage ?? "files") === stage);
    while (waiting.length > 0) {
      for (const result of await runInOneWorld(stage, waiting, options)) results.push(result);
    }
  }
  const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
  return { machine, seed: options.seed, results };
}

/** Tries faults until none is waiting, or until one has left nothing to go on with. */
async function runInOneWorld(
  stage: Stage,
  waiting: Fault[],
  options: CampaignOptions,
): Promise<FaultResult[]> {
  const results: FaultResult[] = [];
  const { signal } = options;
  signal?.throwIfAborted();
  await using world = await World.open(stage);
  const interrupted = new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
    const random = seededRandom(
      options.seed + [...fault.id].reduce((sum, sign) => 31 * sum + sign.charCodeAt(0), 0),
    );
    const trying = tryFault(fault, world, random, options.lastingMs).catch(fatal(fault));
    const result = await Promise.race([trying, interrupted]);
    results.push(result);
    options.onResult?.(result);
    if (result.seconds === undefined && result.outcome === "failed") break;
  }
  return results;
}

function fatal({ id, title, means }: Fault): (error: unknown) => FaultResult {
  return (error) => ({ id, title, means, outcome: "failed", complaints: [String(error)], notes: [] });
}
