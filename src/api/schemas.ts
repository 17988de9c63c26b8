import { z } from "zod";

/** Problem details (RFC 9457), as every failure is answered. */
export const PROBLEM = z
  .looseObject({
    type: z.string().describe("Where the documentation speaks of it."),
    title: z.string().describe("What kind of failure it is; the same for each of its code."),
    status: z.int().describe("The HTTP status, once more."),
    code: z.string().describe("The stable name of the failure; docs/errors.md lists them."),
    detail: z.string().describe("What happened in this case, and what to do."),
    errors: z
      .array(
        z.object({
          in: z.string().describe("path, query, header or body."),
          field: z.string(),
          detail: z.string(),
        }),
      )
      .optional()
      .describe("Which parts of the request are not valid, and why."),
  })
  .meta({ id: "Problem" });

/** The answer of a route to everything that fails. */
export const FAILURES = {
  default: {
    description: "It failed.",
    content: { "application/problem+json": { schema: PROBLEM } },
  },
};

/** Number of a channel in the database, as it stands in an address: positive, stable, not what is tuned to. */
export const channelId = () =>
  z.coerce
    .number<string>("expected a whole number")
    .int("expected a whole number")
    .min(1)
    .max(2 ** 31);

/** A whole number from `min` to `max` in an address, `fallback` where it is not given. */
export const whole = (min: number, max: number, fallback: number) =>
  z.coerce
    .number<string>("expected a whole number")
    .int("expected a whole number")
    .min(min)
    .max(max)
    .default(fallback);

/** A moment, as ISO 8601 in UTC. */
export const moment = () => z.string().meta({ format: "date-time" });

/** `wallMs`, in ms since the Unix epoch, as ISO 8601 in UTC. */
export function isoTime(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
