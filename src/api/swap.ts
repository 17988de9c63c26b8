import { z } from "zod";
import { SWAP_PLACES } from "../channels/swap.ts";
import type { SwapControl, SwapReport, SwapRequest } from "../channels/swap-control.ts";
import { RUN_PROFILES } from "../source/source.ts";
import { channelId, FAILURES, isoTime, moment } from "./schemas.ts";
import type { ApiScope } from "./scope.ts";

/** What the route of swaps needs. */
export interface SwapApiParts {
  readonly swaps: Pick<SwapControl, "swap">;
}

const MAX_DEADLINE_SECONDS = 60;
const DEFAULT_DEADLINE_SECONDS = 20;
const MAX_START_SECONDS = 172_800;

const ALTERNATIVES = ["media_id", "path", "url", "profile", "restart"] as const;
const FILES = ["media_id", "path", "url"] as const;

const WISH = z
  .strictObject({
    media_id: z.int().min(1).optional().describe("A file of the library (GET /api/media)."),
    path: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .describe("A file in the media folder: absolute, or from there."),
    url: z.string().min(1).max(4096).optional().describe("An address."),
    profile: z
      .enum(RUN_PROFILES)
      .optional()
      .describe("The same programme by another encoder: software, safe (with every precaution), or usual."),
    restart: z.literal(true).optional().describe("The same programme by a new encoder."),
    start_seconds: z
      .number()
      .min(0)
      .max(MAX_START_SECONDS)
      .optional()
      .describe("Where in the file to begin; default at the place where the programme is."),
    at: z
      .enum(SWAP_PLACES)
      .default("lead")
      .describe(
        "lead (default): behind what is made already, so that nobody notices; now: as early as is safe, about two seconds from now.",
      ),
    deadline_seconds: z
      .number()
      .min(0.5)
      .max(MAX_DEADLINE_SECONDS)
      .default(DEFAULT_DEADLINE_SECONDS)
      .describe("How long it may take until it is ready."),
  })
  .refine((wish) => ALTERNATIVES.filter((name) => wish[name] !== undefined).length === 1, {
    message: `exactly one of ${ALTERNATIVES.join(", ")} is needed`,
  })
  .refine((wish) => wish.start_seconds === undefined || FILES.some((name) => wish[name] !== undefined), {
    path: ["start_seconds"],
    message: `only with ${FILES.join(", ")}`,
  })
  .meta({
    id: "SwapWish",
    description: "Exactly one alternative: media_id, path, url, profile or restart.",
  });

const PLAYED = z
  .object({
    title: z.string(),
    media_id: z.int().nullable().describe("Null for a file that is not in the library."),
    profile: z.enum(RUN_PROFILES),
  })
  .meta({ id: "Played" });

const OUTCOME = z
  .object({
    channel_id: z.int(),
    outcome: z
      .enum(["swapped", "kept", "superseded"])
      .describe(
        "swapped: it takes over; kept: what was on goes on, see reason; superseded: a later request has taken its place.",
      ),
    from: PLAYED,
    to: PLAYED.nullable().describe("Null when it was overtaken before it was known."),
    frame: z.int().optional().describe("swapped: frame of the channel from which on it is on air."),
    on_air_at: moment().optional().describe("swapped: when that is."),
    preparation_seconds: z.number().optional().describe("swapped: how long it took to make it ready."),
    reason: z
      .object({
        class: z.string().describe("Class of a failure, code of an error, or not_ready, slot_over, moving."),
        sentence: z.string(),
      })
      .optional()
      .describe("kept: why."),
  })
  .meta({ id: "SwapOutcome" });

/** `POST /api/channels/{channel_id}/swap`: something else in place of what is on, without a seam. */
export function registerSwapApi(scope: ApiScope, { swaps }: SwapApiParts): void {
  scope.post(
    "/channels/:channel_id/swap",
    {
      schema: {
        operationId: "swapChannel",
        tags: ["channels"],
        summary: "Put something else on air for the rest of the programme, prepared beside what is on",
        params: z.object({ channel_id: channelId() }),
        body: WISH,
        response: { 200: OUTCOME, ...FAILURES },
      },
    },
    async ({ params: { channel_id }, body }) => shown(channel_id, await swaps.swap(channel_id, asked(body))),
  );
}

function asked(wish: z.output<typeof WISH>): SwapRequest {
  const { at, deadline_seconds } = wish;
  return { alternative: alternativeOf(wish), at, patienceMs: deadline_seconds * 1000 };
}

function alternativeOf(wish: z.output<typeof WISH>): SwapRequest["alternative"] {
  const { media_id: mediaId, path, url, profile, start_seconds: startSeconds } = wish;
  if (profile) return { kind: "profile", profile };
  if (mediaId !== undefined) return { kind: "item", name: { mediaId }, startSeconds };
  if (path !== undefined) return { kind: "item", name: { path }, startSeconds };
  if (url !== undefined) return { kind: "item", name: { url }, startSeconds };
  return { kind: "restart" };
}

function shown(channel_id: number, report: SwapReport): z.output<typeof OUTCOME> {
  const { outcome, from, to } = report;
  const answer = { channel_id, outcome, from: played(from), to: to ? played(to) : null };
  if (outcome === "kept") return { ...answer, reason: report.reason };
  if (outcome === "superseded") return answer;
  const { frame, onAirAtMs, preparationMs } = report;
  return { ...answer, frame, on_air_at: isoTime(onAirAtMs), preparation_seconds: preparationMs / 1000 };
}

function played({ title, mediaId, profile }: SwapReport["from"]): z.output<typeof PLAYED> {
  return { title, media_id: mediaId === 0 ? null : mediaId, profile };
}
