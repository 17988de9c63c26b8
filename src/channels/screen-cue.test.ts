import { expect, it } from "vitest";
import { AppError } from "../base/errors.ts";
import { classify } from "../ffmpeg/failures.ts";
import { type FeedState, type ItemTrouble, screenCue } from "./screen-cue.ts";

const NEXT_MS = 1_000_000;
const failed = new AppError("encoder_failed", "it ended");
const trouble = (more: Partial<ItemTrouble> = {}): ItemTrouble => ({
  ...{ failures: 1, error: failed, givenUp: false },
  ...more,
});
const reset = classify({ stderr: ["[https @ 0x5] Connection reset by peer"] })!;
const truncated = classify({ stderr: ["[mov,mp4 @ 0x5] moov atom not found"] })!;

it.each<[string, Partial<FeedState>, object]>([
  ["a cold tune that takes long", { isCold: true }, { reason: "loading" }],
  ["a programme that comes late", {}, { reason: "recovering" }],
  [
    "a first failure, though nothing was seen before",
    { isCold: true, trouble: trouble() },
    { reason: "recovering", errorCode: "encoder_failed" },
  ],
  [
    "a failure that has a name",
    { trouble: trouble({ failure: truncated }) },
    { reason: "recovering", errorCode: truncated.class },
  ],
  [
    "failure after failure",
    { trouble: trouble({ failures: 4 }) },
    { reason: "source_unavailable", errorCode: "encoder_failed" },
  ],
  [
    "a connection that broke",
    { trouble: trouble({ failure: reset }) },
    { reason: "network_interruption", errorCode: "connection_reset" },
  ],
  [
    "an item that was given up: back when the next one begins",
    { trouble: trouble({ givenUp: true }) },
    { reason: "source_unavailable", errorCode: "encoder_failed", returnMs: NEXT_MS },
  ],
  [
    "a fault of the feeder, whatever the item does",
    { fault: new AppError("internal", "x"), trouble: trouble() },
    { reason: "channel_restarting", errorCode: "internal" },
  ],
  [
    "no programme by the schedule",
    { offAirUntilMs: 5, trouble: trouble() },
    { reason: "off_air", returnMs: 5 },
  ],
])("%s", (_, state, cue) => {
  expect(screenCue({ isCold: false, nextItemMs: NEXT_MS, ...state })).toEqual(cue);
});
