import type { Clock, Timer } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { type MachineState, type ReserveLimits, Reserves, short } from "./reserves.ts";
import { type Place, Places } from "./spawn-places.ts";
import { type EntryRequest, type Permit, type Prepare, URGENCIES, type Urgency } from "./spawn-request.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What an operator allows. */
export interface BudgetLimits extends ReserveLimits {
  /** Most places that are taken at a time. */
  readonly maxConcurrent: number;
  /** Encoders that may be started in a second. Preparation does not count: whoever prepares does one thing at a time. */
  readonly startsPerSecond: number;
}

/** What an operator may want to know. */
export type BudgetNews =
  | { readonly type: "short"; readonly reason: AppError }
  | { readonly type: "shed"; readonly reason: AppError; readonly running: number }
  | { readonly type: "enough_again" };

/** A budget in figures, for health and metrics. */
export interface BudgetFigures {
  readonly limit: number;
  readonly running: number;
  readonly waiting: Readonly<Record<Urgency, number>>;
  /** How often a channel had to make way for want of memory, and preparation for whoever waits. */
  readonly shed: number;
  readonly preempted: number;
  /** As they were seen last; undefined where nobody tells. */
  readonly availableBytes: number | undefined;
  readonly descriptorsLeft: number | undefined;
}

/** What a budget works with. */
export interface SpawnBudgetOptions {
  readonly clock: Clock;
  readonly limits: BudgetLimits;
  /** Looks at the machine. A look that fails tells nothing. */
  readonly look: () => Promise<MachineState>;
  /** Must not throw. */
  readonly onNews?: (news: BudgetNews) => void;
}

/** How often the machine is looked at while somebody runs or waits. */
const LOOK_MS = 1_000;
/** After one has made way, so long is waited to see what it has brought. */
const SHED_PAUSE_MS = 3_000;
/** A wait that is shorter is told to nobody. */
const HELD_UP_MS = 1_000;

const MADE_WAY = new AppError("encoders_full", "Preparation makes way for what somebody waits for.");

/** There is room, but not at this moment. */
const SOON = Symbol("soon");

interface Waiting {
  readonly request: EntryRequest;
  readonly sinceMs: number;
  readonly admit: (permit: Permit) => void;
  toldOf?: string;
}

/**
 * Who may start a process, and when: no more at a time and no faster than the machine is to bear, with some of its
 * memory and file descriptors kept free. Viewers that wait come first, and preparation makes way for them. When
 * memory falls below the reserve, the owner that came last is asked to let go, one at a time and never the last one;
 * it is let in again when there has been enough for a while.
 */
export class SpawnBudget {
  readonly #options: SpawnBudgetOptions;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #reserves: Reserves;
  /** In the order of asking. */
  readonly #waiting = new Set<Waiting>();
  readonly #places = new Places();
  #limits: BudgetLimits;
  #ticker: Timer | undefined;
  #nextStart: Timer | undefined;
  #nextShedMs = Number.NEGATIVE_INFINITY;
  #isShort = false;
  #isLooking = false;
  /** Since somebody runs or waits. */
  #hasLooked = false;
  #shed = 0;
  #preempted = 0;

  constructor(options: SpawnBudgetOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#bucket = new TokenBucket(options.clock, options.limits.startsPerSecond);
    this.#reserves = new Reserves(options.clock, options.limits);
  }

  /** Follows another configuration; whoever runs goes on. */
  setLimits(limits: BudgetLimits): void {
    this.#limits = limits;
    this.#bucket.setRate(limits.startsPerSecond);
    this.#reserves.setLimits(limits);
    this.#serve();
  }

  get figures(): BudgetFigures {
    const waiting: Record<Urgency, number> = { viewer: 0, next: 0, preparation: 0 };
    for (const { request } of this.#waiting) waiting[request.urgency()]++;
    const { availableBytes, descriptorsLeft } = this.#reserves.state;
    return {
      limit: this.#limits.maxConcurrent,
      running: this.#places.size,
      waiting,
      shed: this.#shed,
      preempted: this.#preempted,
      availableBytes,
      descriptorsLeft,
    };
  }

  /** Resolves with a place when there is one; rejects with the signal's reason. */
  enter(request: EntryRequest): Promise<Permit> {
    const { signal } = request;
    if (signal.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<Permit>();
    const onAbort = () => {
      this.#waiting.delete(waiting);
      this.#rest();
      reject(signal.reason);
    };
    const admit = (permit: Permit) => {
      signal.removeEventListener("abort", onAbort);
      resolve(permit);
    };
    const waiting: Waiting = { request, sinceMs: this.#clock.now(), admit };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.add(waiting);
    this.#ticker ??= this.#watch();
    this.#serve();
    return promise;
  }

  /** Gives each preparation a place of its own. */
  readonly prepare: Prepare = async (work, signal) => {
    for (;;) {
      const permit = await this.enter({ urgency: () => "preparation", owner: {}, signal });
      try {
        return await work(AbortSignal.any([signal, permit.signal]));
      } catch (failure) {
        if (signal.aborted || !permit.signal.aborted) throw failure;
      } finally {
        permit.leave();
      }
    }
  };

  /** Ends all timers. Whoever still waits is ended by its own signal. */
  close(): void {
    this.#ticker?.cancel();
    this.#nextStart?.cancel();
  }

  /** Lets in whoever may, the most urgent first and in the order of asking. */
  #serve(): void {
    const order = [...this.#waiting]
      .map((waiting) => ({ waiting, urgency: waiting.request.urgency() }))
      .sort((a, b) => URGENCIES.indexOf(a.urgency) - URGENCIES.indexOf(b.urgency));
    let isSomebodyRefused = false;
    let wanted = 0;
    for (const { waiting, urgency } of order) {
      // What is only prepared takes nothing that somebody waits for.
      if (urgency === "preparation" && isSomebodyRefused) break;
      const reason = this.#refusal(waiting.request, urgency);
      if (!reason) {
        this.#admit(waiting, urgency);
        continue;
      }
      isSomebodyRefused = true;
      if (reason === SOON || urgency === "preparation") continue;
      wanted++;
      if (urgency === "viewer") this.#tell(waiting, reason);
    }
    this.#preempted += this.#places.preempt(wanted, MADE_WAY);
    this.#nextStart?.cancel();
    this.#nextStart = undefined;
    const { waitMs } = this.#bucket;
    if (isSomebodyRefused && waitMs > 0) this.#nextStart = this.#clock.after(waitMs, () => this.#serve());
  }

  /** Why somebody cannot be let in now; takes a start from those of the second when it can. */
  #refusal({ owner }: EntryRequest, urgency: Urgency): AppError | typeof SOON | undefined {
    const { maxConcurrent } = this.#limits;
    if (this.#places.size >= maxConcurrent && !this.#places.leaving(owner)) {
      const what = `${maxConcurrent} ${maxConcurrent === 1 ? "encoder runs" : "encoders run"} already.`;
      return new AppError("encoders_full", `${what} encoders.max_concurrent allows more.`);
    }
    const reason = this.#reserveRefusal(owner, urgency);
    if (reason || urgency === "preparation") return reason;
    return this.#bucket.take() ? undefined : SOON;
  }

  /** One channel and one preparation get in in any case: a server without either is none. */
  #reserveRefusal(owner: object, urgency: Urgency): AppError | typeof SOON | undefined {
    const urgent = this.#reserves.urgentRefusal();
    const isFirst = urgency === "preparation" ? this.#places.size === 0 : this.#places.owners === 0;
    if (urgent || isFirst || this.#places.isEstablished(owner)) return urgent;
    return this.#hasLooked ? this.#reserves.refusal() : SOON;
  }

  #admit(waiting: Waiting, urgency: Urgency): void {
    const { owner } = waiting.request;
    this.#waiting.delete(waiting);
    if (urgency === "preparation" || !this.#places.isEstablished(owner)) this.#reserves.grow();
    const place = this.#places.take(owner, waiting.request.urgency);
    waiting.admit({ signal: place.letGo.signal, leave: (gone) => this.#leave(place, gone) });
  }

  #leave(place: Place, gone: Promise<unknown> | undefined): void {
    if (place.isLeaving) return;
    place.isLeaving = true;
    const free = () => {
      this.#places.free(place);
      this.#serve();
      this.#rest();
    };
    if (gone) {
      gone.then(free, free);
      this.#serve();
    } else free();
  }

  #tell(waiting: Waiting, reason: AppError): void {
    if (waiting.toldOf === reason.code || this.#clock.now() - waiting.sinceMs < HELD_UP_MS) return;
    waiting.toldOf = reason.code;
    waiting.request.onHeldUp?.(reason);
  }

  #watch(): Timer {
    void this.#look();
    return this.#clock.every(LOOK_MS, () => void this.#look());
  }

  /** Nobody runs or waits: there is nothing to look for. */
  #rest(): void {
    if (this.#places.size > 0 || this.#waiting.size > 0) return;
    this.#ticker?.cancel();
    this.#ticker = undefined;
    this.#nextStart?.cancel();
    this.#reserves.forget();
    this.#hasLooked = false;
    this.#setShort(undefined);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const state = await this.#options.look().catch(() => ({}));
    this.#isLooking = false;
    if (!this.#ticker) return;
    this.#hasLooked = true;
    const isShort = this.#reserves.note(state);
    const reason = isShort ? short(state) : this.#reserves.descriptorRefusal();
    // Between short and enough it stays what it was.
    if (reason || !this.#reserves.refusal()) this.#setShort(reason);
    if (isShort) this.#makeRoom(short(state));
    this.#serve();
  }

  #setShort(reason: AppError | undefined): void {
    if (this.#isShort === (reason !== undefined)) return;
    this.#isShort = reason !== undefined;
    this.#options.onNews?.(reason ? { type: "short", reason } : { type: "enough_again" });
  }

  /** Asks one to let go: what is only prepared first, then the owner that came last; never the only one. */
  #makeRoom(reason: AppError): void {
    const nowMs = this.#clock.now();
    if (nowMs < this.#nextShedMs) return;
    const preempted = this.#places.size > 1 ? this.#places.preempt(1, reason) : 0;
    this.#preempted += preempted;
    if (preempted === 0 && !this.#places.shed(reason)) return;
    this.#nextShedMs = nowMs + SHED_PAUSE_MS;
    if (preempted > 0) return;
    this.#shed++;
    this.#options.onNews?.({ type: "shed", reason, running: this.#places.owners });
  }
}
