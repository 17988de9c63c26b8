import type { Clock } from "../base/clock.ts";
import type { PlayItem } from "../source/source.ts";
import type { Channel } from "./channel.ts";
import { looked, type PreferredState, standIn } from "./preferred-source.ts";

const TICK_MS = 1_000;
/** How long the preferred source may take until it has something to show in its place. */
const PATIENCE_MS = 20_000;

/** What a SourceReturns needs. */
export interface SourceReturnsOptions {
  readonly clock: Clock;
  readonly onAir: () => readonly Pick<Channel, "definition" | "onNow" | "place" | "swap">[];
  /** Whether a source delivers; never rejects. */
  readonly look: (item: PlayItem, signal: AbortSignal) => Promise<boolean>;
  /** How long it must have been well, in ms; 0 is never. */
  readonly returnAfterMs: number;
  /** Whether swaps are wanted at all. */
  readonly isEnabled: () => boolean;
}

/** A channel whose preferred source another one stands in for. */
interface StandIn {
  readonly item: PlayItem;
  readonly place: PlayItem;
  state: PreferredState;
}

/**
 * Brings channels back to their preferred live sources: while an alternate stands in, the preferred one is looked at now
 * and then, one at a time in the whole server, and takes over by a hot swap when it has been well for long enough.
 */
export class SourceReturns {
  readonly #options: SourceReturnsOptions;
  readonly #standIns = new Map<number, StandIn>();
  readonly #ending = new AbortController();
  #working: Promise<void> | undefined;
  readonly #timer;

  constructor(options: SourceReturnsOptions) {
    this.#options = options;
    this.#timer = options.clock.every(TICK_MS, () => this.#tick());
  }

  /** Resolves when nothing is being looked at any more. */
  async close(): Promise<void> {
    this.#timer.cancel();
    this.#ending.abort();
    await this.#working;
  }

  #tick(): void {
    const { onAir, returnAfterMs, isEnabled, clock } = this.#options;
    const channels = onAir();
    const known = new Set(channels.map(({ definition }) => definition.id));
    for (const id of this.#standIns.keys()) if (!known.has(id)) this.#standIns.delete(id);
    if (this.#working || returnAfterMs <= 0 || !isEnabled()) return;
    for (const channel of channels) {
      const standing = this.#standing(channel);
      if (!standing || standing.state.nextLookMs > clock.now()) continue;
      this.#working = this.#look(channel, standing).finally(() => {
        this.#working = undefined;
      });
      return;
    }
  }

  /** What stands in on a channel at present; it is remembered as long as it does. */
  #standing({
    definition,
    onNow,
    place,
  }: Pick<Channel, "definition" | "onNow" | "place">): StandIn | undefined {
    const { clock, returnAfterMs } = this.#options;
    const { id } = definition;
    const { item } = onNow;
    if (!item.live || !place || !item.alternates?.includes(place)) {
      this.#standIns.delete(id);
      return undefined;
    }
    const known = this.#standIns.get(id);
    if (known?.item === item && known.place === place) return known;
    const standing = { item, place, state: standIn(clock.now(), returnAfterMs) };
    this.#standIns.set(id, standing);
    return standing;
  }

  async #look(channel: Pick<Channel, "onNow" | "swap">, standing: StandIn): Promise<void> {
    const { clock, look, returnAfterMs } = this.#options;
    const { item } = standing;
    const { startFrame: slotStart } = channel.onNow;
    const isWell = await look(item, this.#ending.signal);
    if (this.#ending.signal.aborted) return;
    const { state, isDue } = looked(standing.state, isWell, clock.now(), returnAfterMs);
    standing.state = state;
    if (!isDue || channel.onNow.item !== item) return;
    // Whatever comes of it: if the alternate goes on, the preferred one has to prove itself anew.
    standing.state = standIn(clock.now(), returnAfterMs);
    await channel.swap({ kind: "item", item, slotStart, at: "lead", patienceMs: PATIENCE_MS });
  }
}
