import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";

/** What is to stay free. */
export interface ReserveLimits {
  /** In bytes; 0: no reserve. */
  readonly memoryReserveBytes: number;
  /** 0: no reserve. */
  readonly descriptorReserve: number;
}

/** How the machine is; what nobody tells is undefined, and limits nothing. */
export interface MachineState {
  readonly availableBytes?: number | undefined;
  /** Processes that the kernel has killed for want of memory; only its growth means anything. */
  readonly oomKills?: number | undefined;
  readonly descriptorsLeft?: number | undefined;
}

/**
 * What one more encoder may take: measured, 95 MiB at 640×360, 180 MiB at 720p from 1080p. One that takes more (345 MiB
 * at 1080p from 2160p) is what the reserve is for.
 */
export const ENCODER_BYTES = 192 * 2 ** 20;
/** An encoder has taken its memory after this; until then it is counted with what it may take. */
const GROWTH_MS = 3_000;
/** Memory that was short must be there for so long before it is given away again. */
const RECOVERY_MS = 5_000;
/** An encoder, its pipes and the files behind them need so many, whoever it is for. */
const LEAST_DESCRIPTORS = 16;

const MIB = 2 ** 20;

/** Judges whether the machine bears one more encoder, and whether it bears those that run. */
export class Reserves {
  readonly #clock: Clock;
  readonly #grown: number[] = [];
  #limits: ReserveLimits;
  #state: MachineState = {};
  #shortAtMs: number | undefined;

  constructor(clock: Clock, limits: ReserveLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The machine as it was seen last. */
  get state(): MachineState {
    return this.#state;
  }

  setLimits(limits: ReserveLimits): void {
    this.#limits = limits;
  }

  /** Takes how the machine is now; true when its memory is short. */
  note(state: MachineState): boolean {
    const { memoryReserveBytes } = this.#limits;
    const { availableBytes = Number.POSITIVE_INFINITY, oomKills = 0 } = state;
    const hasKilled = oomKills > (this.#state.oomKills ?? oomKills);
    const isShort = memoryReserveBytes > 0 && (hasKilled || availableBytes < memoryReserveBytes);
    this.#state = state;
    if (isShort) this.#shortAtMs = this.#clock.now();
    return isShort;
  }

  /** Forgets how the machine was: nobody has looked for a while. */
  forget(): void {
    this.#state = {};
    this.#shortAtMs = undefined;
  }

  /** One more has been started: what it takes shows only by and by. */
  grow(): void {
    this.#grown.push(this.#clock.now());
  }

  /** Why there is no room for one more; undefined when there is. */
  refusal(): AppError | undefined {
    return this.#memoryRefusal() ?? this.descriptorRefusal();
  }

  /** The same for one without which a channel that is on air would stop: reserves are for such. */
  urgentRefusal(): AppError | undefined {
    return this.descriptorRefusal(LEAST_DESCRIPTORS);
  }

  /** Why no more files may be opened for what is not on air yet. */
  descriptorRefusal(reserve = this.#limits.descriptorReserve): AppError | undefined {
    const { descriptorsLeft } = this.#state;
    if (descriptorsLeft === undefined || descriptorsLeft >= reserve) return undefined;
    return new AppError(
      "descriptors_short",
      `The server may open ${descriptorsLeft} more files; encoders.fd_reserve keeps ${reserve} for what is on air.`,
    );
  }

  #memoryRefusal(): AppError | undefined {
    const { memoryReserveBytes } = this.#limits;
    const { availableBytes } = this.#state;
    if (memoryReserveBytes === 0 || availableBytes === undefined) return undefined;
    const nowMs = this.#clock.now();
    while (this.#grown[0] !== undefined && nowMs - this.#grown[0] >= GROWTH_MS) this.#grown.shift();
    if (this.#shortAtMs !== undefined && nowMs - this.#shortAtMs < RECOVERY_MS) return short(this.#state);
    // After a shortage there has to be more than enough: whoever is let in must not be the next to make way.
    const wasShort = this.#shortAtMs !== undefined;
    const needed = memoryReserveBytes + ENCODER_BYTES * (1 + this.#grown.length + (wasShort ? 1 : 0));
    if (availableBytes < needed)
      return short(
        this.#state,
        `${Math.ceil(needed / MIB)} MiB are needed before another encoder is started`,
      );
    this.#shortAtMs = undefined;
    return undefined;
  }
}

/** What is told to whoever has to wait, or to make way, for want of memory. */
export function short(
  { availableBytes }: MachineState,
  why = "encoders.memory_reserve_mb is kept free for what is on air",
): AppError {
  const left = availableBytes === undefined ? "too little" : `${Math.floor(availableBytes / MIB)} MiB`;
  return new AppError("memory_short", `The machine has ${left} of memory left; ${why}.`);
}
