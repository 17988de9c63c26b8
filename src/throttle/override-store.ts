import { join } from "node:path";
import { z } from "zod";
import { OverrideFile, type WarningLog } from "../base/override-file.ts";
import type { OverrideStore } from "../base/overrides.ts";
import { MAX_TARGET_BPS, MIN_TARGET_BPS, THROTTLE_MODES } from "../config/schema.ts";

/** What one channel wants otherwise than the configuration says. */
const THROTTLE_OVERRIDE = z.strictObject({
  mode: z.enum(THROTTLE_MODES).optional(),
  target_bitrate_bps: z.int().min(MIN_TARGET_BPS).max(MAX_TARGET_BPS).optional(),
});

/** What one channel has of its own; a key that is absent is the configuration's. */
export type ThrottleOverride = z.output<typeof THROTTLE_OVERRIDE>;

/** Opens the file `throttle.json` of the data folder, see `OverrideFile`. */
export function openThrottleOverrides(
  dataFolder: string,
  log: WarningLog,
): Promise<OverrideStore<ThrottleOverride>> {
  const path = join(dataFolder, "throttle.json");
  return OverrideFile.open({ path, schema: THROTTLE_OVERRIDE, subject: "throttle overrides", log });
}
