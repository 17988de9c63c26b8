import { z } from "zod";

/**
 * When a changed value takes effect: at the next reload (`live`), when the server is started again (`restart`), or
 * not before the part that it belongs to is built (`later`).
 */
export type Applies = "live" | "restart" | "later";

/** What a key says of itself beside its type, default and description. */
export interface KeyMeta {
  readonly applies: Applies;
  /** The version that introduced the key. */
  readonly since: string;
  /** What may be written, in words, where the schema alone does not say it well. */
  readonly words?: string;
  readonly [name: string]: unknown;
}

/** Applies at the next reload. */
export const LIVE: KeyMeta = { applies: "live", since: "0.1" };
/** Applies at the next start. */
export const RESTART: KeyMeta = { applies: "restart", since: "0.1" };
/** Applies when its part has been built. */
export const LATER: KeyMeta = { applies: "later", since: "0.1" };

/** A whole number from `min` to `max`. */
export const whole = (min: number, max: number) => z.int().min(min).max(max);

/** A real number from `min` to `max`. */
export const real = (min: number, max: number) => z.number().min(min).max(max);
