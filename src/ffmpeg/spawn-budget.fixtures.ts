import { ManualClock } from "../base/clock.ts";
import type { AppError } from "../base/errors.ts";
import type { MachineState } from "./reserves.ts";
import { type BudgetLimits, type BudgetNews, SpawnBudget } from "./spawn-budget.ts";
import type { Permit, Urgency } from "./spawn-request.ts";

const MIB = 2 ** 20;

/** A machine as large as one likes, which tells what it is told. */
export class Machine {
  readonly clock = new ManualClock();
  readonly news: BudgetNews[] = [];
  readonly budget: SpawnBudget;
  state: MachineState = {};
  limits: BudgetLimits = {
    ...{ maxConcurrent: 100, startsPerSecond: 1000 },
    ...{ memoryReserveBytes: 128 * MIB, descriptorReserve: 100 },
  };

  constructor(limits: Partial<BudgetLimits> = {}) {
    this.limits = { ...this.limits, ...limits };
    this.budget = new SpawnBudget({
      ...{ clock: this.clock, limits: this.limits },
      look: async () => this.state,
      onNews: (news) => void this.news.push(news),
    });
  }

  set availableMiB(mib: number) {
    this.state = { ...this.state, availableBytes: mib * MIB };
  }

  /** Asks for a place. */
  ask(urgency: Urgency | (() => Urgency), owner: object = {}): Asked {
    return new Asked(this.budget, typeof urgency === "string" ? () => urgency : urgency, owner);
  }
}

/** Somebody who asked for a place. */
export class Asked {
  readonly owner: object;
  permit: Permit | undefined;
  readonly reasons: AppError[] = [];
  readonly abort = new AbortController();
  refused: unknown;

  constructor(budget: SpawnBudget, urgency: () => Urgency, owner: object) {
    this.owner = owner;
    const onHeldUp = (reason: AppError) => void this.reasons.push(reason);
    budget.enter({ urgency, owner, signal: this.abort.signal, onHeldUp }).then(
      (permit) => {
        // Given and taken back in the same moment: whoever asked has to see to it.
        if (this.abort.signal.aborted) permit.leave();
        else this.permit = permit;
      },
      (reason) => {
        this.refused = reason;
      },
    );
  }

  /** Whether it has been asked to let go, and why. */
  get letGo(): AppError | undefined {
    return this.permit?.signal.reason as AppError | undefined;
  }
}
