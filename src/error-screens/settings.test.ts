import { expect, it, test } from "vitest";
import { CONFIG_SCHEMA, type ConfigInput } from "../config/schema.ts";
import { SCREEN_REASONS } from "../media/screen-modes.ts";
import { ScreenSettings } from "./settings.ts";

function settingsOf(section: ConfigInput["error_screens"], notices: string[] = []): ScreenSettings {
  const { error_screens } = CONFIG_SCHEMA.parse({ error_screens: section });
  return new ScreenSettings(error_screens, (text) => notices.push(text));
}

it.each(SCREEN_REASONS)("%s has words and the configured look", (reason) => {
  const wanted = settingsOf({ visual_mode: "slate" }).for(reason, {
    channelName: "Films",
    channelNumber: 5,
  });
  expect(wanted.message).toMatchObject({ channelName: "Films", channelNumber: 5, timestamp: false });
  expect(wanted.message.title).not.toBe("");
  expect(wanted.config).toMatchObject({
    visualMode: "slate",
    audioMode: "silent",
    volume: -20,
    fontSize: 104,
  });
});

test("one reason can be told otherwise, and switched off", () => {
  const settings = settingsOf({
    background_color: "navy",
    reasons: {
      maintenance: { title: "Umbau", visual_mode: "test_pattern", audio_mode: "sine_wave" },
      loading: { enabled: false },
    },
  });
  const wanted = settings.for("maintenance", {});
  expect(wanted.message.title).toBe("Umbau");
  expect(wanted.message.subtitle).toBe("This channel is being worked on");
  expect(wanted.config).toMatchObject({
    visualMode: "test_pattern",
    audioMode: "sine_wave",
    backgroundColor: "navy",
  });
  expect(settings.isEnabled("loading")).toBe(false);
  expect(settings.isEnabled("maintenance")).toBe(true);
  expect(settings.expected).not.toContain("loading");
  expect(settings.expected).toContain("recovering");
});

test("what is empty is left to the built-in look", () => {
  expect(settingsOf({}).defaults).toEqual({
    visualMode: "text",
    audioMode: "silent",
    volume: -20,
    fontSize: 104,
  });
});

test("names of older releases are understood, with a notice", () => {
  const notices: string[] = [];
  expect(settingsOf({ visual_mode: "black", audio_mode: "sine" }, notices).defaults).toMatchObject({
    ...{ visualMode: "slate", backgroundColor: "#000000", audioMode: "sine_wave" },
  });
  expect(notices).toHaveLength(2);
});

test("a wish comes on top, in either way of writing", () => {
  const settings = settingsOf({ accent_color: "red" });
  expect(settings.look({ visual_mode: "slate", textColor: "white" })).toMatchObject({
    ...{ visualMode: "slate", textColor: "white", accentColor: "red" },
  });
});
