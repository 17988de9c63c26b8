import type { Clock } from "../base/clock.ts";
import { CONFIG_SCHEMA, type ConfigInput } from "../config/schema.ts";
import { ErrorScreenGenerator } from "./generator.ts";
import { ScreenSettings } from "./settings.ts";

/** A generator and its settings as a server has them, with its files in `folder`. */
export function screensFor(folder: string, clock: Clock, section: ConfigInput["error_screens"] = {}) {
  const settings = new ScreenSettings(
    CONFIG_SCHEMA.parse({ error_screens: section }).error_screens,
    () => {},
  );
  const generator = new ErrorScreenGenerator({
    ...{ folder, clock, catalogue: () => settings.catalogue, timeZone: "Europe/Vienna" },
    ffmpeg: async () => "ffmpeg",
  });
  return { generator, settings, lookOf: () => ({}), limitStream: () => undefined };
}
