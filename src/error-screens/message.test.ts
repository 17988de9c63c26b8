import { expect, it, test } from "vitest";
import type { AppError } from "../base/errors.ts";
import { parseMessage, parseScreenConfig } from "./message.ts";

const refuse = () => {
  throw new Error("no notice was expected");
};

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (failure) {
    expect((failure as AppError).code).toBe("error_screen_invalid");
    return (failure as AppError).message;
  }
  throw new Error("nothing was thrown");
}

test("the guide's example, in both ways of writing", () => {
  const message = {
    title: "Technical Difficulties",
    subtitle: "We'll be right back shortly",
    channelName: "Movie Channel",
    channelNumber: 5,
  };
  expect(parseMessage(message)).toEqual(message);
  expect(
    parseMessage({
      title: message.title,
      subtitle: message.subtitle,
      channel_name: "Movie Channel",
      channel_number: 5,
    }),
  ).toEqual(message);
  const config = {
    visualMode: "text",
    audioMode: "silent",
    backgroundColor: "#1a1a1a",
    textColor: "#ffffff",
  };
  const snake = {
    visual_mode: "text",
    audio_mode: "silent",
    background_color: "#1a1a1a",
    text_color: "#ffffff",
  };
  expect(parseScreenConfig(config, refuse)).toEqual(config);
  expect(parseScreenConfig(snake, refuse)).toEqual(config);
});

test("moments are understood as date, number and text", () => {
  const moment = new Date("2026-05-01T21:45:00Z");
  for (const estimatedReturn of [moment, moment.getTime(), moment.toISOString()]) {
    expect(parseMessage({ title: "", estimatedReturn }).estimatedReturn).toEqual(moment);
  }
  expect(parseMessage({ title: "", timestamp: true }).timestamp).toBe(true);
});

it.each([
  [{ visualMode: "custom_image" }, { visualMode: "static" }, 1],
  [{ visual_mode: "black" }, { visualMode: "slate", backgroundColor: "#000000" }, 1],
  [{ visual_mode: "black", background_color: "red" }, { visualMode: "slate", backgroundColor: "red" }, 1],
  [{ audioMode: "sine" }, { audioMode: "sine_wave" }, 1],
  [{ audio_mode: "whitenoise" }, { audioMode: "white_noise" }, 1],
  [{ custom_image_path: "/a.png" }, { image: "/a.png" }, 1],
  [{ audio_volume: 0.1 }, { volume: -20 }, 1],
  [{ audio_volume: 0 }, { volume: -60 }, 1],
])("names of older releases: %j is %j, with a notice", (given, understood, notices) => {
  const said: string[] = [];
  expect(parseScreenConfig(given, (text) => said.push(text))).toEqual(understood);
  expect(said).toHaveLength(notices);
});

it.each([
  [() => parseMessage({}), /^title: /],
  [() => parseMessage("words"), /expected object/],
  [() => parseMessage({ title: "x", titel: "y" }), /titel/],
  [() => parseMessage({ title: "x".repeat(10_001) }), /^title: /],
  [() => parseMessage({ title: "x", estimatedReturn: "soon" }), /^estimatedReturn: expected a time/],
  [() => parseScreenConfig({ visualMode: "hologram" }, refuse), /^visualMode: .*"test_pattern"/],
  [
    () => parseScreenConfig({ textColor: "bluish", volume: 3 }, refuse),
    /^textColor: expected a colour.*; volume: /,
  ],
  [() => parseScreenConfig({ visualMode: "constructor" }, refuse), /^visualMode: /],
  [() => parseScreenConfig(null, refuse), /expected object/],
])("says what is wrong (%#)", (work, fault) => {
  expect(faultOf(work)).toMatch(fault);
});
