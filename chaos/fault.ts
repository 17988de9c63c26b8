import type { Trial } from "./trial.ts";
import type { Stage } from "./world.ts";

/** What viewers may notice of a fault. */
export interface Expectation {
  /**
   * `nothing`: no picture is missing, repeated or replaced. `screen`: on the channels that the fault concerns an
   * error screen may be seen. `cut`: connections end, and are there again 2 s after readiness.
   */
  readonly seen: "nothing" | "screen" | "cut";
  /** Leaps of the pictures that each channel must make: the schedule has moved. */
  readonly leaps?: number;
  /** The fault has no end and nobody has to notice it: there is nothing to be detected. */
  readonly isSilent?: true;
}

/** One way to hurt a running server. */
export interface Fault {
  /** Its number in the list of faults, or a name. */
  readonly id: string;
  readonly title: string;
  /** How it is made. */
  readonly means: string;
  readonly expects: Expectation;
  /** Default files. */
  readonly stage?: Stage;
  /** Makes the fault, tells the trial what happens, and comes back when everything should be well again. */
  readonly inject: (trial: Trial) => Promise<void>;
}

/** Thrown by a fault that this machine cannot make. */
export class NotTried extends Error {}
