import type { ThrottleModeName } from "../config/schema.ts";
import { adaptive } from "./adaptive.ts";
import { burst } from "./burst.ts";
import { disabled } from "./disabled.ts";
import { realtime } from "./realtime.ts";
import type { ThrottleMode } from "./throttle-mode.ts";

/** Every throttle mode by its name. */
export const MODES: Readonly<Record<ThrottleModeName, ThrottleMode>> = {
  ...{ realtime, burst, adaptive, disabled },
};
