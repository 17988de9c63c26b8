import { availableParallelism } from "node:os";
import type { Clock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import type { Scope } from "./base/scope.ts";
import type { Config } from "./config/schema.ts";
import { budgetLimits, type MachineSize } from "./ffmpeg/budget-limits.ts";
import { Descriptors } from "./ffmpeg/descriptors.ts";
import { lookAtMemory, memoryLimit } from "./ffmpeg/machine-state.ts";
import { type BudgetNews, SpawnBudget } from "./ffmpeg/spawn-budget.ts";

/** What spawning is watched with. */
export interface SpawningOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a server may start and open, on this machine and as configured. */
export class Spawning {
  readonly budget: SpawnBudget;
  readonly descriptors: Descriptors;
  readonly #machine: MachineSize;

  private constructor(machine: MachineSize, budget: SpawnBudget, descriptors: Descriptors) {
    this.#machine = machine;
    this.budget = budget;
    this.descriptors = descriptors;
  }

  /** Looks at the machine; everything ends with the scope. */
  static async open({ config, clock, log }: SpawningOptions, scope: Scope): Promise<Spawning> {
    const descriptors = await Descriptors.open(clock);
    const memoryBytes = await memoryLimit();
    const machine = { processors: availableParallelism(), memoryBytes, descriptors: descriptors.limit };
    const limits = budgetLimits(config, machine);
    const look = async () => ({ ...(await lookAtMemory()), descriptorsLeft: await descriptors.look() });
    const onNews = (news: BudgetNews) => tell(news, log);
    const budget = new SpawnBudget({ clock, limits, look, onNews });
    scope.defer(() => budget.close());
    descriptors.setReserve(limits.descriptorReserve);
    const { maxConcurrent, startsPerSecond } = limits;
    log.debug({ maxConcurrent, startsPerSecond }, "limits of encoders");
    return new Spawning(machine, budget, descriptors);
  }

  /** Follows another configuration. */
  configure(config: Config): void {
    const limits = budgetLimits(config, this.#machine);
    this.budget.setLimits(limits);
    this.descriptors.setReserve(limits.descriptorReserve);
  }
}

function tell(news: BudgetNews, log: Log): void {
  if (news.type === "enough_again") {
    log.info("there is room for encoders again");
    return;
  }
  const { code, message: reason } = news.reason;
  const message =
    news.type === "short"
      ? "the machine is short of what encoders need"
      : "memory is short: the channel that came on air last makes way";
  const running = news.type === "shed" ? news.running : undefined;
  log.warn({ code, reason, running }, message);
}
