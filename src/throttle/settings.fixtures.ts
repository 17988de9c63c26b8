import { CONFIG_SCHEMA, type ThrottleModeName } from "../config/schema.ts";
import { type ThrottleSettings, throttleSettings } from "./settings.ts";

/** The default settings, in another mode and at another rate. */
export function settingsOf(mode: ThrottleModeName, targetBps = 4_000_000): ThrottleSettings {
  return { ...throttleSettings(CONFIG_SCHEMA.parse({})), mode, targetBps };
}
