import { cpus } from "node:os";
import { seededRandom } from "../src/base/random.ts";
import type { Fault } from "./fault.ts";
import type { ChaosReport, FaultResult } from "./report.ts";
import { tryFault } from "./try-fault.ts";
import { World } from "./world.ts";

/** What is tried, and how. */
export interface CampaignOptions {
  readonly faults: readonly Fault[];
  readonly seed: number;
  /** Length of faults that last, in ms. */
  readonly lastingMs: number;
  /** Told of each result when it is there. */
  readonly onResult?: (result: FaultResult) => void;
}

/** Tries faults one after the other on a server with three channels and twenty viewers. */
export async function runCampaign(options: CampaignOptions): Promise<ChaosReport> {
  const random = seededRandom(options.seed);
  const results: FaultResult[] = [];
  for (const stage of ["files", "network"] as const) {
    const faults = options.faults.filter((fault) => (fault.stage ?? "files") === stage);
    if (faults.length === 0) continue;
    await using world = await World.open(stage);
    for (const fault of faults) {
      const result = await tryFault(fault, world, random, options.lastingMs);
      results.push(result);
      options.onResult?.(result);
    }
  }
  const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
  return { machine, seed: options.seed, results };
}
