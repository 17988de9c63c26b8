import { expect, it, test } from "vitest";
import { ENGLISH } from "./catalogue.ts";
import { parseMessage } from "./message.ts";
import { changesAt, viewOf } from "./view-of.ts";

const AT = Date.parse("2026-05-01T19:38:20Z");
const context = { atMs: AT, catalogue: ENGLISH, timeZone: "Europe/Vienna" };
const view = (message: object, config: object = {}) =>
  viewOf(parseMessage({ title: "T", ...message }), config, context);
const inMinutes = (minutes: number) => new Date(AT - 20_000 + minutes * 60_000);

it.each([
  [{ timestamp: true }, "21:38"],
  [{ timestamp: new Date("2026-01-01T09:05:00Z") }, "10:05"],
  [{ timestamp: false }, ""],
  [{}, ""],
])("the time of day of %j is %j", (message, clock) => {
  expect(view(message).clock).toBe(clock);
});

it.each([
  [inMinutes(7), true, "Back at 21:45", "in about 7 min"],
  [inMinutes(6.5), true, "Back at 21:44", "in about 7 min"],
  [inMinutes(2), true, "Back at 21:40", "in about 2 min"],
  [inMinutes(1), true, "Any moment now", ""],
  [inMinutes(-30), true, "Any moment now", ""],
  [inMinutes(125), true, "Back at 23:43", "in about 2 h 5 min"],
  [inMinutes(60 * 30), true, "Back at Sun 03:38", ""],
  [inMinutes(7), false, "Back at 21:45", ""],
  [inMinutes(7), new Date(AT), "Back at 21:45", ""],
  [undefined, true, "", ""],
])("%s, live: %s → %j, %j", (estimatedReturn, timestamp, returnTime, countdown) => {
  expect(view({ estimatedReturn, timestamp })).toMatchObject({ returnTime, countdown });
});

test("a live screen changes at the full minute, any other never", () => {
  const live = parseMessage({ title: "", timestamp: true });
  expect(changesAt(live, AT)).toBe(AT + 40_000);
  expect(changesAt(live, AT + 40_000)).toBe(AT + 100_000);
  expect(changesAt(parseMessage({ title: "", estimatedReturn: AT + 60_000 }), AT)).toBeUndefined();
});

test("text is readable on any ground unless its colour is given", () => {
  expect(view({}, { backgroundColor: "white" }).text).toEqual([8, 10, 14]);
  expect(view({}, { backgroundColor: "black" }).text).toEqual([244, 246, 251]);
  expect(view({}, { backgroundColor: "white", textColor: "yellow" }).text).toEqual([255, 255, 0]);
});

test("nothing of a text is lost but what cannot be shown", () => {
  const hostile = "x',movie=/etc/hostname,%{pts} \\ : ' [a]\u0000\u202e";
  expect(view({ title: hostile, channelNumber: "123456789012" })).toMatchObject({
    title: "x',movie=/etc/hostname,%{pts} \\ : ' [a]",
    channelNumber: "12345678",
  });
});
