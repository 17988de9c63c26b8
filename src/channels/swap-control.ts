import { AppError } from "../base/errors.ts";
import { FrameGrid } from "../media/house-format.ts";
import type { PlayItem, RunProfile } from "../source/source.ts";
import { type AlternativeName, type AlternativeParts, resolveAlternative } from "./alternative.ts";
import type { Channel } from "./channel.ts";
import type { ChannelManager } from "./channel-manager.ts";
import type { LinePlace } from "./line.ts";
import type { Played, SwapOutcome, SwapPlace, SwapWish } from "./swap.ts";

/** An encoder run holds its last picture over a shortfall of so many seconds. */
const TOLERATED_SHORTFALL_SECONDS = 1;

/** What somebody wants in place of what is on. */
export interface SwapRequest {
  readonly alternative:
    | { readonly kind: "restart" }
    | { readonly kind: "profile"; readonly profile: RunProfile }
    | {
        readonly kind: "item";
        readonly name: AlternativeName;
        /** Where in it to begin; default where the programme is. */
        readonly startSeconds?: number;
      };
  readonly at: SwapPlace;
  /** How long it may take until it is ready, in ms. */
  readonly patienceMs: number;
}

/** What became of a request; one that another one overtook early does not know yet what it would have been. */
export type SwapReport =
  | SwapOutcome
  | { readonly outcome: "superseded"; readonly from: Played; readonly to?: Played };

/** What the control works with. */
export interface SwapControlParts extends AlternativeParts {
  readonly channels: Pick<ChannelManager, "definitions" | "onAir">;
  /** Whether swaps are wanted at all. */
  readonly isEnabled: () => boolean;
}

/** Puts alternatives on air in place of what is on, for operators and repairs. */
export class SwapControl {
  readonly #parts: SwapControlParts;
  /** Per channel, the request that is being looked into. */
  readonly #latest = new Map<number, AbortController>();

  constructor(parts: SwapControlParts) {
    this.#parts = parts;
  }

  /**
   * Prepares an alternative beside what is on and goes over to it when it is ready; resolves when that is decided.
   * Throws `swap_disabled`, `channel_not_found`, `channel_off_air`, `swap_too_short`, and as `resolveAlternative`.
   */
  async swap(channelId: number, { alternative, at, patienceMs }: SwapRequest): Promise<SwapReport> {
    const channel = this.#require(channelId);
    this.#latest.get(channelId)?.abort();
    if (alternative.kind !== "item") return channel.swap({ ...alternative, at, patienceMs });
    const looking = new AbortController();
    this.#latest.set(channelId, looking);
    const { name, startSeconds } = alternative;
    try {
      const { signal } = looking;
      const item = await resolveAlternative(name, channel.definition, this.#parts, signal);
      signal.throwIfAborted();
      const wish = fitted(item, channel, at, startSeconds);
      return channel.swap({ kind: "item", at, patienceMs, ...wish });
    } catch (failure) {
      if (!looking.signal.aborted) throw failure;
      return { outcome: "superseded", from: channel.playing };
    } finally {
      if (this.#latest.get(channelId) === looking) this.#latest.delete(channelId);
    }
  }

  #require(channelId: number): Channel {
    const { isEnabled, channels } = this.#parts;
    if (!isEnabled()) {
      throw new AppError("swap_disabled", "Switch it on with ai_auto_heal.hot_swap_enabled: true.");
    }
    const channel = channels.onAir.find(({ definition }) => definition.id === channelId);
    if (channel) return channel;
    if (channels.definitions.some(({ id }) => id === channelId)) {
      throw new AppError(
        "channel_off_air",
        "Nobody watches this channel, so there is nothing to swap: it starts anew with its next viewer.",
      );
    }
    throw new AppError(
      "channel_not_found",
      `There is no channel with the id ${channelId}; GET /api/channels lists them.`,
    );
  }
}

/** Lays a file into the rest of the slot that is on air. Throws `swap_too_short`. */
function fitted(
  item: PlayItem,
  channel: Channel,
  at: SwapPlace,
  startSeconds: number | undefined,
): Pick<SwapWish, "item" | "offset" | "slotStart" | "fromFrame"> {
  const slot = channel.onNow;
  const place = channel.swapPlace(at);
  const slotStart = slot.startFrame;
  // Nothing is left of what is on: the swap itself says so.
  if (place.slot.startFrame !== slotStart) return { item, slotStart };
  const grid = new FrameGrid(channel.definition.format);
  const start = startSeconds === undefined ? undefined : Math.round(grid.framesIn(startSeconds * 1000));
  const offset = start === undefined ? 0 : start - place.slotFrame;
  const needed = slot.item.frames + offset;
  const tolerated = Math.round(grid.framesIn(TOLERATED_SHORTFALL_SECONDS * 1000));
  if (item.frames + tolerated < needed) throw tooShort(item, place, offset, grid);
  const fromFrame = start === undefined ? undefined : place.frame;
  return { item: { ...item, frames: needed }, offset, slotStart, fromFrame };
}

function tooShort(item: PlayItem, { slot, slotFrame }: LinePlace, offset: number, grid: FrameGrid): AppError {
  const seconds = (frames: number) => (grid.milliseconds(frames) / 1000).toFixed(1);
  const left = slot.item.frames - slotFrame;
  const begin = slotFrame + offset;
  const what = `“${item.title}” lasts ${seconds(item.frames)} s, and from ${seconds(begin)} s on ${seconds(left)} s of it are needed until “${slot.item.title}” ends.`;
  const start = Math.max(0, item.frames - left);
  const remedy =
    item.frames >= left && start < begin
      ? `Give a start_seconds of at most ${Math.floor(Number(seconds(start)))}`
      : "Choose a longer file";
  return new AppError("swap_too_short", `${what} ${remedy}, or wait for the next programme.`);
}
