import { type ConfigLayer, checkLayer } from "./check.ts";
import type { ConfigPath } from "./schema.ts";

/** The variables of a process; undefined and empty both mean "not given". */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the configuration file. */
export const CONFIG_FILE_VARIABLE = "EXSTREAMTV_CONFIG";

/** Names the data folder. */
export const DATA_FOLDER_VARIABLE = "EXSTREAMTV_DATA";

/** Which key each environment variable sets. */
export const ENVIRONMENT_KEYS: Readonly<Record<string, ConfigPath>> = {
  EXSTREAMTV_HOST: ["server", "host"],
  EXSTREAMTV_PORT: ["server", "port"],
  EXSTREAMTV_FFMPEG: ["ffmpeg", "path"],
  EXSTREAMTV_FFPROBE: ["ffmpeg", "ffprobe_path"],
  EXSTREAMTV_MAX_SESSIONS: ["session_manager", "max_sessions_per_channel"],
  EXSTREAMTV_THROTTLE_BITRATE: ["stream_throttler", "target_bitrate_bps"],
  EXSTREAMTV_THROTTLE_MODE: ["stream_throttler", "mode"],
};

/** What the environment sets: one layer per variable that is given. */
export function readEnvironment(env: Environment): ConfigLayer[] {
  return Object.entries(ENVIRONMENT_KEYS).flatMap(([variable, [section, key]]) => {
    const text = variableOf(env, variable);
    if (text === undefined) return [];
    return [checkLayer({ [section]: { [key]: scalarOf(text) } }, () => `environment variable ${variable}`)];
  });
}

/** The trimmed text of a variable, or undefined when it is absent or blank. */
export function variableOf(env: Environment, variable: string): string | undefined {
  return env[variable]?.trim() || undefined;
}

/** Text that is a plain decimal number becomes one; anything else stays text. */
function scalarOf(text: string): string | number {
  return /^[+-]?\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : text;
}
