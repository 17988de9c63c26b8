import type { Fault } from "../fault.ts";
import { ENCODER_FAULTS } from "./encoders.ts";
import { HOST_FAULTS } from "./host.ts";
import { LASTING_FAULTS } from "./lasting.ts";
import { MEDIA_FAULTS } from "./media.ts";
import { MEMORY_FAULTS } from "./memory.ts";
import { MIXED_FAULTS } from "./mixed.ts";
import { SERVER_FAULTS } from "./server.ts";
import { SOURCE_FAULTS } from "./sources.ts";
import { SWAP_FAULTS } from "./swaps.ts";

/** All that is done to a server, in the order in which it is done. */
export const FAULTS: readonly Fault[] = [
  ...ENCODER_FAULTS,
  ...SERVER_FAULTS,
  ...MEMORY_FAULTS,
  ...MEDIA_FAULTS,
  ...MIXED_FAULTS,
  ...HOST_FAULTS,
  ...SOURCE_FAULTS,
  ...LASTING_FAULTS,
  ...SWAP_FAULTS,
];
