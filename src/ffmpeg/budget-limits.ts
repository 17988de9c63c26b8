import type { Config } from "../config/schema.ts";
import type { BudgetLimits } from "./spawn-budget.ts";

/** What limits are derived from; what nobody tells is undefined. */
export interface MachineSize {
  readonly processors: number;
  /** All the memory that the server may use, in bytes. */
  readonly memoryBytes: number | undefined;
  /** Most file descriptors that it may have open. */
  readonly descriptors: number | undefined;
}

/**
 * A channel of the smallest usual format (640×360) takes 3 % of a processor: its encoder is held back by the pipe as
 * soon as its lead is full. So 32 of them are what one processor bears.
 */
const PLACES_PER_PROCESSOR = 32;
/** Measured of an encoder at 640×360; larger ones are what the memory reserve is for. */
const LEAST_ENCODER_BYTES = 96 * 2 ** 20;
const MEMORY_SHARE = 0.75;
/** However small the machine is. */
const LEAST_PLACES = 4;
/** For the first half second or so an encoder takes all of a processor, and so it does while it fills the lead. */
const STARTS_PER_PROCESSOR = 4;
/** Most of the file descriptors that are held in reserve. */
const DESCRIPTOR_SHARE = 0.25;

/** The limits that a configuration means on a machine. Pure. */
export function budgetLimits({ encoders }: Pick<Config, "encoders">, machine: MachineSize): BudgetLimits {
  const { processors, memoryBytes = Number.POSITIVE_INFINITY, descriptors } = machine;
  const { max_concurrent, starts_per_second, memory_reserve_mb, fd_reserve } = encoders;
  const fitting = Math.floor((memoryBytes * MEMORY_SHARE) / LEAST_ENCODER_BYTES);
  const places = Math.max(LEAST_PLACES, Math.min(processors * PLACES_PER_PROCESSOR, fitting));
  return {
    maxConcurrent: max_concurrent === "auto" ? places : max_concurrent,
    startsPerSecond: starts_per_second === "auto" ? processors * STARTS_PER_PROCESSOR : starts_per_second,
    memoryReserveBytes: memory_reserve_mb * 2 ** 20,
    descriptorReserve: Math.min(
      fd_reserve,
      Math.floor((descriptors ?? Number.POSITIVE_INFINITY) * DESCRIPTOR_SHARE),
    ),
  };
}
