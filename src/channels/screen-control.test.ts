import { expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import type { ScreenLook } from "../error-screens/look-store.ts";
import type { ScreenCue } from "../error-screens/screen-source.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import type { Channel, ChannelDefinition } from "./channel.ts";
import type { Announcement } from "./overlay.ts";
import { ScreenControl } from "./screen-control.ts";
import { format, item, OneScreen, Studio } from "./studio.fixtures.ts";

function control() {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const definition: ChannelDefinition = {
    ...{ id: 7, number: 5, name: "Five", format, schedule: new LoopSchedule([item("a", 300)]) },
    ...{ open: new Studio(clock).open, openScreens: () => new OneScreen() },
  };
  const said: unknown[] = [];
  let announced: Announcement | undefined;
  let look: ScreenLook = {};
  const onAir = { definition, prepareScreen: async (cue: ScreenCue) => void said.push(["prepared", cue]) };
  const made = new ScreenControl({
    clock,
    manager: {
      definitions: [definition],
      onAir: [onAir as unknown as Channel],
      announce: (id, announcement) => {
        said.push(["announced", id, announcement?.cue]);
        announced = announcement;
      },
      announced: () => announced,
    },
    screens: {
      looks: {
        of: () => look,
        change: async (_, change) => {
          look = { ...look, ...change } as ScreenLook;
        },
      },
      renew: (id) => void said.push(["renewed", id]),
      setImage: async (id, bytes) => void said.push(["image", id, bytes?.length]),
      wanted: () => ({ message: { title: "" }, config: { visualMode: look.visual_mode } }),
    },
  });
  return { clock, made, said };
}

test("a screen by hand is rendered before it is announced, and tells its end from a minute on", async () => {
  const { clock, made, said } = control();
  const short = { reason: "maintenance", title: "A", subtitle: undefined, returnMs: undefined } as const;
  await made.show(7, { title: "A", seconds: 30 });
  expect(said).toEqual([
    ["prepared", short],
    ["announced", 7, short],
  ]);
  expect(made.of(7).showing).toEqual({
    ...{ reason: "maintenance", title: "A", subtitle: undefined, untilMs: clock.wallNow() + 30_000 },
  });
  const long = await made.show(7, { reason: "off_air", seconds: 600 });
  expect(long.showing).toMatchObject({ reason: "off_air", untilMs: clock.wallNow() + 600_000 });
  expect(said.at(-1)).toMatchObject(["announced", 7, { returnMs: clock.wallNow() + 600_000 }]);
  expect((await made.show(7, {})).showing).toMatchObject({ reason: "maintenance", untilMs: undefined });
  expect(made.end(7).showing).toBeUndefined();
});

test("a look of its own is kept first and then shown; a picture goes the way of pictures", async () => {
  const { made, said } = control();
  expect(await made.change(7, { visual_mode: "slate" })).toMatchObject({
    ...{ own: { visual_mode: "slate" }, effective: { visualMode: "slate" } },
  });
  await made.setImage(7, new Uint8Array(3));
  expect(said).toEqual([
    ["renewed", 7],
    ["image", 7, 3],
  ]);
});

test("a channel that is not there is named", async () => {
  const { made } = control();
  const missing = expect.objectContaining({ code: "channel_not_found" });
  expect(() => made.of(8)).toThrow(missing);
  expect(() => made.end(8)).toThrow(missing);
  await expect(made.show(8, {})).rejects.toEqual(missing);
  await expect(made.change(8, {})).rejects.toEqual(missing);
  await expect(made.setImage(8, undefined)).rejects.toEqual(missing);
});
