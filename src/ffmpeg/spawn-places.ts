import type { AppError } from "../base/errors.ts";
import type { Urgency } from "./spawn-request.ts";

/** A place that somebody has. */
export interface Place {
  readonly owner: object;
  readonly urgency: () => Urgency;
  /** Its signal is the permit's. */
  readonly letGo: AbortController;
  /** Its process is being ended. */
  isLeaving: boolean;
}

/** Who has places, in the order of starting, and since when whom they belong to has been there. */
export class Places {
  readonly #places = new Set<Place>();
  /** The higher, the newer. */
  readonly #numbers = new WeakMap<object, number>();
  /** Those who have been let in, and were not asked to make way since. */
  readonly #established = new WeakSet<object>();
  #numbered = 0;

  get size(): number {
    return this.#places.size;
  }

  /** Whether an owner is on air: what it needs to go on is not refused for the reserves. */
  isEstablished(owner: object): boolean {
    return this.#established.has(owner);
  }

  /** Takes a place; the one that its owner is leaving, if any, counts no longer. */
  take(owner: object, urgency: () => Urgency): Place {
    const left = this.leaving(owner);
    if (left) this.#places.delete(left);
    const place = { owner, urgency, letGo: new AbortController(), isLeaving: false };
    this.#places.add(place);
    this.#established.add(owner);
    if (!this.#numbers.has(owner)) this.#numbers.set(owner, this.#numbered++);
    return place;
  }

  free(place: Place): void {
    this.#places.delete(place);
  }

  /** A place whose process is being ended: its owner's next one need not wait for that. */
  leaving(owner: object): Place | undefined {
    for (const place of this.#places) if (place.isLeaving && place.owner === owner) return place;
    return undefined;
  }

  /** How many are on air, preparation apart. */
  get owners(): number {
    return this.#byOwner().size;
  }

  /**
   * Asks preparation to make way for so many that wait, the newest first; what has been asked before counts. Returns how
   * many were asked now.
   */
  preempt(wanted: number, reason: AppError): number {
    const preparing = [...this.#places].filter(({ urgency }) => urgency() === "preparation");
    const free = preparing.filter((place) => !isGoing(place)).reverse();
    const asked = free.slice(0, Math.max(0, wanted - (preparing.length - free.length)));
    for (const { letGo } of asked) letGo.abort(reason);
    return asked.length;
  }

  /** Asks the owner that came last to let go, unless it is the only one. Returns whether somebody was asked. */
  shed(reason: AppError): boolean {
    const owning = this.#byOwner();
    if (owning.size < 2) return false;
    const number = (owner: object) => this.#numbers.get(owner) ?? 0;
    const newest = [...owning.keys()].reduce((a, b) => (number(a) > number(b) ? a : b));
    this.#established.delete(newest);
    for (const { letGo } of owning.get(newest)!) letGo.abort(reason);
    return true;
  }

  /** The places of those who are on air and stay so. */
  #byOwner(): Map<object, Place[]> {
    const staying = [...this.#places].filter((place) => !isGoing(place) && place.urgency() !== "preparation");
    return Map.groupBy(staying, ({ owner }) => owner);
  }
}

function isGoing({ letGo, isLeaving }: Place): boolean {
  return isLeaving || letGo.signal.aborted;
}
